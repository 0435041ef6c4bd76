// Annotations as YOLO's programs take them: for each image a text, for each object a line.
//
//   0 0.5 0.5 0.25 0.1                    class, then centre, width and height of its box
//   2 0.1 0.1 0.3 0.1 0.2 0.4             class, then a polygon of three corners or more
//
// Numbers are shares of the image's width and height, of the upright image where a camera was turned. So the size of
// each image is read from its file. An empty text is an image without objects; of an image without a text nothing is
// known, and it is left out, unless `missing_is_empty`. A text of labels without an image is told.
//
// The texts lie beside the images, or in a folder "labels" where the images lie in one called "images". Names of the
// classes stand in data.yaml, there or up to two folders above, or in classes.txt or obj.names, there or one above;
// without them they are their numbers. Categories have the ids 1, 2, ... for the classes 0, 1, ...
//
// Where the folder of images has parts in it, images/train and images/val (parts.hpp), the texts have them too.
#pragma once
#include <mae/io/annotations/annotations.hpp>
#include <mae/io/annotations/yolo_names.hpp>
#include <mae/io/images/image_file.hpp>
#include <mae/io/images/image_list.hpp>
#include <mae/io/images/named_dataset.hpp>
#include <mae/io/images/parts.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The numbers of one line that are read, at most.
inline constexpr std::size_t yolo_number_limit = 1'000'000;

struct YoloOptions {
  bool missing_is_empty = false;  ///< an image without a text has no objects
  std::size_t places = 5;         ///< how many are kept of each kind of fault
  std::string images{};           ///< the folder of images; empty: as above
  Split split = Split::all;       ///< which part, of a set that has parts
};

namespace detail {

/// The numbers of a line; empty if something else stands there.
inline std::vector<double> numbers_of_line(std::string_view line) {
  std::vector<double> numbers;
  while (true) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == line.npos) return numbers;
    line.remove_prefix(begin);
    const std::size_t end = (std::min)(line.find_first_of(" \t\r"), line.size());
    const std::optional<double> number = number_in(line.substr(0, end));
    if (!number) return {};
    numbers.push_back(*number);
    line.remove_prefix(end);
  }
}

/// Tells of texts of labels below `folder` that no image has. Texts of something else are none of them.
inline void find_unused_labels(const std::string& folder, const std::set<std::string>& used, Findings& findings) {
  std::error_code failed, unknown;
  std::vector<std::string> unused;
  for (std::filesystem::recursive_directory_iterator at(folder, failed), end; !failed && at != end;
       at.increment(failed)) {
    const std::string path = at->path().string();
    if (!path.ends_with(".txt") || used.contains(path.substr(folder.size())) || !at->is_regular_file(unknown)) continue;
    if (at->path().filename().string().starts_with('.') || at->file_size(unknown) > (1u << 26)) continue;
    const std::string text = whole_text(path), first = text.substr(0, text.find('\n'));
    if (numbers_of_line(first).size() >= 5) unused.push_back(path);
  }
  std::sort(unused.begin(), unused.end());
  for (const std::string& path : unused) findings.add(Fault::label_without_image, path);
}

}  // namespace detail

/// The objects that the text of `path` has in an image of height x width. What is wrong is a finding. Ids of categories
/// are classes + 1; other ids are not set.
inline std::vector<Annotation> decode_yolo(std::string_view text, const std::string& path, Index height, Index width,
                                           Findings& findings) {
  std::vector<Annotation> objects;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const double across = static_cast<double>(width), down = static_cast<double>(height);
  Index number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = (std::min)(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    const std::vector<double> numbers = detail::numbers_of_line(line);
    const bool box = numbers.size() == 5, polygon = numbers.size() >= 7 && numbers.size() % 2 == 1;
    if ((!box && !polygon) || numbers[0] < 0 || numbers[0] > double(detail::yolo_class_limit) ||
        math::floor(numbers[0]) != numbers[0] || numbers.size() > yolo_number_limit) {
      const std::string said = detail::trimmed(std::string(line.substr(0, 60)));
      findings.add(Fault::line_unreadable, path + ": line " + std::to_string(number) + ": " + detail::quoted(said));
      continue;
    }
    Annotation made;
    made.category = static_cast<std::int64_t>(numbers[0]) + 1;
    if (box) {
      made.width = numbers[3] * across, made.height = numbers[4] * down;
      made.x = numbers[1] * across - made.width / 2, made.y = numbers[2] * down - made.height / 2;
    } else {
      std::vector<double> corners(numbers.begin() + 1, numbers.end());
      for (std::size_t i = 0; i < corners.size(); ++i) corners[i] *= i % 2 == 0 ? across : down;
      made.polygons.push_back(std::move(corners));
      made.set_box(extent_of(made.polygons));
    }
    objects.push_back(std::move(made));
  }
  return objects;
}

