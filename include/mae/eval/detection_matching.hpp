// Which detection finds which true object, by COCO's rules.
//
// Detections come best score first and each takes the free truth that it overlaps most, by at least the threshold; of
// equal overlaps the later truth. A truth is free until it is taken, a crowd always. Truths that do not count (crowds,
// sizes not asked for) come last and are taken only if none that counts will do. Overlaps are those of pycocotools to
// the last bit, in x, y, width and height as COCO writes boxes: at thresholds and ties a bit decides.
#pragma once
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
