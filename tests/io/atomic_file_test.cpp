#include <mae/io/files/atomic_file.hpp>

#include <csignal>
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <support/temporary.hpp>

using mae::AtomicFile;
using test::contains, test::error_of, test::read_text, test::write_text;

TEST_CASE("a file appears only at commit and replaces the earlier one") {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "a.txt";
  write_text(path, "old");
  {
    AtomicFile file(path);
    file.write("new", 3);
    CHECK(read_text(path) == "old");
    file.write("er", 2);
    file.commit();
    CHECK(read_text(path) == "newer");
  }
  {
    AtomicFile abandoned(path);
    abandoned.write("half", 4);
  }
  CHECK(read_text(path) == "newer");
  CHECK(folder.entries() == 1);
}

TEST_CASE("two writers of one name do not mix") {
  const test::TemporaryDirectory folder;
  AtomicFile first(folder / "a"), second(folder / "a");
  first.write("first", 5);
  second.write("second", 6);
  second.commit();
  first.commit();
  CHECK(read_text(folder / "a") == "first");
  CHECK(folder.entries() == 1);
}

TEST_CASE("a writer that is killed leaves the earlier file") {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "a";
  write_text(path, "old");
  const pid_t child = ::fork();
  if (child == 0) {
    AtomicFile file(path);
    file.write("half", 4);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(read_text(path) == "old");
  write_text(path, "new");
  CHECK(read_text(path) == "new");
}

TEST_CASE("a write that stops half-way is an error and leaves the earlier file") {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "a", large(100000, 'x');
  write_text(path, "old");
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit earlier{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &earlier) == 0);
  const rlimit small{5000, earlier.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const std::string text = error_of([&] { write_text(path, large); });
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &earlier) == 0);
  std::signal(SIGXFSZ, handler);
  CHECK(text == "mae: " + path + ": found \"File too large\" on writing, expected a file that can be written");
  CHECK(read_text(path) == "old");
  CHECK(folder.entries() == 1);
}

TEST_CASE("places that cannot be written are named") {
  const test::TemporaryDirectory folder;
  write_text(folder / "file", "old");
  CHECK(contains(error_of([&] { write_text(folder / "none/a", ""); }), "none/a: found \"No such file or directory\""));
  CHECK(contains(error_of([&] { write_text(folder / "file/a", ""); }), "file/a: found \"Not a directory\""));
  CHECK(contains(error_of([&] { write_text(folder.path, ""); }), "found a directory, expected a file or nothing"));
  CHECK(contains(error_of([&] { write_text(folder / "none/", ""); }), "found a path without a file name"));
  CHECK(contains(error_of([&] { write_text("/dev/null", ""); }), "found a device"));
  CHECK(contains(error_of([&] { write_text("", ""); }), "found a path without a file name"));
  CHECK(contains(error_of([&] { write_text(folder / std::string(300, 'n'), ""); }), "\"File name too long\""));
  CHECK(folder.entries() == 1);
}

TEST_CASE("permissions are respected and kept") {
  const test::TemporaryDirectory folder;
  const std::string path = folder / "a";
  write_text(path, "old");
  REQUIRE(::chmod(path.c_str(), 0444) == 0);
  REQUIRE(::chmod(folder.path.c_str(), 0555) == 0);
  {
    const test::OrdinaryUser user;
    CHECK(contains(error_of([&] { write_text(folder / "b", "new"); }), "/b: found \"Permission denied\""));
    CHECK(contains(error_of([&] { write_text(path, "new"); }), "/a: found \"Permission denied\""));
  }
  REQUIRE(::chmod(folder.path.c_str(), 0777) == 0);
  {
    const test::OrdinaryUser user;
    CHECK(contains(error_of([&] { write_text(path, "new"); }), "asking to replace the earlier file"));
  }
  CHECK(read_text(path) == "old");
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  write_text(path, "new");
  struct stat about {};
  REQUIRE(::stat(path.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0640);
  CHECK(folder.entries() == 1);
}

TEST_CASE("a link is followed, not replaced") {
  const test::TemporaryDirectory folder;
  write_text(folder / "run-7", "old");
  std::filesystem::create_symlink("run-7", folder / "latest");
  write_text(folder / "latest", "new");
  CHECK(std::filesystem::is_symlink(folder / "latest"));
  CHECK(read_text(folder / "run-7") == "new");
}