/// Reads the images below `folder` and their texts. `Formats` is a list of `Decoders`. Throws `Error` if there is no
/// image, if none has a text, or if a set is divided in another way than `split` asks for.
template <class Formats>
AnnotationSet read_yolo(std::string folder, const YoloOptions& options = {}) {
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  AnnotationSet set{.source = folder, .folder = folder, .findings = Findings(options.places)};
  std::string labels = folder;
  if (std::filesystem::is_directory(folder + "/images") && std::filesystem::is_directory(folder + "/labels")) {
    set.folder = folder + "/images";
    labels = folder + "/labels";
  } else if (const std::size_t images = ("/" + folder + "/").rfind("/images/"); images != std::string::npos) {
    std::string other = folder;
    other.replace(images, 6, "labels");
    if (std::filesystem::is_directory(other)) labels = other;
  }
  if (!options.images.empty()) set.folder = options.images;
  const detail::Parts parts = detail::parts_among(detail::entries_of(set.folder).folders);
  if (options.split != Split::all && parts.trains_and_evaluates()) {
    const bool trains = options.split == Split::train;
    const std::string part = "/" + detail::only_part(set.folder, trains ? parts.training : parts.evaluation(), parts,
                                                     trains ? "train on" : "test with");
    YoloOptions of_part{options.missing_is_empty, options.places};
    if (!options.images.empty()) of_part.images = set.folder + part;
    AnnotationSet found = read_yolo<Formats>((options.images.empty() ? set.folder : labels) + part, of_part);
    if (trains) found.left_alone = set.folder + "/" + parts.evaluation()[0];
    return found;
  }
  const std::vector<std::string> names = detail::yolo_names({labels, set.folder}, set.findings);
  std::int64_t classes = static_cast<std::int64_t>(names.size());
  std::set<std::string> used;
  for (const std::string& name : list_images(set.folder, {}, {.parts = false}).names) {
    const std::string below = "/" + name.substr(0, name.rfind('.')) + ".txt", path = labels + below;
    used.insert(below);
    if (!std::filesystem::is_regular_file(path)) {
      if (!options.missing_is_empty) {
        set.findings.add(Fault::image_unlabelled, set.folder + "/" + name);
        continue;
      }
    }
    AnnotatedImage image{.id = static_cast<std::int64_t>(set.images.size()) + 1, .file = name};
    try {
      const ImageHeader header = image_header<Formats>(set.folder + "/" + name);
      image.height = header.upright_height();
      image.width = header.upright_width();
    } catch (const Error& error) {
      set.findings.add(Fault::image_unreadable, std::string(error.what()).substr(5));
      continue;
    }
    if (std::filesystem::is_regular_file(path))
      for (Annotation& object : decode_yolo(detail::whole_text(path), path, image.height, image.width, set.findings)) {
        object.id = static_cast<std::int64_t>(set.annotations.size()) + 1;
        object.image = image.id;
        object.area = object.box().area();
        if (names.empty()) classes = (std::max)(classes, object.category);
        set.annotations.push_back(std::move(object));
      }
    set.images.push_back(std::move(image));
  }
  detail::find_unused_labels(labels, used, set.findings);
  if (set.images.empty()) throw Error(labels, "no text of labels", "one for each image: NAME.txt for NAME.jpg");
  for (std::int64_t id = 1; id <= classes; ++id)
    set.categories.push_back({id, names.empty() ? std::to_string(id - 1) : names[static_cast<std::size_t>(id - 1)]});
  return set;
}

}  // namespace mae
MAE_PRECISE_END
