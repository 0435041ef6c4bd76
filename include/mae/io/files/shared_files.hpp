// Whether two sets have a file in common, by whatever paths and links: held-out images must not be training images.
//
// Files are compared by the identity that the system gives them, one look at each; none is opened, so a copy of a file
// is another file. What cannot be looked at is in no set.
#pragma once
#include <optional>

#include <mae/io/files/folder_walk.hpp>

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

}  // namespace mae
MAE_PRECISE_END
