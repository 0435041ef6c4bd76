// The directory of a ZIP archive, in which PyTorch (.pth) and NumPy (.npz) keep arrays: which entry lies where.
//
//   local header, name, extra field, bytes of an entry, perhaps a descriptor      for every entry
//   the directory: for every entry its name, size and where its local header is
//   zip64 end record and its locator, where numbers need 64 bits (or always), end record
//
// Only the directory is believed: local headers may leave sizes open. Entries are stored as they are, so that whoever
// knows where one lies reads it as a file. What such archives never have, and what makes two readers see two different
// archives, is refused: packed or encrypted entries, two of one name, entries that overlap, bytes before, between or
// after them, names that are no plain relative paths, a local header that contradicts the directory. The directory also
// has a checksum of each entry, which is checked by who reads the entry.
// Format: APPNOTE.TXT 6.3 of PKWARE, section 4.3.
#pragma once
#include <algorithm>
#include <array>
#include <set>

#include <mae/io/files/file_kind.hpp>
#include <mae/io/tensors/checked_bytes.hpp>
#include <mae/io/tensors/crc32.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// An entry of an archive: its bytes are [begin, end) of the archive. A checksum of 0 is none: PyTorch can be told to
/// compute none.
using ZipEntry = CheckedBytes;

namespace detail {

/// The longest directory that is read, in bytes: some ten thousand entries.
inline constexpr Index zip_directory_limit = 2 << 20;

/// Reads and checks the directory of one archive.
class ZipReader {
 public:
  explicit ZipReader(const InputFile& file) : file_(file) {}

  std::vector<ZipEntry> read() {
    find_directory();
    if (directory_end_ - directory_ > zip_directory_limit)
      wrong("a directory of " + std::to_string(directory_end_ - directory_) + " bytes",
            "at most " + std::to_string(zip_directory_limit));
    std::vector<ZipEntry> entries;
    Index at = directory_;
    for (std::uint64_t i = 0; i < count_ && at < directory_end_; ++i) entries.push_back(read_entry(at));
    if (at != directory_end_ || entries.size() != count_)
      wrong("a directory that does not hold " + std::to_string(count_) + " entries exactly", "those that it counts");
    check_gaps();
    std::erase_if(entries, [](const ZipEntry& entry) { return entry.name.ends_with('/'); });  // folders
    return entries;
  }

 private:
  static constexpr std::uint64_t open_16 = 0xffff, open_32 = 0xffffffff;  // the number stands in a zip64 record
  static constexpr unsigned described = 8, utf8 = 1 << 11;                // flags of entries

  [[noreturn]] void wrong(const std::string& found, const std::string& expected) const {
    throw Error(file_.path(), found, expected);
  }
  [[noreturn]] void wrong(const std::string& name, const std::string& found, const std::string& expected) const {
    throw Error(file_.path() + ": " + quoted(name), found, expected);
  }
  template <std::size_t bytes>
  std::array<unsigned char, bytes> record(Index at) const {
    std::array<unsigned char, bytes> all{};
    if (at < 0 || at > file_.size() - static_cast<Index>(bytes))
      wrong("a record of a ZIP archive at byte " + std::to_string(at) + " of " + std::to_string(file_.size()),
            "one within the file");
    file_.read(at, all.data(), static_cast<Index>(bytes));
    return all;
  }
  /// `bytes` bytes at `at`, the least significant first.
  template <class Bytes>
  static std::uint64_t number(const Bytes& from, std::size_t at, std::size_t bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = bytes; i-- > 0;) value = value << 8 | static_cast<unsigned char>(from[at + i]);
    return value;
  }
  /// A place or size as the file has it; no archive that is there has one of 2^62 bytes or more.
  Index place(std::uint64_t value) const {
    if (value >> 62 != 0) wrong("a place or size of " + std::to_string(value) + " bytes", "one within the file");
    return static_cast<Index>(value);
  }

