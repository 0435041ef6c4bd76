// Checksums of stretches of files: found for what is read, passed in pieces, asked once.
#include <mae/io/tensors/checked_bytes.hpp>

#include <doctest/doctest.h>
#include <mae/io/tensors/crc32.hpp>

#include <support/temporary.hpp>

using mae::CheckedBytes, mae::InputFile;
using mae::detail::Checksums, mae::detail::RunningCheck;

namespace {
const test::TemporaryDirectory folder;
}

TEST_CASE("what lies within bytes that have a checksum") {
  Checksums all({{"second", 20, 30, 1}, {"first", 0, 10, 2}, {"other", 0, 40, 3, 1}});
  const auto name = [&](std::size_t part, mae::Index begin, mae::Index end) {
    const CheckedBytes* const found = all.unchecked(part, begin, end);
    return found ? found->name : "";
  };
  CHECK(name(0, 0, 10) == "first");
  CHECK(name(0, 3, 7) == "first");
  CHECK(name(0, 9, 11) == "");
  CHECK(name(0, 12, 14) == "");
  CHECK(name(0, 29, 30) == "second");
  CHECK(name(0, 25, 25) == "");  // nothing is in it
  CHECK(name(1, 25, 26) == "other");
  CHECK(name(2, 0, 1) == "");
  all.set_right(all.unchecked(0, 0, 1));
  CHECK(name(0, 0, 10) == "");
  Checksums more({{"theirs", 5, 6, 4}});
  all.append(more, 2);
  CHECK(name(2, 5, 6) == "theirs");
  CHECK(name(0, 20, 21) == "second");
  CHECK(name(0, 0, 10) == "");
}

TEST_CASE("bytes longer than a piece") {
  std::string bytes(3 * mae::detail::checked_piece / 2, 'x');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * i + i / 999);
  const auto size = static_cast<mae::Index>(bytes.size());
  const CheckedBytes inner{"x", 5, size - 5, mae::crc32_of(0, bytes.data() + 5, size - 10), 0, mae::crc32_of};
  test::put_text(folder / "a", bytes);
  mae::detail::require_checksum(InputFile(folder / "a"), inner);
  bytes[static_cast<std::size_t>(size) - 6] ^= 4;
  test::put_text(folder / "a", bytes);
  const InputFile damaged(folder / "a");
  CHECK(test::contains(test::error_of([&] { mae::detail::require_checksum(damaged, inner); }),
                       "a: 'x': found bytes with another checksum than it was written with, expected those that were "
                       "written: the file is damaged, copy or download it again"));
  RunningCheck none(damaged, nullptr);
  none.pass(0, size);
  none.finish();
}
