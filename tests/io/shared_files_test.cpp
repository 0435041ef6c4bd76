#include <mae/io/files/shared_files.hpp>

#include <doctest/doctest.h>

#include <support/temporary.hpp>

using mae::Index;

TEST_CASE("byte copies are found among files of one size, where that is cheap") {
  const test::TemporaryDirectory folder;
  const std::vector<std::string> held_out{"a", "same_size", "gone", "empty", "copy", "again"},
      known{"0", "empty", "original", "gone"};
  test::write_text(folder / "a", "unique");
  test::write_text(folder / "same_size", "abcdefghi!");
  test::write_text(folder / "empty", "");
  for (const char* name : {"copy", "again", "original"}) test::write_text(folder / name, "abcdefghij");
  test::write_text(folder / "0", "zero");
  const auto path = [&](Index i) { return folder / held_out[static_cast<std::size_t>(i)]; };
  const auto other = [&](Index i) { return folder / known[static_cast<std::size_t>(i)]; };
  const auto copies = mae::copied_files(6, path, 4, other);
  REQUIRE(copies);
  CHECK(copies->count == 2);
  CHECK(copies->first == std::pair<Index, Index>{4, 2});
  CHECK(mae::copied_files(1, path, 4, other)->count == 0);
  CHECK(mae::copied_files(6, path, 4, other, 4 * 4096));  // those of ten bytes are looked at, a page each
  CHECK_FALSE(mae::copied_files(6, path, 4, other, 4 * 4096 - 1));
}