  /// Sets `directory_`, `directory_end_` and `count_`.
  void find_directory() {
    if (file_.size() < 22 || record<4>(0) != std::array<unsigned char, 4>{'P', 'K', 3, 4})
      refuse_kind(file_, "no ZIP archive", "one, with an entry at its first byte");
    const Index end = file_.size() - 22;
    const auto last = record<22>(end);
    if (number(last, 0, 4) != 0x06054b50 || number(last, 20, 2) != 0)
      wrong("no end of a ZIP archive in its last 22 bytes",
            "one: the file was cut, as a download or copy that stopped, or something was appended to it");
    count_ = number(last, 10, 2);
    std::uint64_t size = number(last, 12, 4), start = number(last, 16, 4);
    const bool open = count_ == open_16 || size == open_32 || start == open_32;
    bool one_disk = number(last, 4, 4) == 0 && number(last, 8, 2) == count_;
    directory_end_ = end;
    if (const bool room = end >= 20; room && number(record<4>(end - 20), 0, 4) == 0x07064b50) {
      const auto locator = record<20>(end - 20);
      directory_end_ = place(number(locator, 8, 8));
      const auto wide = record<56>(directory_end_);
      if (number(wide, 0, 4) != 0x06064b50 || number(wide, 4, 8) != 44 || directory_end_ + 76 != end)
        wrong("no zip64 end record before its locator", "one");
      const auto agree = [](std::uint64_t narrow, std::uint64_t all_ones, std::uint64_t value) {
        return narrow == all_ones || narrow == value;
      };
      if (!agree(count_, open_16, number(wide, 32, 8)) || !agree(size, open_32, number(wide, 40, 8)) ||
          !agree(start, open_32, number(wide, 48, 8)))
        wrong("two end records that contradict each other", "the same numbers");
      one_disk = one_disk && number(locator, 4, 4) == 0 && number(locator, 16, 4) <= 1 && number(wide, 16, 8) == 0 &&
                 number(wide, 24, 8) == number(wide, 32, 8);
      count_ = number(wide, 32, 8), size = number(wide, 40, 8), start = number(wide, 48, 8);
    } else if (open) {
      wrong("no zip64 end record", "one, which its end record refers to");
    }
    if (!one_disk) wrong("a part of a ZIP archive that was divided", "all of it in one file");
    directory_ = place(start);
    if (place(size) != directory_end_ - directory_)
      wrong("a directory from byte " + std::to_string(directory_) + " of " + std::to_string(size) + " bytes",
            "one that ends at byte " + std::to_string(directory_end_) + ", where its end record is");
  }

