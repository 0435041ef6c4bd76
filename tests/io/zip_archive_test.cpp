#include <mae/io/tensors/zip_archive.hpp>

#include <doctest/doctest.h>

#include <support/archive.hpp>
#include <support/temporary.hpp>

using mae::Index, mae::InputFile, mae::ZipEntry;
using test::contains, test::zip, test::ZipMember;

namespace {

const test::TemporaryDirectory folder;

std::vector<ZipEntry> read(const std::string& bytes) {
  test::put_text(folder / "x.zip", bytes);
  return mae::read_zip(InputFile(folder / "x.zip"));
}
std::string error_with(const std::string& bytes) {
  return test::error_of([&] { read(bytes); });
}
std::vector<ZipMember> two() { return {{"a/one", "first"}, {"a/two", "second"}}; }

}  // namespace

TEST_CASE("entries are found by the directory, whatever stands before their bytes") {
  for (const bool wide : {false, true})
    for (const unsigned flags : {0u, 0x808u}) {
      std::vector<ZipMember> members = two();
      members.push_back({"a/empty"});
      for (ZipMember& member : members) {
        member.flags = flags;
        member.extra = 37;
        member.wide = wide;
        if (flags != 0) member.gap = std::string(wide ? 24 : 16, 'd');
      }
      const std::string bytes = zip(members, {.wide = wide});
      const std::vector<ZipEntry> entries = read(bytes);
      REQUIRE(entries.size() == 3);
      for (std::size_t i = 0; i < 3; ++i) {
        CHECK(entries[i].name == members[i].name);
        const auto begin = static_cast<std::size_t>(entries[i].begin), end = static_cast<std::size_t>(entries[i].end);
        CHECK(bytes.substr(begin, end - begin) == members[i].data);
      }
    }
  CHECK(read(zip({{"a/"}, {"a/b", "x"}})).size() == 1);  // a folder is no entry
}

TEST_CASE("a cut archive, one with something behind or before it, and what is none") {
  const std::string whole = zip(two(), {.wide = true});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    CHECK(error_with(whole.substr(0, length)) != "");
  }
  CHECK(contains(error_with(whole.substr(0, 60)), "the file was cut, as a download"));
  CHECK(contains(error_with(whole + "x"), "something was appended"));
  CHECK(contains(error_with(zip(two(), {.before = "#!/bin/sh\n"})), "found no ZIP archive, expected one"));
  CHECK(contains(error_with("version https://git-lfs.github.com/spec/v1\n"), "a pointer of Git LFS"));
  CHECK(contains(error_with(""), "an empty file"));
}

TEST_CASE("what torch.save and numpy.savez never write is refused") {
  using Members = std::vector<ZipMember>;
  const std::vector<std::pair<std::string, std::string>> rows{
      {zip({{"a/x", "1", 1}}), "'a/x': found an encrypted entry"},
      {zip({{"a/x", "1", 0, 8}}), "'a/x': found a packed entry (method 8)"},
      {zip({{"a/x", "1", 32}}), "an entry that is packed, encrypted or elsewhere"},
      {zip({{"a/x", "1"}, {"a/x", "2"}}), "two entries of this name"},
      {zip({{"a/../x", "1"}}), "a name that is no plain path"},
      {zip({{"/x", "1"}}), "a name that is no plain path"},
      {zip({{"a//x", "1"}}), "a name that is no plain path"},
      {zip({{"a\\x", "1"}}), "a name that is no plain path"},
      {zip({{"", "1"}}), "a name that is no plain path"},
      {zip({{std::string("a\0x", 3), "1"}}), "a name that is no plain path"},
      {zip({{"a/x", "1", 0, 0, "a/y"}}), "'a/x': found a header before its bytes that contradicts the directory"},
      {zip(Members{{.name = "a/x", .data = "123", .size = 2}}), "bytes of no entry"},
      {zip(Members{{.name = "a/x", .data = "123", .size = 400}}), "'a/x': found bytes 33 to 433"},
      {zip(Members{{.name = "a/x", .data = "123", .size = 1ull << 62, .wide = true}}), "a place or size of"},
      {zip(Members{{.name = "a/x", .data = "1", .gap = std::string(25, 'g')}}), "25 bytes of no entry"},
      {zip(Members{{"a/x", "1"}, {.name = "a/x", .data = "2", .start = 0}}), "two entries of this name"},
      {zip(Members{{"a/x", "1"}, {.name = "a/y", .data = "2", .local_name = "a/x", .start = 0}}), "contradicts"},
      {zip(two(), {.more_entries = 1}), "a directory that does not hold 3 entries"},
      {zip(two(), {.more_bytes = 4}), "found a directory from byte"},
      {zip(two(), {.disk = 1}), "a part of a ZIP archive that was divided"},
      {zip({}), "no ZIP archive"},
  };
  for (const auto& [bytes, message] : rows) {
    const std::string error = error_with(bytes);
    CAPTURE(error);
    CHECK(contains(error, "x.zip"));
    CHECK(contains(error, message));
  }
}

