// Images of a folder and the boxes that annotations give them, as a collection to train a detector on.
//
//   AnnotationSet set = read_annotations<Readers>("train.json");
//   mend<Decoders<Png, Jpeg>>(set);
//   set.findings.ensure_accepted("train.json", Faults::refuse);
//   const AnnotatedFolder<Decoders<Png, Jpeg>> photographs(std::move(set), {.channels = 3, .shortest_side = 512});
//
// Images are decoded, reduced and kept as those of an `ImageFolder` are (image_folder.hpp); boxes follow. An image that
// turns out to be of another size than annotated is an error, for its boxes would lie elsewhere. Images stand in the
// order of their ids, boxes in that of the annotations. Crowds and difficult objects are `ignored` boxes.
#pragma once
#include <map>
#include <set>

#include <mae/data/boxes.hpp>
#include <mae/io/annotations/annotations.hpp>
#include <mae/io/images/image_folder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The images of a set without faults and their boxes, an `ImageCollection`. `Formats` is a list of `Decoders`.
template <class Formats>
class AnnotatedFolder {
 public:
  using Target = Boxes;

  /// Decodes nothing yet. `options.classes` names the classes in the order of labels, as another set had them; empty:
  /// all categories in the order of their ids. Throws `Error` if there is no image, if a category is not among the
  /// classes, if an image has no size or a box leaves its image or has no area (which `mend` sees to), or if an option
  /// is out of range.
  explicit AnnotatedFolder(AnnotationSet set, FolderOptions options = {})
      : set_(in_order(std::move(set))),
        classes_(classes_of(set_, options.classes)),
        side_(options.shortest_side),
        folder_(list_of(set_, classes_), std::move(options)),
        boxes_(set_.images.size()) {
    const CategoryClasses categories(set_.categories);
    std::map<std::string, std::int32_t> labels;
    for (const std::string& name : classes_) labels.emplace(name, static_cast<std::int32_t>(labels.size()));
    std::map<std::int64_t, std::size_t> numbers;
    for (const AnnotatedImage& image : set_.images) {
      if (image.height < 1 || image.width < 1) refuse(image.file, "no size", "annotations that were mended");
      if (!numbers.emplace(image.id, numbers.size()).second)
        refuse("image " + std::to_string(image.id), "listed twice", "annotations that were mended");
    }
    const bool named = labels.size() == classes_.size();  // else two categories share a name, and ids tell them apart
    for (const Annotation& one : set_.annotations) {
      const auto at = numbers.find(one.image);
      const std::optional<std::int32_t> number = categories.class_of(one.category);
      if (at == numbers.end() || !number)
        refuse("annotation " + std::to_string(one.id), "an unknown image or category", "annotations that were mended");
      const AnnotatedImage& image = set_.images[at->second];
      const Box box = one.box(), inside = intersection(box, {0, 0, double(image.width), double(image.height)});
      if (!one.has_box() || !(inside.area() > 0) || box.x0 <= -0.5 || box.y0 <= -0.5 ||
          box.x1 >= double(image.width) + 0.5 || box.y1 >= double(image.height) + 0.5)
        refuse("annotation " + std::to_string(one.id) + " of " + detail::quoted(image.file),
               "a box that leaves its image or has no area", "annotations that were mended");
      const std::int32_t label = named ? labels.at(categories.names()[static_cast<std::size_t>(*number)]) : *number;
      boxes_[at->second].push_back({inside, label, one.crowd || one.difficult});
    }
  }

