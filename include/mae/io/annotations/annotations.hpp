// An annotated data set in memory, whatever format it came from: images, categories, and what was annotated.
//
// It is COCO's model, for all others fit into it: things have ids, which may have gaps; a box is x, y, width and height
// in continuous pixels of its image, kept as they were written, so that what is read is written back to the last digit.
// What a format says beyond that (a licence, keypoints) is kept as text and written back.
//
// A model knows classes in [0, classes), which are the categories in the order of their ids: `class_of`.
#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include <mae/data/polygon.hpp>
#include <mae/io/annotations/findings.hpp>
#include <mae/io/files/checked_size.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct Category {
  std::int64_t id = 0;
  std::string name{};
  std::string more{};  ///< other members of its JSON object, "key": value, ..., or nothing
};

struct AnnotatedImage {
  std::int64_t id = 0;
  std::string file{};           ///< below the folder of images
  Index height = 0, width = 0;  ///< as annotated; 0: not said
  std::string more{};
};

struct Annotation {
  static constexpr std::int64_t no_id = INT64_MIN;

  std::int64_t id = no_id;
  std::int64_t image = 0, category = 0;
  double x = not_said, y = not_said, width = not_said, height = not_said;
  double area = not_said;                       ///< of the object, which its mask says better than its box
  bool crowd = false;                           ///< a group of objects
  bool difficult = false;                       ///< neither learnt nor evaluated
  std::vector<std::vector<double>> polygons{};  ///< outlines, x0, y0, x1, y1, ...: the object is their union
  std::optional<RunLengthMask> mask{};
  std::string more{};

  static constexpr double not_said = __builtin_nan("");
  bool has_box() const { return is_finite(x) && is_finite(y) && is_finite(width) && is_finite(height); }
  Box box() const { return {x, y, x + width, y + height}; }
  void set_box(const Box& box) { x = box.x0, y = box.y0, width = box.width(), height = box.height(); }
  bool has_segmentation() const { return mask || !polygons.empty(); }
};

struct AnnotationSet {
  std::string source;  ///< the file or folder that it was read from
  std::vector<AnnotatedImage> images{};
  std::vector<Category> categories{};
  std::vector<Annotation> annotations{};
  std::string more{};        ///< other members of the JSON file
  std::string folder{};      ///< of images, if the format says where they are
  Findings findings{};       ///< faults seen on reading
  std::string part{};        ///< the list of names that chose its images, or "": all of the set
  std::string left_alone{};  ///< of a part to train on: the one to look at, or its list, or ""
};

/// The smallest box around the corners of polygons, which are finite.
inline Box extent_of(const std::vector<std::vector<double>>& polygons) {
  Box box{1e300, 1e300, -1e300, -1e300};
  for (const std::vector<double>& polygon : polygons)
    for (std::size_t i = 0; i + 1 < polygon.size(); i += 2) {
      box.x0 = (std::min)(box.x0, polygon[i]), box.x1 = (std::max)(box.x1, polygon[i]);
      box.y0 = (std::min)(box.y0, polygon[i + 1]), box.y1 = (std::max)(box.y1, polygon[i + 1]);
    }
  return box;
}

/// The classes of a set: its categories in the order of their ids.
class CategoryClasses {
 public:
  explicit CategoryClasses(const std::vector<Category>& categories) {
    std::map<std::int64_t, const Category*> ordered;
    for (const Category& category : categories) ordered.emplace(category.id, &category);
    for (const auto& [id, category] : ordered) {
      numbers_.emplace(id, static_cast<std::int32_t>(ids_.size()));
      ids_.push_back(id);
      names_.push_back(category->name);
    }
  }
  Index count() const { return static_cast<Index>(ids_.size()); }
  const std::vector<std::string>& names() const { return names_; }
  /// The category of a class.
  std::int64_t id(std::int32_t number) const { return ids_[static_cast<std::size_t>(number)]; }
  /// The class of a category, if there is one with that id.
  std::optional<std::int32_t> class_of(std::int64_t id) const {
    const auto at = numbers_.find(id);
    return at == numbers_.end() ? std::nullopt : std::optional(at->second);
  }

 private:
  std::vector<std::int64_t> ids_;
  std::vector<std::string> names_;
  std::map<std::int64_t, std::int32_t> numbers_;
};

/// The pixels of an annotation in its image of height x width: of its mask, its polygons, or its box. Throws mae::Error
/// about `subject` if its mask is of another size, or if it has none of them.
inline RunLengthMask mask_of(const Annotation& annotation, Index height, Index width, const std::string& subject) {
  if (annotation.mask) {
    if (annotation.mask->height() != height || annotation.mask->width() != width)
      throw Error(subject,
                  "a mask of " + std::to_string(annotation.mask->height()) + " x " +
                      std::to_string(annotation.mask->width()) + " pixels",
                  std::to_string(height) + " x " + std::to_string(width) + " as its image has");
    return *annotation.mask;
  }
  if (!annotation.polygons.empty()) return polygons_mask(height, width, annotation.polygons, subject);
  if (!annotation.has_box()) throw Error(subject, "an annotation of nothing", "a mask, polygons or a box");
  return box_mask(height, width, annotation.box(), subject);
}

}  // namespace mae
MAE_PRECISE_END
