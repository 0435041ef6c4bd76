// How good class maps are: intersection over union, and accuracy, from counts of pixels.
//
// With n[c, k] the pixels of class c that were called k, of all images together,
//     IoU_c = n[c, c] / (Σ_k n[c, k] + Σ_k n[k, c] - n[c, c])     recall_c = n[c, c] / Σ_k n[c, k]
// and mIoU and mAcc are their means over the classes for which they are numbers: those that occur, in truth or
// prediction, and in truth. aAcc is the share of pixels called right. It is not a mean of images' scores. Pixels
// without a class take no part.
#pragma once
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <mae/core/error.hpp>
#include <mae/core/finite.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Pixels by class and prediction.
struct SegmentationScores {
  Index classes = 0;
  std::vector<Index> count;  ///< [classes, classes]: of class c, called k

  explicit SegmentationScores(Index class_count)
      : classes(class_count), count(static_cast<std::size_t>(class_count * class_count)) {}
  /// One pixel; both classes are in [0, classes).
  void add(Index truth, Index prediction) { ++count[static_cast<std::size_t>(truth * classes + prediction)]; }
  /// The pixels of an image; those of truth 255 take no part. Throws mae::Error if there are not as many of both, or
  /// one has another class.
  void add(std::span<const std::uint8_t> truth, std::span<const std::uint8_t> prediction) {
    if (truth.size() != prediction.size())
      throw Error("predicted classes", std::to_string(prediction.size()) + " pixels", std::to_string(truth.size()));
    for (std::size_t i = 0; i < truth.size(); ++i) {
      if (truth[i] == 255) continue;
      if (truth[i] >= classes || prediction[i] >= classes)
        throw Error(truth[i] >= classes ? "true classes" : "predicted classes",
                    "class " + std::to_string(truth[i] >= classes ? truth[i] : prediction[i]),
                    "classes below " + std::to_string(classes));
      add(Index{truth[i]}, Index{prediction[i]});
    }
  }

  /// Intersection over union of class c; not a number if it does not occur.
  double iou(Index c) const { return ratio(of(c, c), truths(c) + predictions(c) - of(c, c)); }
  /// The share of class c that was found; not a number if it does not occur in truth.
  double recall(Index c) const { return ratio(of(c, c), truths(c)); }
  double mean_iou() const {
    return mean([this](Index c) { return iou(c); });
  }
  double mean_accuracy() const {
    return mean([this](Index c) { return recall(c); });
  }
  double pixel_accuracy() const {
    Index right = 0, all = 0;
    for (Index c = 0; c < classes; ++c) right += of(c, c), all += truths(c);
    return ratio(right, all);
  }

 private:
  static constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  Index of(Index truth, Index prediction) const {
    return count[static_cast<std::size_t>(truth * classes + prediction)];
  }
  Index truths(Index c) const {
    Index sum = 0;
    for (Index k = 0; k < classes; ++k) sum += of(c, k);
    return sum;
  }
  Index predictions(Index c) const {
    Index sum = 0;
    for (Index k = 0; k < classes; ++k) sum += of(k, c);
    return sum;
  }
  static double ratio(Index part, Index whole) {
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : nan;
  }
  template <class Value>
  double mean(const Value& value) const {
    double sum = 0;
    Index found = 0;
    for (Index c = 0; c < classes; ++c)
      if (const double v = value(c); is_finite(v)) sum += v, ++found;
    return found > 0 ? sum / static_cast<double>(found) : nan;
  }
};

}  // namespace mae
MAE_PRECISE_END