  // What an ImageCollection offers.
  Index size() const { return folder_.size(); }
  Index channel_count() const { return folder_.channel_count(); }
  Index class_count() const { return static_cast<Index>(classes_.size()); }
  /// Calls use(ImageView) for image `i`, or one that replaces it. Throws `Error` naming the file if it cannot be
  /// decoded and is not to be skipped, or if it is of another size than annotated.
  template <class Use>
  void with_image(Index i, const Use& use) const {
    folder_.with_image(i, [&](const ImageView& view) {
      ensure_annotated(view.number, view.height, view.width);
      use(view);
    });
  }
  /// Calls use(Boxes::View) with the boxes of image `i`, in pixels of what `with_image` shows.
  template <class Use>
  void with_target(Index i, const Use& use) const {
    const auto at = static_cast<std::size_t>(i);
    if (side_ == 0) return use(Boxes::View(boxes_[at]));
    const auto [height, width] = folder_.shown_size(i);
    ensure_annotated(i, height, width);
    const double down = double(height) / double(set_.images[at].height);
    const double across = double(width) / double(set_.images[at].width);
    std::vector<LabelledBox> scaled = boxes_[at];
    for (LabelledBox& one : scaled)
      one.box = {one.box.x0 * across, one.box.y0 * down, one.box.x1 * across, one.box.y1 * down};
    use(Boxes::View(scaled));
  }

  /// Classes in the order of their labels.
  const std::vector<std::string>& class_names() const { return classes_; }
  /// What was annotated: images in the order of this collection.
  const AnnotationSet& annotations() const { return set_; }
  std::int64_t image_id(Index i) const { return set_.images[static_cast<std::size_t>(i)].id; }
  /// The images alone, with their names and paths.
  const ImageFolder<Formats>& images() const { return folder_; }

 private:
  [[noreturn]] void refuse(const std::string& what, const std::string& found, const std::string& expected) const {
    throw Error(set_.source + ": " + what, found, expected);
  }
  static AnnotationSet in_order(AnnotationSet set) {
    if (set.images.empty()) throw Error(set.source, "no image", "at least one");
    std::stable_sort(set.images.begin(), set.images.end(),
                     [](const AnnotatedImage& a, const AnnotatedImage& b) { return a.id < b.id; });
    return set;
  }
  /// Throws `Error` if a category is not among those that are known.
  static std::vector<std::string> classes_of(const AnnotationSet& set, const std::vector<std::string>& known) {
    const CategoryClasses categories(set.categories);
    if (known.empty()) return categories.names();
    for (const std::string& name : categories.names())
      if (std::find(known.begin(), known.end(), name) == known.end())
        throw Error(set.source, "the category " + detail::quoted(name),
                    "only the " + std::to_string(known.size()) + " known classes, " + detail::quoted(known.front()) +
                        " to " + detail::quoted(known.back()));
    std::set<std::string> names;
    for (const std::string& name : known)
      if (!names.insert(name).second)
        throw Error(set.source, "the class " + detail::quoted(name) + " twice", "classes of different names");
    return known;
  }
  static ImageList list_of(const AnnotationSet& set, const std::vector<std::string>& classes) {
    ImageList list{set.folder, {}, {}, classes};
    for (const AnnotatedImage& image : set.images) list.names.push_back(image.file);
    list.labels.assign(list.names.size(), -1);
    return list;
  }

  /// Throws `Error` unless image `i`, shown in this size, is as large as annotated.
  void ensure_annotated(Index i, Index height, Index width) const {
    const AnnotatedImage& image = set_.images[static_cast<std::size_t>(i)];
    // A reduced image keeps its shape, to a percent where a JPEG file was decoded smaller.
    const bool reduced = side_ > 0 && (std::min)(image.height, image.width) > side_;
    const double across = double(image.width) * double(height) / double(image.height) - double(width);
    if (reduced ? (std::min)(height, width) != side_ || math::fabs(across) > 2 + 0.01 * double(width)
                : height != image.height || width != image.width)
      throw Error(folder_.path(i),
                  std::to_string(height) + " x " + std::to_string(width) + " pixels" + (reduced ? ", reduced" : ""),
                  std::to_string(image.height) + " x " + std::to_string(image.width) + " as annotated");
  }

  AnnotationSet set_;
  std::vector<std::string> classes_;
  Index side_;
  ImageFolder<Formats> folder_;
  std::vector<std::vector<LabelledBox>> boxes_;  // in pixels of the images as annotated
};

/// Decodes the first image, so that what none of them can do shows before the training. All others are checked when
/// they are decoded. Throws `Error` naming the file.
template <class Formats>
void validate(const AnnotatedFolder<Formats>& set, const std::string&) {
  set.with_image(0, [](const ImageView&) {});
}

}  // namespace mae
MAE_PRECISE_END
