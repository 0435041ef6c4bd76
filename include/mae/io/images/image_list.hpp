// The images below a folder, in an order that is always the same, and their classes.
//
//   photos/a.jpg b.png ...                 flat: no classes
//   flowers/daisy/1.jpg flowers/rose/...   each sub-folder is a class; labels follow the order of their names
//   album/1.jpg album/2023/2.jpg           both: all images, no classes
//
// An image is told by its name: .png .jpg .jpeg .jpe .jfif, in any case. Other files are counted and left alone; which
// folders are passed over, and that links are followed to each real folder once, says folder_walk.hpp. Folders inside a
// class belong to it. Where labels are needed, what leaves a doubt about classes is an error: images beside folders
// of images, a class without any. Sub-folders named as parts of a set are never classes (parts.hpp).
// Cost: one look at each directory entry; no file is opened.
#pragma once
#include <cstdint>
#include <iterator>

#include <mae/io/images/parts.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Images and their classes, found by `list_images`.
struct ImageList {
  std::string folder;
  std::vector<std::string> names;        ///< relative to `folder`; those of a class stand together, sorted
  std::vector<std::int32_t> labels;      ///< one for each image, ascending; -1 without classes
  std::vector<std::string> class_names;  ///< empty without classes
  Index ignored = 0;                     ///< files that are not named as images
  Index passed_over = 0;                 ///< folders without an image below them, or that a system made for itself
  Index repeated = 0;                    ///< links to folders whose images are in the list already
  std::string unlabelled{};              ///< why folders of images give no classes, in words; empty: they do
};

/// How folders are understood.
struct ListOptions {
  bool labelled = false;                ///< what leaves a doubt about classes is an error
  bool parts = true;                    ///< names of parts are known, and refused; false: they are names like others
  std::vector<std::string> together{};  ///< these sub-folders, parts of a set, make one list; empty: the folder itself
};

namespace detail {

/// Adds the images of `tree`, which is `below` the list's folder, and counts what is passed over. Throws `Error` if
/// its folders are parts of a set, and these are known.
inline void add_images(ImageList& list, const std::string& below, const FolderTree& tree, bool parts) {
  std::vector<std::string> names;
  for (const auto& [name, inner] : tree.folders) names.push_back(name);
  if (const Parts found = parts_among(names); parts && found.trains_and_evaluates())
    throw Error(list.folder + "/" + below,
                "parts of a set, " + quoted(found.training[0]) + " and " + quoted(found.evaluation()[0]),
                "one set: give the path of this folder");
  const std::size_t before = list.names.size();
  const Index passed_over = list.passed_over;
  for (const std::string& name : tree.images) list.names.push_back(below + "/" + name);
  for (const auto& [name, inner] : tree.folders) add_images(list, below + "/" + name, inner, parts);
  list.ignored += tree.others;
  list.passed_over += tree.of_systems;
  list.repeated += tree.seen_before ? 1 : 0;
  if (list.names.size() == before && !tree.seen_before) list.passed_over = passed_over + 1;
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

/// One part of a list, or all of it: images that lie in it, and those of each of its folders.
struct ListedFolder {
  std::vector<std::string> images{};                        ///< relative to the list's folder
  std::map<std::string, std::vector<std::string>> folders{};  ///< the same of those below
  std::map<std::string, bool> links{};                        ///< folder -> whether it is a link to one seen before
};

/// Looks at `below` the list's folder, or at that itself.
inline ListedFolder list_folder(ImageList& list, FolderWalk& walk, const std::string& below,
                                const std::vector<std::string>& classes, const ListOptions& options) {
  const std::string folder = list.folder + (below.empty() ? "" : "/" + below);
  const std::string prefix = below.empty() ? "" : below + "/";
  const FolderTree tree = walk.tree(folder);
  std::vector<std::string> names;
  for (const auto& [name, inner] : tree.folders) names.push_back(name);
  if (const Parts found = options.parts ? parts_of(folder, names, classes) : Parts{}; found.divided())
    throw Error(folder, "the part " + quoted(found.all()[0]) + " of a set", "images or classes: give its path");
  ListedFolder result;
  for (const std::string& name : tree.images) result.images.push_back(prefix + name);
  for (const auto& [name, inner] : tree.folders) {
    ImageList part{list.folder, {}, {}, {}};
    add_images(part, prefix + name, inner, options.parts);
    list.ignored += part.ignored;
    list.passed_over += part.passed_over;
    list.repeated += part.repeated;
    result.folders[name] = std::move(part.names);
    result.links[name] = inner.seen_before;
  }
  list.ignored += tree.others;
  list.passed_over += tree.of_systems;
  return result;
}

/// Throws `Error` about the folder of a class without an image.
[[noreturn]] inline void refuse_empty_class(const std::string& folder, bool link) {
  throw Error(folder, link ? "a link to a folder whose images are another's" : "no image",
              "at least one in each class folder");
}

/// The names of the folders of images, sorted. With `labelled`, throws `Error` if one has none, or if images lie
/// beside them.
inline std::vector<std::string> class_folders(const ImageList& list, const std::vector<ListedFolder>& parts,
                                              const ListOptions& options) {
  std::map<std::string, bool> found;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const std::string folder = list.folder + (options.together.empty() ? "" : "/" + options.together[p]);
    bool any = false;
    for (const auto& [name, images] : parts[p].folders) any = any || !images.empty();
    if (any && options.labelled && !parts[p].images.empty())
      throw Error(folder, "images such as " + quoted(parts[p].images[0]) + " beside folders of images",
                  "either images or a folder for each class");
    for (const auto& [name, images] : parts[p].folders) {
      if (!images.empty()) found[name] = true;
      else if (any && options.labelled) refuse_empty_class(folder + "/" + name, parts[p].links.at(name));
    }
  }
  std::vector<std::string> names;
  for (const auto& [name, here] : found) names.push_back(name);
  return names;
}

}  // namespace detail

