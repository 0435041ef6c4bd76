// Images and their class maps below a folder, in the ways that people lay them: which map is of which image.
//
//   images/a.jpg masks/a.png                                       plain
//   images/training/a.jpg annotations/training/a.png               ADE20K; any names of parts (parts.hpp)
//   train/images/a.jpg train/masks/a.png val/images/...            the parts outside
//   JPEGImages/a.jpg SegmentationClass/a.png                       Pascal VOC, with
//   ImageSets/Segmentation/train.txt val.txt                       voc_lists.hpp; what is in no list is left alone
//
// A map has the name of its image, folders inside included, and ends in .png. Images lie in a folder named images,
// image, img, JPEGImages or photos, maps in the first that there is of SegmentationClass, SegmentationClassAug,
// class_maps, masks, mask, labels, label, annotations and annotation, in any case; or in one that is given.
// What has no partner is a fault, told with its file. No file is opened but lists.
#pragma once
#include <mae/io/annotations/voc_lists.hpp>
#include <mae/io/images/image_list.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Images and maps, found by `list_class_maps`.
struct ClassMapList {
  std::string images_folder, maps_folder;
  std::string list{};                     ///< the file of names that chose them, or ""
  std::vector<std::string> images, maps;  ///< pair by pair, relative to these folders, sorted
  std::vector<std::string> faults{};      ///< in words: what has no partner, or more than one
  std::string left_alone{};               ///< of a set to train on: its part, or list, to look at, or ""
  Index ignored = 0;                      ///< files that are not named as images

  Index size() const { return static_cast<Index>(images.size()); }
};

/// Which of the images of a folder are meant.
struct ClassMapPlace {
  std::string class_maps{};  ///< a folder of maps, for images in the other one; empty: both are looked for
  Split split = Split::train;
  bool whole = false;  ///< of a set that is not divided, Split::test is all, instead of an `Error`
};

namespace detail {

/// The first of the sub-folders `found` whose name is one of `names`, in their order; "" if there is none.
inline std::string folder_named(const std::vector<std::string>& found, const std::vector<const char*>& names) {
  for (const char* const name : names)
    for (const std::string& folder : found) {
      std::string plain;
      for (const char c : lower_case(folder))
        if (c != '_' && c != '-' && c != ' ') plain += c;
      if (plain == name) return folder;
    }
  return "";
}
inline std::string folder_of_images(const std::vector<std::string>& found) {
  return folder_named(found, {"images", "image", "img", "jpegimages", "photos"});
}
inline std::string folder_of_maps(const std::vector<std::string>& found) {
  return folder_named(found, {"segmentationclass", "segmentationclassaug", "classmaps", "masks", "mask", "labels",
                              "label", "annotations", "annotation"});
}

/// The part of the set that the split asks for, a sub-folder of `folder`; "" if it is not divided. To train, `other`
/// becomes the path of the one to look at, if there is one.
inline std::string wanted_part(const std::string& folder, const std::vector<std::string>& folders, Split split,
                               std::string& other) {
  const Parts parts = parts_among(folders);
  if (!parts.divided()) return "";
  if (split == Split::train && !parts.evaluation().empty()) other = folder + "/" + parts.evaluation()[0];
  return split == Split::train ? only_part(folder, parts.training, parts, "train on")
                               : only_part(folder, parts.evaluation(), parts, "test with");
}

/// Stem, "2007/000032", -> names of files with it, "2007/000032.jpg", below a folder.
using FilesByStem = std::map<std::string, std::vector<std::string>>;
inline void add_by_stem(FilesByStem& files, const FolderTree& tree, const std::string& below, Index& others) {
  for (const std::string& name : tree.images) files[below + name.substr(0, name.rfind('.'))].push_back(below + name);
  for (const auto& [name, inner] : tree.folders) add_by_stem(files, inner, below + name + "/", others);
  others += tree.others;
}
inline FilesByStem files_by_stem(const std::string& folder, Index& others) {
  FilesByStem files;
  FolderWalk walk;
  add_by_stem(files, walk.tree(folder), "", others);
  return files;
}

/// Makes pairs of files with the same stem, of all or of `names`.
inline void pair_files(ClassMapList& list, const FilesByStem& images, const FilesByStem& maps,
                       const std::vector<std::string>* names) {
  const auto fault = [&](const std::string& file, const std::string& found, const std::string& expected) {
    list.faults.push_back(Error(file, found, expected).what() + 5);  // without "mae: "
  };
  const auto pair = [&](const std::string& stem) {
    const auto image = images.find(stem), map = maps.find(stem);
    if (image == images.end())
      return fault(list.images_folder + "/" + stem, "no image of this name, which " + list.list + " has",
                   "one in JPEG or PNG");
    const std::string& file = image->second.front();
    if (image->second.size() > 1)
      return fault(list.images_folder + "/" + file, "another image of this name, " + quoted(image->second[1]), "one");
    if (map == maps.end())
      return fault(list.images_folder + "/" + file, "an image without a class map",
                   list.maps_folder + "/" + stem + ".png");
    for (const std::string& name : map->second)
      if (!lower_case(name).ends_with(".png"))
        return fault(list.maps_folder + "/" + name, "a class map that is not named as PNG",
                     "one in PNG, which keeps numbers as they are");
    if (map->second.size() > 1)
      return fault(list.maps_folder + "/" + map->second[0], "another class map of this name, " + quoted(map->second[1]),
                   "one");
    list.images.push_back(file);
    list.maps.push_back(map->second.front());
  };
  if (names) {
    for (const std::string& name : *names) pair(name);
    return;
  }
  for (const auto& [stem, files] : images) pair(stem);
  for (const auto& [stem, files] : maps)
    if (!images.contains(stem))
      fault(list.maps_folder + "/" + files.front(), "a class map without an image",
            "an image " + list.images_folder + "/" + stem + ", in JPEG or PNG");
}

}  // namespace detail