  /// The entry whose record in the directory is at `at`, which moves on to the next.
  ZipEntry read_entry(Index& at) {
    const auto head = record<46>(at);
    if (number(head, 0, 4) != 0x02014b50) wrong("no entry of the directory at byte " + std::to_string(at), "one");
    const auto name_bytes = static_cast<Index>(number(head, 28, 2)),
               extra_bytes = static_cast<Index>(number(head, 30, 2));
    if (at + 46 + name_bytes + extra_bytes > directory_end_ || number(head, 32, 2) != 0)
      wrong("an entry of the directory with a comment or longer than it, at byte " + std::to_string(at), "neither");
    ZipEntry entry;
    entry.sum = crc32_of;
    entry.name = text(at + 46, name_bytes);
    entry.crc = static_cast<std::uint32_t>(number(head, 16, 4));
    check_name(entry.name);
    const unsigned flags = static_cast<unsigned>(number(head, 8, 2));
    if (flags & 1) wrong(entry.name, "an encrypted entry", "entries as they are");
    if (const auto method = number(head, 10, 2); method != 0)
      wrong(entry.name,
            "a packed entry (method " + std::to_string(method) + ")" +
                (entry.name.find("/code/") != entry.name.npos ? ", of a program of TorchScript" : ""),
            "entries as they are: load the file in Python and save the tensors with torch.save or numpy.savez");
    std::uint64_t packed = number(head, 20, 4), size = number(head, 24, 4), start = number(head, 42, 4);
    widen(entry.name, text(at + 46 + name_bytes, extra_bytes), {&size, &packed, &start});
    at += 46 + name_bytes + extra_bytes;
    if (packed != size || (flags & ~(described | utf8)) != 0 || number(head, 34, 2) != 0)
      wrong(entry.name, "an entry that is packed, encrypted or elsewhere", "entries as they are");
    locate(entry, place(start), place(size), flags);
    return entry;
  }
  std::string text(Index at, Index bytes) const {
    std::string all(static_cast<std::size_t>(bytes), ' ');
    file_.read(at, all.data(), bytes);
    return all;
  }
  void check_name(const std::string& name) {
    std::string parts = "/" + (name.ends_with('/') ? name.substr(0, name.size() - 1) : name) + "/";
    const bool strange = std::any_of(name.begin(), name.end(), [](char c) {
      return (static_cast<unsigned char>(c) < 32) || c == '\\' || c == '\x7f';
    });
    if (strange || parts.find("//") != parts.npos || parts.find("/./") != parts.npos ||
        parts.find("/../") != parts.npos)
      wrong(name, "a name that is no plain path", "one as archive/data/0");
    if (!names_.insert(name).second) wrong(name, "two entries of this name", "one");
  }
  /// Numbers of which 32 bits are all ones stand in the extra field 1, in this order.
  void widen(const std::string& name, const std::string& extra, std::initializer_list<std::uint64_t*> numbers) const {
    std::string wide;
    for (std::size_t at = 0; at + 4 <= extra.size();) {
      const auto length = static_cast<std::size_t>(number(extra, at + 2, 2));
      if (at + 4 + length > extra.size()) break;
      if (number(extra, at, 2) == 1) wide = extra.substr(at + 4, length);
      at += 4 + length;
    }
    std::size_t next = 0;
    for (std::uint64_t* value : numbers) {
      if (*value != open_32) continue;
      if (next + 8 > wide.size()) wrong(name, "no size or place in 64 bits", "one, which the directory refers to");
      *value = number(wide, next, 8);
      next += 8;
    }
  }
  /// Finds the bytes of `entry` behind its local header.
  void locate(ZipEntry& entry, Index start, Index size, unsigned flags) {
    const auto head = record<30>(start);
    const auto name_bytes = static_cast<Index>(number(head, 26, 2));
    entry.begin = start + 30 + name_bytes + static_cast<Index>(number(head, 28, 2));
    entry.end = entry.begin + size;
    if (number(head, 0, 4) != 0x04034b50 || entry.end > directory_ || entry.begin > directory_)
      wrong(entry.name, "bytes " + std::to_string(entry.begin) + " to " + std::to_string(entry.end) + " of the archive",
            "bytes behind a header of its own and before the directory at " + std::to_string(directory_));
    const auto fits = [&](std::uint64_t local) {
      return local == static_cast<std::uint64_t>(size) || local == open_32 || ((flags & described) != 0 && local == 0);
    };
    if (number(head, 6, 2) != flags || number(head, 8, 2) != 0 || !fits(number(head, 18, 4)) ||
        !fits(number(head, 22, 4)) || static_cast<std::size_t>(name_bytes) != entry.name.size() ||
        text(start + 30, name_bytes) != entry.name)
      wrong(entry.name, "a header before its bytes that contradicts the directory", "the same name, size and flags");
    used_.push_back({start, entry.end, (flags & described) != 0});
  }
  /// Entries follow each other from the first byte to the directory, each with a descriptor if its header says so: two
  /// sizes of four or eight bytes and a checksum, perhaps behind a mark.
  void check_gaps() {
    std::sort(used_.begin(), used_.end(), [](const Used& a, const Used& b) { return a.begin < b.begin; });
    used_.push_back({directory_, directory_, false});
    Index position = 0;
    bool open = false;
    for (const Used& next : used_) {
      const Index gap = next.begin - position;
      if (gap < 0) wrong("two entries that overlap at byte " + std::to_string(next.begin), "entries one after another");
      if (gap != 0 && !(open && gap >= 12 && gap <= 24 && gap % 4 == 0))
        wrong(std::to_string(gap) + " bytes of no entry at byte " + std::to_string(position), "nothing but entries");
      position = next.end;
      open = next.described;
    }
  }

  struct Used {
    Index begin, end;  // local header to the last byte of an entry
    bool described;    // a descriptor follows
  };
  const InputFile& file_;
  Index directory_ = 0, directory_end_ = 0;
  std::uint64_t count_ = 0;
  std::set<std::string> names_;
  std::vector<Used> used_;
};

}  // namespace detail

/// The entries of an archive, in the order of its directory. Throws `Error` for any breach of the format, for what is
/// refused (above), and says of another kind of file what it is.
inline std::vector<ZipEntry> read_zip(const InputFile& file) { return detail::ZipReader(file).read(); }

namespace detail {
/// Throws `Error` unless the bytes of an entry are those of its checksum, if it has one.
inline void check_entry(const InputFile& file, const ZipEntry& entry) {
  if (entry.crc != 0) require_checksum(file, entry);
}
/// Has `TensorFile` check what it reads of an entry.
inline void keep_checksum(std::vector<CheckedBytes>& checked, const ZipEntry& entry) {
  if (entry.crc != 0) checked.push_back(entry);
}
}  // namespace detail

}  // namespace mae
MAE_PRECISE_END
