// Non-maximum suppression: of detections that overlap, the best alone.
//
// A detector tells of one object several times, from neighbouring places. Going from the best score to the worst, a
// detection is kept unless one of its class that is kept already overlaps it by more than the threshold. Equal scores
// go in the order given. Classes are compared as numbers, so each class is suppressed by itself, to the same bits
// (torchvision.ops.batched_nms moves the boxes of each class to a place of their own, which costs them digits).
#pragma once
#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <mae/core/error.hpp>
#include <mae/core/finite.hpp>
#include <mae/data/box_overlap.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct SuppressionOptions {
  double iou_threshold = 0.5;   ///< a detection goes if it overlaps a better one by more than this
  Index most = 100;             ///< detections kept at most, over all classes
  bool across_classes = false;  ///< a detection of any class suppresses others
};

/// Indices of the detections in order of falling score, equal ones as given. Throws mae::Error if one is not finite.
inline std::vector<Index> by_score(std::span<const Detection> detections) {
  for (std::size_t i = 0; i < detections.size(); ++i)
    if (!is_finite(detections[i].score))
      throw Error("detection " + std::to_string(i), "a score that is not finite", "a number");
  std::vector<Index> order(detections.size());
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
    return detections[static_cast<std::size_t>(a)].score > detections[static_cast<std::size_t>(b)].score;
  });
  return order;
}

/// Indices of the detections of one image that are kept, the best first. Throws mae::Error if a score is not finite.
inline std::vector<Index> suppress(std::span<const Detection> detections, const SuppressionOptions& options = {}) {
  std::vector<Index> kept;
  for (const Index i : by_score(detections)) {
    if (static_cast<Index>(kept.size()) >= options.most) break;
    const Detection& one = detections[static_cast<std::size_t>(i)];
    const bool told = std::any_of(kept.begin(), kept.end(), [&](Index k) {
      const Detection& better = detections[static_cast<std::size_t>(k)];
      return (options.across_classes || better.label == one.label) &&
             box_iou(better.box, one.box) > options.iou_threshold;
    });
    if (!told) kept.push_back(i);
  }
  return kept;
}

}  // namespace mae
MAE_PRECISE_END