/// Finds the images of `folder` and their maps. Throws `Error` if folders are missing, cannot be read, are divided in
/// another way than the place asks for, or hold no pair; faults of single files are told in the list.
inline ClassMapList list_class_maps(std::string folder, const ClassMapPlace& place = {}) {
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  const std::string& given = place.class_maps;
  bool divided = false;
  ClassMapList list{given.empty() ? "" : folder, given, "", {}, {}};
  for (int depth = 0; given.empty() && list.images_folder.empty(); ++depth) {
    const std::vector<std::string> folders = detail::entries_of(folder).folders;
    const std::string images = detail::folder_of_images(folders), maps = detail::folder_of_maps(folders);
    if (!images.empty() && !maps.empty()) {
      list.images_folder = folder + "/" + images, list.maps_folder = folder + "/" + maps;
      break;
    }
    const std::string part = depth == 0 ? detail::wanted_part(folder, folders, place.split, list.left_alone) : "";
    if (part.empty())
      throw Error(folder, images.empty() ? "no sub-folder of images" : "no sub-folder of class maps",
                  "sub-folders images and masks, or JPEGImages and SegmentationClass; others can be given");
    folder += "/" + part;
    divided = true;
  }
  if (given.empty()) {
    const VocList chosen = voc_list(folder, "Segmentation", place.split);
    list.list = chosen.path;
    if (list.left_alone.empty()) list.left_alone = chosen.left_alone;
  }
  if (list.list.empty()) {
    std::string unused;
    const auto part_in = [&](const std::string& all, std::string& other) {
      return detail::wanted_part(all, detail::entries_of(all).folders, place.split, other);
    };
    const std::string images = part_in(list.images_folder, list.left_alone), maps = part_in(list.maps_folder, unused);
    if (images.empty() != maps.empty())
      throw Error(images.empty() ? list.images_folder : list.maps_folder, "no parts",
                  "the parts of " + (images.empty() ? list.maps_folder : list.images_folder));
    if (!images.empty()) list.images_folder += "/" + images, list.maps_folder += "/" + maps, divided = true;
  }
  if (place.split == Split::test && !divided && list.list.empty() && !place.whole)
    throw Error(folder, "no part to test with", "sub-folders train and val (or test) of images and class maps");
  const auto images = detail::files_by_stem(list.images_folder, list.ignored),
             maps = detail::files_by_stem(list.maps_folder, list.ignored);
  if (list.list.empty()) {
    detail::pair_files(list, images, maps, nullptr);
  } else {
    const std::vector<std::string> names = names_in_voc_list(list.list);
    detail::pair_files(list, images, maps, &names);
  }
  if (list.images.empty() && list.faults.empty())
    throw Error(list.list.empty() ? list.images_folder : list.list, "no image", "at least one, with its class map");
  return list;
}

}  // namespace mae
MAE_PRECISE_END
