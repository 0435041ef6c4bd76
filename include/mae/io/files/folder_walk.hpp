// What lies below a folder: each real folder once, however many links lead to it.
//
// Folders that are no links are looked at first; after them links, those nearest to the top first, if what they lead to
// has not been seen yet. So folders that link to each other, or back to where they came from, cost no more than there
// are folders, and a class never loses its images to a link from another. Names are sorted by their bytes.
//
// Hidden names (.git, .DS_Store, ._0.png, .ipynb_checkpoints) are not even counted. Folders that systems and devices
// make for themselves (__MACOSX, @eaDir, …) are counted and not opened: they hold resource forks, thumbnails and what
// was deleted, under the names of the images.
#pragma once
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <mae/core/config.hpp>
#include <mae/io/files/posix.hpp>

MAE_PRECISE_BEGIN
namespace mae::detail {

/// `text` with small letters; letters of ASCII alone, whatever the system's language.
inline std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

inline bool named_as_image(const std::string& name) {
  const std::string end = lower_case(std::filesystem::path(name).extension().string());
  for (const char* const known : {".png", ".jpg", ".jpeg", ".jpe", ".jfif"})
    if (end == known) return true;
  return false;
}
/// Folders of macOS's archives, Synology and QNAP, Windows, Linux and Python.
inline bool named_by_a_system(const std::string& name) {
  const std::string lower = lower_case(name);
  for (const char* const known : {"__macosx", "@eadir", "#recycle", "@recycle", "@recently-snapshot", "$recycle.bin",
                                  "system volume information", "lost+found", "__pycache__"})
    if (lower == known) return true;
  return false;
}

/// What is directly inside a folder.
struct FolderEntries {
  std::vector<std::string> folders, images, others;  // sorted
  std::set<std::string> links{};                     ///< those of `folders` that are links
  Index of_systems = 0;                              ///< folders that a system made for itself
};
inline FolderEntries entries_of(const std::string& folder) {
  FolderEntries found;
  std::error_code failed, unknown;
  for (std::filesystem::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    std::string name = at->path().filename().string();
    if (name.starts_with('.')) continue;
    if (!at->is_directory(unknown)) {
      (named_as_image(name) ? found.images : found.others).push_back(std::move(name));
    } else if (named_by_a_system(name)) {
      ++found.of_systems;
    } else {
      if (at->is_symlink(unknown)) found.links.insert(name);
      found.folders.push_back(std::move(name));
    }
  }
  if (failed) throw Error(folder, "\"" + failed.message() + "\" on listing it", "a readable folder");
  for (auto* const names : {&found.folders, &found.images, &found.others}) std::sort(names->begin(), names->end());
  return found;
}

/// Which folder or file it is, whatever path leads to it.
using FileIdentity = std::pair<dev_t, ino_t>;

/// A folder and what is below it.
struct FolderTree {
  std::vector<std::string> images{};
  std::map<std::string, FolderTree> folders{};
  Index others = 0;          ///< files here that are not named as images
  Index of_systems = 0;      ///< folders here that a system made for itself
  bool seen_before = false;  ///< a link to a folder that stands elsewhere in the tree: nothing of it is here
};

/// Looks at folders; each real one is found once in all trees that a walk has made.
class FolderWalk {
 public:
  /// Throws `Error` if `folder` or one below it cannot be read.
  FolderTree tree(const std::string& folder) {
    FolderTree tree;
    std::vector<Link> links;
    look(tree, folder, 0, links);
    std::stable_sort(links.begin(), links.end(), [](const Link& a, const Link& b) { return a.depth < b.depth; });
    for (std::size_t i = 0; i < links.size(); ++i) {  // what a link leads to may have more of them
      const Link link = links[i];
      look(*link.to, link.path, link.depth, links);
    }
    return tree;
  }

 private:
  struct Link {
    FolderTree* to;
    std::string path;
    Index depth;
  };

  void look(FolderTree& tree, const std::string& path, Index depth, std::vector<Link>& links) {
    struct stat about {};
    if (::stat(path.c_str(), &about) != 0) fail_with_errno(path, "listing it", "a readable folder");
    if (!seen_.emplace(about.st_dev, about.st_ino).second) {
      tree.seen_before = true;
      return;
    }
    FolderEntries found = entries_of(path);
    tree.images = std::move(found.images);
    tree.others = static_cast<Index>(found.others.size());
    tree.of_systems = found.of_systems;
    for (const std::string& name : found.folders) {
      FolderTree& below = tree.folders[name];
      if (found.links.contains(name)) links.push_back({&below, path + "/" + name, depth + 1});
      else look(below, path + "/" + name, depth + 1, links);
    }
  }

  std::set<FileIdentity> seen_;
};

}  // namespace mae::detail
MAE_PRECISE_END