TEST_CASE("two entries that lie in each other") {
  // The second is what the first holds.
  const std::string inner = zip({{"a/y", "2"}}).substr(0, 34);
  const std::string error = error_with(zip({{"a/x", inner}, {.name = "a/y", .data = "2", .start = 33}}));
  CHECK(contains(error, "two entries that overlap"));
}

TEST_CASE("every record of the directory counts: a changed byte changes no name and no place in silence") {
  const std::string whole = zip(two(), {.wide = true});
  const std::vector<ZipEntry> right = read(whole);
  Index refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const int change : {1, 0x80}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ change);
      std::vector<ZipEntry> entries;
      if (test::error_of([&] { entries = read(bytes); }) != "") {
        ++refused;
        continue;
      }
      REQUIRE(entries.size() == 2);
      for (std::size_t i = 0; i < 2; ++i) {
        CHECK(entries[i].begin == right[i].begin);
        CHECK(entries[i].end == right[i].end);
      }
    }
  CHECK(refused > 250);
}

TEST_CASE("a file over 4 GB") {  // sparse: it takes no room
  const std::uint64_t big = 5ull << 30;
  const std::string bytes = zip({{.name = "a/x", .data = "1", .wide = true}}, {.wide = true});
  // The bytes of the one entry are moved apart: local header at the front, all else behind the hole.
  std::string head = bytes.substr(0, 33), tail;
  const std::string wide =
      test::number(1, 2) + test::number(24, 2) + test::number(big, 8) + test::number(big, 8) + test::number(0, 8);
  const std::string ones = test::number(~0u, 4);
  tail = test::number(0x02014b50, 4) + test::number(20, 2) + test::number(20, 2) + test::number(0, 12) + ones + ones +
         test::number(3, 2) + test::number(wide.size(), 2) + test::number(0, 10) + ones + "a/x" + wide;
  const std::uint64_t start = 33 + big, size = tail.size();
  tail += test::number(0x06064b50, 4) + test::number(44, 8) + test::number(0, 12) + test::number(1, 8) +
          test::number(1, 8) + test::number(size, 8) + test::number(start, 8) + test::number(0x07064b50, 4) +
          test::number(0, 4) + test::number(start + size, 8) + test::number(1, 4) + test::number(0x06054b50, 4) +
          test::number(0, 4) + test::number(1, 2) + test::number(1, 2) + test::number(size, 4) + ones +
          test::number(0, 2);
  const int file = ::open((folder / "big").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  REQUIRE(file >= 0);
  const bool room =
      ::ftruncate(file, static_cast<off_t>(start)) == 0 &&
      ::pwrite(file, head.data(), head.size(), 0) == static_cast<ssize_t>(head.size()) &&
      ::pwrite(file, tail.data(), tail.size(), static_cast<off_t>(start)) == static_cast<ssize_t>(tail.size());
  ::close(file);
  if (!room) {
    MESSAGE("no room for a sparse file of 5 GB");
    return;
  }
  const std::vector<ZipEntry> entries = mae::read_zip(InputFile(folder / "big"));
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].end - entries[0].begin == static_cast<Index>(big));
}

TEST_CASE("an entry has the checksum of the directory") {
  const std::vector<ZipEntry> entries =
      read(zip({{.name = "a/check", .data = "123456789", .summed = true}, {"a/none", "1"}}));
  CHECK(entries[0].crc == 0xCBF43926);  // the check value of CRC-32
  CHECK(entries[1].crc == 0);
}
