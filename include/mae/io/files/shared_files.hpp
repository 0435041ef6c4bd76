// Whether two sets have a file in common, by whatever paths and links: held-out images must not be training images.
//
// Files are one by the identity that the system gives them, one look at each; none is opened. A copy is another file:
// of those that are of one size the bytes are compared, by checksum, where that is cheap. JPEG files of a few hundred
// kilobytes are rarely of one size, and sets of small files are small; for millions of files it would take as long as
// an epoch. What cannot be looked at is in no set.
#pragma once
#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include <mae/io/files/checksum.hpp>
#include <mae/io/files/folder_walk.hpp>
#include <mae/io/files/input_file.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Numbers of a file in two sets of files, if they share one. path(i) and other_path(i) are the paths of their files
/// `i`. What the first set needs is kept in memory: it should be the smaller.
template <class Path, class OtherPath>
std::optional<std::pair<Index, Index>> shared_file(Index count, const Path& path, Index others,
                                                   const OtherPath& other_path) {
  struct stat about {};
  std::map<detail::FileIdentity, Index> known;
  for (Index i = 0; i < count; ++i)
    if (::stat(path(i).c_str(), &about) == 0) known.emplace(detail::FileIdentity(about.st_dev, about.st_ino), i);
  for (Index i = 0; i < others && !known.empty(); ++i) {
    if (::stat(other_path(i).c_str(), &about) != 0) continue;
    if (const auto at = known.find({about.st_dev, about.st_ino}); at != known.end()) return {{at->second, i}};
  }
  return {};
}

/// Files of one set that are byte copies of files of another: how many, and the numbers of the first and its original.
struct CopiedFiles {
  Index count = 0;
  std::pair<Index, Index> first{};
};

namespace detail {
/// Of a file's bytes; "" if it cannot be read.
inline std::string content_checksum(const std::string& path) {
  try {
    const std::vector<char> bytes = read_file<char>(path);
    Checksum sum;
    sum.add(bytes.data(), static_cast<Index>(bytes.size()));
    return sum.text();
  } catch (const Error&) { return ""; }
}
}  // namespace detail

/// Looks for them; none, where more than `most_bytes` would have to be read, a file counted as a page at least.
template <class Path, class OtherPath>
std::optional<CopiedFiles> copied_files(Index count, const Path& path, Index others, const OtherPath& other_path,
                                        double most_bytes = 256e6) {
  const auto size_of = [](const std::string& name) {
    struct stat about {};
    return ::stat(name.c_str(), &about) == 0 ? static_cast<Index>(about.st_size) : Index{0};
  };
  struct OfOneSize {
    std::vector<Index> files, originals;
  };
  std::map<Index, OfOneSize> sizes;
  for (Index i = 0; i < count; ++i) sizes[size_of(path(i))].files.push_back(i);
  sizes.erase(0);
  for (Index i = 0; i < others; ++i)
    if (const auto at = sizes.find(size_of(other_path(i))); at != sizes.end()) at->second.originals.push_back(i);
  std::erase_if(sizes, [](const auto& size) { return size.second.originals.empty(); });
  double bytes = 0;
  for (const auto& [size, at] : sizes)
    bytes += double(std::max<Index>(size, 4096)) * double(at.files.size() + at.originals.size());
  if (bytes > most_bytes) return {};
  CopiedFiles copies;
  for (const auto& [size, at] : sizes) {
    std::map<std::string, Index> known;
    for (const Index i : at.originals) known.emplace(detail::content_checksum(other_path(i)), i);
    known.erase("");
    for (const Index i : at.files)
      if (const auto original = known.find(detail::content_checksum(path(i))); original != known.end())
        if (copies.count++ == 0 || i < copies.first.first) copies.first = {i, original->second};
  }
  return copies;
}

}  // namespace mae
MAE_PRECISE_END
