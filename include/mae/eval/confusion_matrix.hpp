// What is taken for what: counts by class and prediction, of images or of pixels, and the scores that follow from them.
//
//   ConfusionMatrix matrix(classes);
//   for each image: matrix.add(label, prediction);
//   matrix.accuracy(), matrix.recall(c), matrix.mean(&ConfusionMatrix::f1)
//
// With n[c, k] what is of class c and was called k,
//     recall_c = n[c, c] / Σ_k n[c, k]     precision_c = n[c, c] / Σ_k n[k, c]
//     F1_c = 2 n[c, c] / (Σ_k n[c, k] + Σ_k n[k, c])     IoU_c = n[c, c] / (Σ_k n[c, k] + Σ_k n[k, c] - n[c, c])
// F1 is the harmonic mean of precision and recall, and IoU intersection over union, the index of Jaccard (1912). What
// would be divided by nothing is no number, and takes no part in a mean.
#pragma once
#include <limits>
#include <vector>

#include <mae/core/config.hpp>
#include <mae/core/finite.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct ConfusionMatrix {
  Index classes = 0;
  std::vector<Index> count;  ///< [classes, classes]: of class c, called k

  explicit ConfusionMatrix(Index class_count)
      : classes(class_count), count(static_cast<std::size_t>(class_count * class_count)) {}
  /// One more; both classes are in [0, classes).
  void add(Index truth, Index prediction) { ++count[static_cast<std::size_t>(truth * classes + prediction)]; }

  Index of(Index truth, Index prediction) const {
    return count[static_cast<std::size_t>(truth * classes + prediction)];
  }
  /// How many are of class c, and how many were called so.
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
  /// The share of class c that was found, and of what was called so that is of it.
  double recall(Index c) const { return ratio(of(c, c), truths(c)); }
  double precision(Index c) const { return ratio(of(c, c), predictions(c)); }
  double f1(Index c) const { return ratio(2 * of(c, c), truths(c) + predictions(c)); }
  double iou(Index c) const { return ratio(of(c, c), truths(c) + predictions(c) - of(c, c)); }
  /// The share that was called right.
  double accuracy() const {
    Index right = 0, all = 0;
    for (Index c = 0; c < classes; ++c) right += of(c, c), all += truths(c);
    return ratio(right, all);
  }
  /// The mean of a score over the classes for which it is a number.
  double mean(double (ConfusionMatrix::*score)(Index) const) const {
    double sum = 0;
    Index found = 0;
    for (Index c = 0; c < classes; ++c)
      if (const double value = (this->*score)(c); is_finite(value)) sum += value, ++found;
    return found > 0 ? sum / static_cast<double>(found) : std::numeric_limits<double>::quiet_NaN();
  }

 private:
  static double ratio(Index part, Index whole) {
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole)
                     : std::numeric_limits<double>::quiet_NaN();
  }
};

}  // namespace mae
MAE_PRECISE_END
