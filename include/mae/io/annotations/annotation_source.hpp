// Annotations in whatever format: which ones a program can read is a type.
//
//   using Readers = AnnotationReaders<Voc, Coco, Yolo<Decoders<Png, Jpeg>>>;  // Voc: <mae/io/annotations/voc.hpp>
//   AnnotationSet set = read_annotations<Readers>("instances_train2017.json");
//   mend<Decoders<Png, Jpeg>>(set);                                              // doctor.hpp
//
// A file named .json is COCO's. A folder is Pascal VOC's if it has Annotations/ or files named .xml, COCO's if there is
// one file named .json in it, YOLO's if it has labels/, or texts, or lies in a folder "images" beside one "labels".
#pragma once
#include <mae/io/annotations/coco.hpp>
#include <mae/io/annotations/mend_images.hpp>
#include <mae/io/annotations/yolo.hpp>
#include <mae/io/images/named_dataset.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// How annotations are read.
struct AnnotationOptions {
  std::string images{};           ///< the folder of images; empty: it is looked for
  bool missing_is_empty = false;  ///< YOLO: an image without a text has no objects
  std::size_t places = 5;         ///< how many are kept of each kind of fault
  Split split = Split::all;       ///< of a set divided by Pascal VOC's lists or YOLO's folders
};

/// The formats that a program reads, each a type with `name`, `layout`, `is(path)` and `read(path, options)`.
template <class... Formats>
struct AnnotationReaders {
  static_assert(sizeof...(Formats) > 0, "mae::AnnotationReaders: list at least one format, such as mae::Coco");
  /// "Pascal VOC, COCO or YOLO".
  static std::string names() {
    std::string text;
    std::size_t left = sizeof...(Formats);
    ((text += std::string(Formats::name) + (--left == 0 ? "" : left == 1 ? " or " : ", ")), ...);
    return text;
  }
  /// What is looked for: "COCO: a file .json; YOLO: ...".
  static std::string layouts() {
    std::string text;
    ((text += (text.empty() ? "" : "; ") + std::string(Formats::name) + ": " + Formats::layout), ...);
    return text;
  }
};

namespace detail {
/// The file named .json of a folder, if there is one and no other.
inline std::string json_in(const std::string& folder) {
  std::string found;
  for (const std::string& name : entries_of(folder).others)
    if (lower_case(name).ends_with(".json")) {
      if (!found.empty()) return "";
      found = folder + "/" + name;
    }
  return found;
}
inline bool has_texts(const std::string& folder) {
  if (std::filesystem::is_directory(folder + "/labels")) return true;
  for (const std::string& name : entries_of(folder).others)
    if (lower_case(name).ends_with(".txt")) return true;
  return false;
}
inline bool beside_labels(const std::string& folder) {
  const std::size_t images = ("/" + folder + "/").rfind("/images/");
  return images != std::string::npos && std::filesystem::is_directory(folder.substr(0, images) + "labels");
}

/// The folder of a set's images: the first of those where such files usually lie that has one of its first images.
/// Throws `Error` if none has.
inline std::string folder_of_images(const AnnotationSet& set) {
  const std::filesystem::path file = set.source;
  const std::string here = file.has_parent_path() ? file.parent_path().string() : ".";
  std::string part = file.stem().string();  // instances_val2017
  part = part.substr(part.rfind('_') + 1);
  std::string tried;
  for (const std::string& folder : {here, here + "/images", here + "/" + part, here + "/images/" + part,
                                    here + "/../" + part, here + "/../images/" + part, here + "/../images"}) {
    if (!std::filesystem::is_directory(folder)) continue;
    FileFinder files(folder);
    for (std::size_t i = 0; i < set.images.size() && i < 10; ++i)
      if (!files.find(set.images[i].file).empty()) return folder;
    tried += (tried.empty() ? "" : ", ") + quoted(folder);
  }
  throw Error(set.source, "none of its images in " + tried,
              "images beside it, in images/, " + part + "/ or images/" + part +
                  "/, or there one folder above; or the option `images`: the folder where they lie");
}
}  // namespace detail

struct Coco {
  static constexpr const char* name = "COCO";
  static constexpr const char* layout = "a file .json, or a folder with one and no other";
  static bool is(const std::string& path) {
    return std::filesystem::is_directory(path) ? !detail::json_in(path).empty()
                                               : detail::lower_case(path).ends_with(".json");
  }
  static AnnotationSet read(const std::string& path, const AnnotationOptions& options) {
    AnnotationSet set = read_coco(std::filesystem::is_directory(path) ? detail::json_in(path) : path, options.places);
    set.folder = !options.images.empty() || set.images.empty() ? options.images : detail::folder_of_images(set);
    return set;
  }
};

/// `Formats` is a list of `Decoders`: sizes of images stand in their files.
template <class Formats>
struct Yolo {
  static constexpr const char* name = "YOLO";
  static constexpr const char* layout =
      "a folder with images/ and labels/, with a .txt beside each image, or images/... beside labels/";
  static bool is(const std::string& path) {
    return std::filesystem::is_directory(path) && (detail::has_texts(path) || detail::beside_labels(path));
  }
  static AnnotationSet read(const std::string& path, const AnnotationOptions& options) {
    return read_yolo<Formats>(path, {options.missing_is_empty, options.places, options.images, options.split});
  }
};

/// Reads the annotations at `path`, a file or folder. Throws `Error` if they are of no format of `Readers`, or as its
/// reader does.
template <class Readers>
AnnotationSet read_annotations(const std::string& path, const AnnotationOptions& options = {}) {
  if (!std::filesystem::exists(path)) throw Error(path, "nothing there", "annotations: " + Readers::names());
  if (!options.images.empty() && !std::filesystem::is_directory(options.images))
    throw Error(options.images, "no folder", "`images`: the folder where they lie");
  return [&]<class... Formats>(AnnotationReaders<Formats...>) {
    std::optional<AnnotationSet> set;
    // In the order of the list; the first that recognises it.
    static_cast<void>(((Formats::is(path) && (set = Formats::read(path, options), true)) || ...));
    if (!set) throw Error(path, "no annotations", Readers::names() + " (" + Readers::layouts() + ")");
    return *std::move(set);
  }(Readers{});
}

}  // namespace mae
MAE_PRECISE_END