/// Finds the images below `folder`. If `classes` are given, labels are their numbers, so that a training and a test
/// folder agree; a sub-folder of another name is then an error if the list is to be labelled, else it has no classes.
/// Throws `Error` if the folder is missing, unreadable, without images or divided into parts, and for a labelled list
/// if a class has no image, or if images lie beside folders of images.
inline ImageList list_images(const std::string& folder, const std::vector<std::string>& classes = {},
                                 const ListOptions& options = {}) {
  ImageList list{folder, {}, {}, {}};
  detail::FolderWalk walk;
  std::vector<detail::ListedFolder> parts;
  if (options.together.empty()) parts.push_back(detail::list_folder(list, walk, "", classes, options));
  for (const std::string& part : options.together)
    parts.push_back(detail::list_folder(list, walk, part, classes, options));
  const std::vector<std::string> found = detail::class_folders(list, parts, options);
  const auto add = [&](std::vector<std::string>& names, std::int32_t label) {
    std::move(names.begin(), names.end(), std::back_inserter(list.names));
    list.labels.resize(list.names.size(), label);
  };
  // Images without a class come first: labels ascend.
  for (detail::ListedFolder& part : parts) {
    if (!part.images.empty() && !found.empty() && options.together.empty())
      list.unlabelled = "images such as " + detail::quoted(part.images[0]) + " lie beside folders of images";
    add(part.images, -1);
  }
  std::map<std::string, std::int32_t> numbers;
  if (!found.empty() && list.unlabelled.empty()) {
    try {
      numbers = detail::number_classes(folder, found, classes);
    } catch (const Error& unknown) {
      if (options.labelled) throw;
      list.unlabelled = std::string(unknown.what()).substr(5);  // without "mae: "
    }
  }
  list.class_names.resize(numbers.size());
  for (const auto& [name, label] : numbers) list.class_names[static_cast<std::size_t>(label)] = name;
  for (const std::string& name : list.class_names.empty() ? found : list.class_names)
    for (detail::ListedFolder& part : parts)
      if (const auto at = part.folders.find(name); at != part.folders.end())
        add(at->second, numbers.empty() ? -1 : numbers.at(name));
  if (list.names.empty())
    throw Error(folder, "no image, and " + std::to_string(list.ignored) + " other files",
                "files named .png, .jpg or .jpeg, or folders of them");
  return list;
}

}  // namespace mae
MAE_PRECISE_END
