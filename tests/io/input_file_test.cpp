#include <mae/io/files/input_file.hpp>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <support/temporary.hpp>

using test::contains, test::error_of;

TEST_CASE("a file is read whole and in pieces") {
  const test::TemporaryDirectory folder;
  test::write_text(folder / "a", "0123456789");
  test::write_text(folder / "empty", "");
  CHECK(test::read_text(folder / "a") == "0123456789");
  CHECK(mae::read_file(folder / "empty").empty());
  const mae::InputFile file(folder / "a");
  CHECK(file.size() == 10);
  char piece[3];
  file.read(7, piece, 3);
  CHECK(std::string(piece, 3) == "789");
  const std::string error = error_of([&] { file.read(8, piece, 3); });
  CHECK(contains(error, "/a: found the end at byte 10, expected at least 11 bytes"));
}

TEST_CASE("a file that is replaced while it is open stays the old one") {
  const test::TemporaryDirectory folder;
  test::write_text(folder / "a", "old");
  const mae::InputFile file(folder / "a");
  test::write_text(folder / "a", "new");
  char text[3];
  file.read(0, text, 3);
  CHECK(std::string(text, 3) == "old");
}

TEST_CASE("what cannot be read is named") {
  const test::TemporaryDirectory folder;
  test::write_text(folder / "secret", "x");
  REQUIRE(::chmod((folder / "secret").c_str(), 0) == 0);
  REQUIRE(::chmod(folder.path.c_str(), 0755) == 0);
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  const auto reading = [&](const std::string& path) { return error_of([&] { mae::read_file(path); }); };
  CHECK(reading(folder / "none") == "mae: " + (folder / "none") +
                                        ": found \"No such file or directory\" on opening, expected a readable file");
  CHECK(contains(reading(folder.path), "found a directory, expected a file"));
  CHECK(contains(reading(folder / "secret/x"), "\"Not a directory\""));
  CHECK(contains(reading(folder / "pipe"), "found a device, pipe or socket, expected a file"));
  const test::OrdinaryUser user;
  CHECK(contains(reading(folder / "secret"), "\"Permission denied\" on opening"));
}
