// Which detection finds which true object, by COCO's rules.
//
// Detections come best score first and each takes the free truth that it overlaps most, by at least the threshold; of
// equal overlaps the later truth. A truth is free until it is taken, a crowd always. Truths that do not count (crowds,
// sizes not asked for) come last and are taken only if none that counts will do. Overlaps are those of pycocotools to
// the last bit, in x, y, width and height as COCO writes boxes: at thresholds and ties a bit decides.
#pragma once
#include <algorithm>
#include <concepts>
#include <numeric>

#include <mae/core/finite.hpp>
#include <mae/core/math.hpp>
#include <mae/core/product.hpp>
#include <mae/data/run_length.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A box as COCO writes it: its upper left corner, and its size.
struct CocoBox {
  double x = 0, y = 0, width = 0, height = 0;
  friend constexpr bool operator==(const CocoBox&, const CocoBox&) = default;
};
constexpr CocoBox coco_box(const Box& box) { return {box.x0, box.y0, box.width(), box.height()}; }

inline double area_of(const CocoBox& box) { return math::product(box.width, box.height); }
inline double area_of(const RunLengthMask& mask) { return static_cast<double>(mask.area()); }

/// Intersection over union; over the area of the detection, if the truth is a crowd.
inline double overlap(const CocoBox& detection, const CocoBox& truth, bool crowd) {
  const double width =
      math::fmin(detection.x + detection.width, truth.x + truth.width) - math::fmax(detection.x, truth.x);
  const double height =
      math::fmin(detection.y + detection.height, truth.y + truth.height) - math::fmax(detection.y, truth.y);
  if (width <= 0 || height <= 0) return 0;
  const double shared = math::product(width, height), area = area_of(detection);
  return shared / (crowd ? area : area + area_of(truth) - shared);
}
inline double overlap(const RunLengthMask& detection, const RunLengthMask& truth, bool crowd) {
  return mask_iou(detection, truth, crowd);
}

/// An object as annotated; its shape is a `CocoBox` or a `RunLengthMask`.
template <class Shape>
struct GroundTruth {
  Index image = 0, category = 0;
  Shape shape;
  double area = 0;     ///< in pixels; COCO's files give that of the mask also for boxes
  bool crowd = false;  ///< many objects as one: it need not be found, and detections within it are not wrong
};

/// An object as found.
template <class Shape>
struct DetectionResult {
  Index image = 0, category = 0;
  Shape shape;
  double score = 0;
};

namespace detail {

/// Throws mae::Error unless images and categories have numbers from 0, and all numbers are finite.
template <class Shape>
void ensure_countable(Index images, Index categories, const std::vector<GroundTruth<Shape>>& truths,
                      const std::vector<DetectionResult<Shape>>& results) {
  const auto each = [&](const char* kind, const auto& objects, const auto& number_of) {
    for (std::size_t i = 0; i < objects.size(); ++i) {
      const auto within = [&](const char* what, Index found, Index count) {
        if (found < 0 || found >= count)
          throw Error(kind + std::to_string(i), what + (" " + std::to_string(found)),
                      "one of " + std::to_string(count) + ", numbered from 0");
      };
      const auto finite = [&](const double& number) {
        if (!is_finite(number)) throw Error(kind + std::to_string(i), "a number that is not finite", "finite numbers");
      };
      within("image", objects[i].image, images);
      within("category", objects[i].category, categories);
      finite(number_of(objects[i]));
      if constexpr (std::same_as<Shape, CocoBox>)
        for (const double* number :
             {&objects[i].shape.x, &objects[i].shape.y, &objects[i].shape.width, &objects[i].shape.height})
          finite(*number);
    }
  };
  each("truth ", truths, [](const auto& truth) -> const double& { return truth.area; });
  each("detection ", results, [](const auto& one) -> const double& { return one.score; });
}

/// Indices of objects by rising key, equal ones as given.
template <class Object, class Key>
std::vector<std::size_t> ordered(const std::vector<Object>& objects, const Key& key) {
  std::vector<std::size_t> order(objects.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return key(objects[a]) < key(objects[b]); });
  return order;
}

}  // namespace detail

/// What matching asks of a truth.
struct TruthKind {
  bool crowd = false;
  bool ignored = false;  ///< does not count
};

/// Matches the detections of one image and category with its truths.
///
/// `overlaps` is [detections, truths], the detections in order of falling score. Gives for each detection the truth
/// that it takes, or -1. One object serves many calls and keeps its memory.
class DetectionMatching {
 public:
  const std::vector<Index>& operator()(std::span<const double> overlaps, std::span<const TruthKind> truths,
                                       Index detections, double threshold) {
    const std::size_t count = truths.size();
    order_.clear();
    for (const bool ignored : {false, true})
      for (std::size_t g = 0; g < count; ++g)
        if (truths[g].ignored == ignored) order_.push_back(g);
    taken_.assign(count, false);
    found_.assign(static_cast<std::size_t>(detections), -1);
    for (std::size_t d = 0; d < found_.size(); ++d) {
      double best = (std::min)(threshold, 1 - 1e-10);
      Index& found = found_[d];
      for (const std::size_t g : order_) {
        if (taken_[g] && !truths[g].crowd) continue;
        if (found >= 0 && truths[g].ignored && !truths[static_cast<std::size_t>(found)].ignored) break;
        if (overlaps[d * count + g] < best) continue;
        best = overlaps[d * count + g];
        found = static_cast<Index>(g);
      }
      if (found >= 0) taken_[static_cast<std::size_t>(found)] = true;
    }
    return found_;
  }

 private:
  std::vector<std::size_t> order_;
  std::vector<bool> taken_;
  std::vector<Index> found_;
};

}  // namespace mae
MAE_PRECISE_END
