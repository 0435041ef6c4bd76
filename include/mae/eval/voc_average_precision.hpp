// Average precision as Pascal VOC defines it, for data sets that are compared so.
//
// One threshold of overlap, and every detection looked at. In order of falling score a detection looks for the truth of
// its class and image that it overlaps most: enough, and it is right if it is the first there, wrong if another was,
// and does not count if the truth is difficult; too little, and it is wrong. AP is the area under precision as a
// function of recall, made non-increasing (VOC 2010 and later), or the mean of it at the recalls 0, 1/10, ..., 1 (VOC
// 2007). Unlike COCO's, a truth that is taken is not passed over for the next. (pycocotools, and average_precision.hpp,
// differ in more: thresholds, limits, 101 recalls.) Source: Everingham et al., "The Pascal visual object classes
// challenge", IJCV 2010, section 4.2, and its devkit.
#pragma once
#include <tuple>

#include <mae/eval/detection_matching.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct VocOptions {
  double iou_threshold = 0.5;
  bool eleven_points = false;  ///< as in 2007
};

namespace detail {
/// The area under precisions at the detections that are right, of `truths`, or the mean of eleven points of it.
inline double voc_area(std::vector<double> precision, Index truths, bool eleven_points) {
  for (std::size_t i = precision.size(); i > 1; --i) precision[i - 2] = (std::max)(precision[i - 2], precision[i - 1]);
  const auto right = static_cast<Index>(precision.size());
  double sum = 0;
  if (!eleven_points) {
    for (const double one : precision) sum += one;
    return sum / static_cast<double>(truths);
  }
  for (Index tenth = 0; tenth <= 10; ++tenth) {
    const Index least = (std::max)((tenth * truths + 9) / 10, Index{1});  // right detections at this recall
    if (least <= right) sum += precision[static_cast<std::size_t>(least - 1)];
  }
  return sum / 11;
}
}  // namespace detail

/// The AP of each category; -1 for one without truths that count. A truth that is difficult has `crowd`; areas play no
/// part. Throws mae::Error as `average_precision` does.
inline std::vector<double> voc_average_precision(Index images, Index categories,
                                                 const std::vector<GroundTruth<CocoBox>>& truths,
                                                 const std::vector<DetectionResult<CocoBox>>& detections,
                                                 const VocOptions& options = {}) {
  detail::ensure_countable(images, categories, truths, detections);
  const auto key = [](const auto& one) { return std::pair(one.category, one.image); };
  const std::vector<std::size_t> by_image = detail::ordered(truths, key);
  const std::vector<std::size_t> by_score =
      detail::ordered(detections, [](const auto& one) { return std::tuple(one.category, -one.score, one.image); });
  std::vector<Index> counted(static_cast<std::size_t>(categories));
  for (const auto& truth : truths) counted[static_cast<std::size_t>(truth.category)] += truth.crowd ? 0 : 1;
  std::vector<bool> taken(truths.size());
  std::vector<double> areas, precision;
  for (std::size_t next = 0; const Index count : counted) {
    const auto category = static_cast<Index>(areas.size());
    Index wrong = 0;
    precision.clear();
    for (; next < by_score.size() && detections[by_score[next]].category == category; ++next) {
      const DetectionResult<CocoBox>& one = detections[by_score[next]];
      auto at = std::lower_bound(by_image.begin(), by_image.end(), key(one),
                                 [&](std::size_t i, const auto& wanted) { return key(truths[i]) < wanted; });
      double most = 0;
      std::size_t best = truths.size();
      for (; at != by_image.end() && key(truths[*at]) == key(one); ++at)
        if (const double much = overlap(one.shape, truths[*at].shape, false); much > most) most = much, best = *at;
      const bool enough = best < truths.size() && most >= options.iou_threshold;
      if (enough && truths[best].crowd) continue;
      if (!enough || taken[best]) {
        ++wrong;
        continue;
      }
      taken[best] = true;
      const auto right = static_cast<double>(precision.size() + 1);
      precision.push_back(right / (right + static_cast<double>(wrong)));
    }
    areas.push_back(count > 0 ? detail::voc_area(precision, count, options.eleven_points) : -1);
  }
  return areas;
}

}  // namespace mae
MAE_PRECISE_END
