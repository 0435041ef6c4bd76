// The pictures below a folder, in an order that is always the same, and their classes.
//
//   photos/a.jpg b.png ...                 flat: no classes
//   flowers/daisy/1.jpg flowers/rose/...   each sub-folder is a class; labels follow the order of their names
//
// A picture is told by its name: .png .jpg .jpeg .jpe .jfif, in any case. Other files are counted and left alone; names
// that begin with a dot are hidden and not even counted. Folders inside a class belong to it, links are followed, and a
// link that leads back to where it came from is not. Names are sorted by their bytes, whatever the system's language.
// Cost: one look at each directory entry; no file is opened.
#pragma once
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <mae/core/config.hpp>
#include <mae/io/claims.hpp>
#include <mae/io/posix.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Pictures and their classes, found by `list_pictures`.
struct PictureList {
  std::string folder;
  std::vector<std::string> names;        ///< relative to `folder`; those of a class stand together, sorted
  std::vector<std::int32_t> labels;      ///< one for each picture, ascending; -1 without classes
  std::vector<std::string> class_names;  ///< empty without classes
  Index ignored = 0;                     ///< files that are not named as pictures
};

namespace detail {

inline bool named_as_picture(const std::string& name) {
  std::string end = std::filesystem::path(name).extension().string();
  for (char& c : end) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const char* const known : {".png", ".jpg", ".jpeg", ".jpe", ".jfif"})
    if (end == known) return true;
  return false;
}

/// What is directly inside a folder.
struct FolderEntries {
  std::vector<std::string> folders, pictures, others;  // sorted
};
inline FolderEntries entries_of(const std::string& folder) {
  FolderEntries found;
  std::error_code failed, unknown;
  for (std::filesystem::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    std::string name = at->path().filename().string();
    if (name.starts_with('.')) continue;
    if (at->is_directory(unknown)) found.folders.push_back(std::move(name));
    else if (named_as_picture(name)) found.pictures.push_back(std::move(name));
    else found.others.push_back(std::move(name));
  }
  if (failed) throw Error(folder, "\"" + failed.message() + "\" on listing it", "a readable folder");
  for (auto* const names : {&found.folders, &found.pictures, &found.others}) std::sort(names->begin(), names->end());
  return found;
}

/// Adds the pictures in and below `root`/`below` to `list`. `above` holds the folders that lead there.
inline void add_pictures(PictureList& list, const std::string& below, std::vector<std::pair<dev_t, ino_t>>& above) {
  const std::string folder = list.folder + "/" + below;
  struct stat about {};
  if (::stat(folder.c_str(), &about) != 0) fail_with_errno(folder, "opening", "a readable folder");
  const std::pair<dev_t, ino_t> here{about.st_dev, about.st_ino};
  if (std::find(above.begin(), above.end(), here) != above.end()) return;
  above.push_back(here);
  const FolderEntries found = entries_of(folder);
  for (const std::string& name : found.pictures) list.names.push_back(below + "/" + name);
  for (const std::string& name : found.folders) add_pictures(list, below + "/" + name, above);
  list.ignored += static_cast<Index>(found.others.size());
  above.pop_back();
}

/// Folder name -> label. The names found, numbered in their order, or those `expected`, if any.
inline std::map<std::string, std::int32_t> number_classes(const std::string& folder,
                                                          const std::vector<std::string>& found,
                                                          const std::vector<std::string>& expected) {
  std::map<std::string, std::int32_t> numbers;
  for (const std::string& name : expected.empty() ? found : expected)
    numbers.emplace(name, static_cast<std::int32_t>(numbers.size()));
  for (const std::string& name : found)
    if (!numbers.contains(name))
      throw Error(folder, "the class folder " + quoted(name),
                  "only the " + std::to_string(expected.size()) + " known classes, " + quoted(expected.front()) +
                      " to " + quoted(expected.back()));
  return numbers;
}

}  // namespace detail

/// Finds the pictures below `folder`. If `classes` are given, labels are their numbers, so that a training and a test
/// folder agree; a sub-folder of another name is then an error. Throws `Error` if the folder is missing, unreadable or
/// without pictures, if a class has none, or if pictures lie beside folders of pictures.
inline PictureList list_pictures(const std::string& folder, const std::vector<std::string>& classes = {}) {
  PictureList list{folder, {}, {}, {}, 0};
  const detail::FolderEntries top = detail::entries_of(folder);
  std::vector<std::pair<dev_t, ino_t>> above;
  struct stat about {};
  if (::stat(folder.c_str(), &about) == 0) above.emplace_back(about.st_dev, about.st_ino);
  std::vector<PictureList> parts;
  Index inside = 0;
  for (const std::string& name : top.folders) {
    PictureList& part = parts.emplace_back(PictureList{folder, {}, {}, {}, 0});
    detail::add_pictures(part, name, above);
    inside += static_cast<Index>(part.names.size());
    list.ignored += part.ignored;
  }
  list.ignored += static_cast<Index>(top.others.size());
  if (top.pictures.empty() && inside == 0)
    throw Error(folder, "no picture, and " + std::to_string(list.ignored) + " other files",
                "files named .png, .jpg or .jpeg, or folders of them");
  if (inside == 0) {
    list.names = top.pictures;
    list.labels.assign(list.names.size(), -1);
    return list;
  }
  if (!top.pictures.empty())
    throw Error(folder, "pictures such as " + detail::quoted(top.pictures[0]) + " beside folders of pictures",
                "either pictures or a folder for each class");
  const auto numbers = detail::number_classes(folder, top.folders, classes);
  list.class_names.resize(numbers.size());
  for (const auto& [name, label] : numbers) list.class_names[static_cast<std::size_t>(label)] = name;
  for (const std::string& name : list.class_names) {
    const auto at = std::lower_bound(top.folders.begin(), top.folders.end(), name);
    if (at == top.folders.end() || *at != name) continue;  // a known class that this folder does not have
    const PictureList& part = parts[static_cast<std::size_t>(at - top.folders.begin())];
    if (part.names.empty()) throw Error(folder + "/" + name, "no picture", "at least one in each class folder");
    list.names.insert(list.names.end(), part.names.begin(), part.names.end());
    list.labels.resize(list.names.size(), numbers.at(name));
  }
  return list;
}

}  // namespace mae
MAE_PRECISE_END
