// From files to scores: the objects of a data set and the results of a model as what average_precision.hpp compares.
//
//   const EvaluatedSet set(read_coco("instances_val2017.json"));
//   const DetectionScores scores = average_precision(set.images(), set.categories(), set.truths<CocoBox>(),
//                                                    set.results<CocoBox>(read_coco_results("results.json")));
//
// Images and categories are numbered in the order of their ids, as pycocotools has them; boxes are the four numbers of
// the file. A result of a category that the data set has not is not looked at, as there. Truths that are difficult
// count as ignored, which for COCO's rules is a crowd. What evaluates a set mends it first (doctor.hpp), or what is
// wrong with it is wrong with the scores.
#pragma once
#include <mae/eval/average_precision.hpp>
#include <mae/io/annotations/coco_results.hpp>

MAE_PRECISE_BEGIN
namespace mae {

class EvaluatedSet {
 public:
  explicit EvaluatedSet(AnnotationSet set) : set_(std::move(set)), classes_(set_.categories) {
    std::map<std::int64_t, const AnnotatedImage*> ordered;
    for (const AnnotatedImage& image : set_.images) ordered.emplace(image.id, &image);
    for (const auto& [id, image] : ordered) images_.emplace(id, Numbered{static_cast<Index>(images_.size()), image});
  }
  EvaluatedSet(const EvaluatedSet&) = delete;
  EvaluatedSet& operator=(const EvaluatedSet&) = delete;

  Index images() const { return static_cast<Index>(images_.size()); }
  Index categories() const { return classes_.count(); }
  const CategoryClasses& classes() const { return classes_; }

  /// What was annotated, as boxes (`CocoBox`) or masks (`RunLengthMask`, of `mask_of`). Throws `Error` if an annotation
  /// is of an unknown image or category, or has no such shape.
  template <class Shape>
  std::vector<GroundTruth<Shape>> truths() const {
    std::vector<GroundTruth<Shape>> truths;
    for (const Annotation& one : set_.annotations) {
      const std::string place = set_.source + ": annotation " + std::to_string(one.id);
      const Numbered& image = image_of(one.image, place);
      const std::optional<std::int32_t> category = classes_.class_of(one.category);
      if (!category) throw Error(place, "category " + std::to_string(one.category), "one of the data set");
      if (std::is_same_v<Shape, CocoBox> && !one.has_box()) throw Error(place, "no box", "one");
      const double area = is_finite(one.area) ? one.area : one.width * one.height;
      truths.push_back(
          {image.number, Index{*category}, shape<Shape>(one, image, place), area, one.crowd || one.difficult});
    }
    return truths;
  }

  /// What was found. Throws `Error` if a result is of an unknown image, or has no such shape.
  template <class Shape>
  std::vector<DetectionResult<Shape>> results(std::span<const CocoResult> found) const {
    std::vector<DetectionResult<Shape>> results;
    for (const CocoResult& one : found) {
      const std::string place = "result " + std::to_string(&one - found.data());
      const Numbered& image = image_of(one.image, place);
      const std::optional<std::int32_t> category = classes_.class_of(one.category);
      if (!category) continue;
      if (std::is_same_v<Shape, RunLengthMask> && !one.mask) throw Error(place, "no segmentation", "run lengths");
      results.push_back({image.number, Index{*category}, shape<Shape>(one, image, place), one.score});
    }
    return results;
  }

 private:
  struct Numbered {
    Index number;
    const AnnotatedImage* image;
  };
  const Numbered& image_of(std::int64_t id, const std::string& place) const {
    const auto at = images_.find(id);
    if (at == images_.end()) throw Error(place, "image " + std::to_string(id), "one of " + set_.source);
    return at->second;
  }
  template <class Shape, class Object>
  static Shape shape(const Object& one, const Numbered& image, const std::string& place) {
    if constexpr (std::is_same_v<Shape, CocoBox>) return {one.x, one.y, one.width, one.height};
    else if constexpr (std::is_same_v<Object, CocoResult>) return *one.mask;
    else return mask_of(one, image.image->height, image.image->width, place);
  }

  AnnotationSet set_;
  CategoryClasses classes_;
  std::map<std::int64_t, Numbered> images_;
};

}  // namespace mae
MAE_PRECISE_END
