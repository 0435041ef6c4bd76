// Images with annotated boxes, as `Source` opens them: they are mended first, and what was wrong is told.
#pragma once
#include <mae/io/annotations/annotations.hpp>

#include "source.hpp"

namespace program {

struct BoxSettings {
  Settings& all;

  Text annotations{
      all, "annotations", "",
      "of the images of data: COCO's JSON, or a folder of Pascal VOC's XML or YOLO's texts; open: data has "
      "them in it",
      Scope::runtime};
  Text validation_annotations{all, "validation_annotations", "", "the same for the images of validation",
                              Scope::runtime};
  Text faults{all, "faults", "refuse", "what becomes of faults of annotations that can be mended",
              one_of({"refuse", "mend"})};
  Switch missing_is_empty{all, "missing_is_empty", false,
                          "YOLO: an image without a text has no objects; else it is left out"};
};

/// What can be asked of such a collection beside.
class OpenedBoxes : public Opened {
 public:
  /// What was annotated, mended; images in the order of the collection.
  virtual const mae::AnnotationSet& annotations() const = 0;
};

/// Of each class the id of its category in a set, which may lack it.
using CategoryIds = std::vector<std::optional<std::int64_t>>;
/// Those of the classes that have `names` in the order of their numbers.
CategoryIds category_ids(const mae::AnnotationSet& set, const std::vector<std::string>& names);
/// The objects of each image of a set, in pixels of its file.
std::vector<std::vector<mae::LabelledBox>> objects_by_image(const mae::AnnotationSet& set, const CategoryIds& ids);
/// Some images of a set, by their numbers there, with what was annotated of them.
mae::AnnotationSet part_of(const mae::AnnotationSet& set, const std::vector<mae::Index>& numbers);

/// Opens them, tells every fault, and throws mae::Error if one is refused. `settings` must outlive it.
Opener box_opener(const DataSettings& settings, const BoxSettings& boxes, mae::Index channels);

}  // namespace program
