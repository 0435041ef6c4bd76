// ZIP archives and pickles made by hand, right and wrong in any way, for the tests of what reads them.
#pragma once
#include <zlib.h>
#include <cstdint>
#include <string>
#include <vector>

namespace test {

/// `value` in `bytes` bytes, the least significant first.
inline std::string number(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(i < 8 ? value >> 8 * i & 255 : 0);
  return text;
}

struct ZipMember {
  std::string name, data{};
  unsigned flags = 0, method = 0;
  std::string local_name{};     ///< if it is not `name`
  std::uint64_t extra = 0;      ///< bytes of an extra field before the data
  std::uint64_t size = ~0ull;   ///< as the directory has it, if it is not that of `data`
  std::uint64_t start = ~0ull;  ///< of the local header, as the directory has it, if it is not where it is
  bool wide = false;            ///< sizes and places in 64 bits
  std::string gap{};            ///< bytes behind the data
  bool summed = false;          ///< whether the directory has a checksum of the data
};

struct ZipEnd {
  bool wide = false;  ///< with a zip64 end record
  std::uint64_t more_entries = 0, more_bytes = 0, disk = 0;
  std::string behind{}, before{};
};

inline std::string zip(const std::vector<ZipMember>& members, const ZipEnd& how = {}) {
  std::string all = how.before, directory;
  for (const ZipMember& m : members) {
    const std::uint64_t start = m.start != ~0ull ? m.start : all.size(),
                        size = m.size != ~0ull ? m.size : m.data.size();
    const std::string& local = m.local_name.empty() ? m.name : m.local_name;
    const std::string narrow = m.wide ? number(~0u, 4) : number(size, 4);
    const std::string known = (m.flags & 8) != 0 ? number(0, 12) : number(0, 4) + narrow + narrow;
    all += number(0x04034b50, 4) + number(20, 2) + number(m.flags, 2) + number(m.method, 2) + number(0, 4) + known +
           number(local.size(), 2) + number(m.extra, 2) + local + std::string(m.extra, 'x') + m.data + m.gap;
    const std::string wide =
        m.wide ? number(1, 2) + number(24, 2) + number(size, 8) + number(size, 8) + number(start, 8) : "";
    const auto* const bytes = reinterpret_cast<const unsigned char*>(m.data.data());
    const auto sum = m.summed ? ::crc32(0, bytes, static_cast<unsigned>(m.data.size())) : 0;
    directory += number(0x02014b50, 4) + number(20, 2) + number(20, 2) + number(m.flags, 2) + number(m.method, 2) +
                 number(0, 4) + number(sum, 4) + narrow + narrow + number(m.name.size(), 2) + number(wide.size(), 2) +
                 number(0, 10) + (m.wide ? number(~0u, 4) : number(start, 4)) + m.name + wide;
  }
  const std::uint64_t count = members.size() + how.more_entries, start = all.size(),
                      bytes = directory.size() + how.more_bytes, end = start + directory.size();
  all += directory;
  if (how.wide)
    all += number(0x06064b50, 4) + number(44, 8) + number(0, 12) + number(count, 8) + number(count, 8) +
           number(bytes, 8) + number(start, 8) + number(0x07064b50, 4) + number(0, 4) + number(end, 8) + number(1, 4);
  return all + number(0x06054b50, 4) + number(how.disk, 4) + number(count, 2) + number(count, 2) + number(bytes, 4) +
         number(start, 4) + number(0, 2) + how.behind;
}

/// Pieces of pickles, each of which leaves one value on the stack.
inline std::string text(const std::string& value) { return "X" + number(value.size(), 4) + value; }
inline std::string whole(std::int64_t value) { return "\x8a\x08" + number(static_cast<std::uint64_t>(value), 8); }
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string tuple(const std::vector<std::string>& values) {
  std::string all = "(";
  for (const std::string& value : values) all += value;
  return all + "t";
}
inline std::string tuple_of(const std::vector<std::int64_t>& values) {
  std::string all = "(";
  for (const std::int64_t value : values) all += whole(value);
  return all + "t";
}
inline std::string dict(const std::vector<std::string>& keys_and_values) {
  std::string all = "}(";
  for (const std::string& value : keys_and_values) all += value;
  return all + "u";
}
inline std::string storage(const std::string& key, std::int64_t count, const std::string& type = "FloatStorage") {
  return tuple({text("storage"), global("torch", type), text(key), text("cpu"), whole(count)}) + "Q";
}
inline std::string tensor(const std::string& storage, std::int64_t offset, const std::vector<std::int64_t>& sizes,
                          const std::vector<std::int64_t>& strides) {
  return global("torch._utils", "_rebuild_tensor_v2") +
         tuple({storage, whole(offset), tuple_of(sizes), tuple_of(strides), "\x89", dict({})}) + "R";
}
inline std::string pickle(const std::string& value) { return "\x80\x02" + value + "."; }

/// A file of PyTorch's: this object, and two storages of floats, "0" with 0, 1, ... 11 and "1" with one number.
inline std::string pth(const std::string& object, const std::vector<ZipMember>& more = {}, bool summed = false) {
  std::string floats(48, '\0');
  for (int i = 0; i < 12; ++i) {
    const float value = static_cast<float>(i);
    __builtin_memcpy(floats.data() + 4 * i, &value, 4);
  }
  std::vector<ZipMember> members{
      {"a/data.pkl", pickle(object)}, {"a/data/0", floats}, {"a/data/1", floats.substr(4, 4)}};
  members.insert(members.end(), more.begin(), more.end());
  for (ZipMember& member : members) member.summed = summed;
  return zip(members);
}

}  // namespace test
