// Average precision as COCO defines it, to the last digit of pycocotools.
//
//   const DetectionScores scores = average_precision(images, categories, truths, detections);
//   for (const NamedScore& score : scores.summary()) std::cout << score.text() << '\n';
//
// For a category, a range of areas, a number m and a threshold of overlap: the m best detections of the category in
// each image are matched with its truths (detection_matching.hpp). In order of falling score over all images, those
// that found a truth are right; those that found one that does not count, or found none and have an area outside the
// range, do not count; the others are wrong. After each, precision is right / (right + wrong) and recall
// right / truths. Precision is made non-increasing from the end, and read at the recalls 0, 0.01, ..., 1: it is 0
// beyond the last recall. Equal scores go by image, then as given. Images and categories are numbered from 0; to agree
// with pycocotools, number them by their ids. Source: Lin et al., "Microsoft COCO: common objects in context", ECCV
// 2014, and pycocotools' COCOeval.
#pragma once
#include <tuple>

#include <mae/eval/detection_matching.hpp>
#include <mae/eval/detection_scores.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

template <class Shape>
class DetectionEvaluation {
 public:
  using Truths = std::vector<GroundTruth<Shape>>;
  using Results = std::vector<DetectionResult<Shape>>;

  DetectionEvaluation(Index images, Index categories, const Truths& truths, const Results& results,
                      const AveragePrecisionOptions& options)
      : truths_(truths), results_(results), scores_(categories, options) {
    ensure_countable(images, categories, truths, results);
  }

  DetectionScores run() {
    const auto key = [](const auto& one) { return std::pair(one.category, one.image); };
    const std::vector<std::size_t> t = ordered(truths_, key);
    const std::vector<std::size_t> d =
        ordered(results_, [](const auto& one) { return std::tuple(one.category, one.image, -one.score); });
    for (std::size_t i = 0, j = 0, k = 0; k < static_cast<std::size_t>(scores_.categories()); ++k) {
      clear();
      const auto here = [&](const auto& all, const auto& order, std::size_t at) {
        return at < order.size() && all[order[at]].category == static_cast<Index>(k);
      };
      while (here(truths_, t, i) || here(results_, d, j)) {
        const bool truth_first =
            here(truths_, t, i) && (!here(results_, d, j) || truths_[t[i]].image <= results_[d[j]].image);
        const auto group = truth_first ? key(truths_[t[i]]) : key(results_[d[j]]);
        const std::size_t first_truth = i, first_result = j;
        while (i < t.size() && key(truths_[t[i]]) == group) ++i;
        while (j < d.size() && key(results_[d[j]]) == group) ++j;
        const std::size_t looked_at = (std::min)(j - first_result, static_cast<std::size_t>(options().most.back()));
        match_image(std::span(t).subspan(first_truth, i - first_truth), std::span(d).subspan(first_result, looked_at));
      }
      accumulate(static_cast<Index>(k));
    }
    return std::move(scores_);
  }

 private:
  enum Verdict : std::uint8_t { right, wrong, uncounted };

  const Truths& truths_;
  const Results& results_;
  DetectionScores scores_;
  // Of the category at hand: for each detection its score, its place among those of its image, and the verdict of each
  // [area, threshold].
  std::vector<double> score_;
  std::vector<Index> rank_;
  std::vector<Verdict> verdicts_;
  std::vector<Index> counted_;  // truths, by area
  std::vector<double> overlaps_;
  std::vector<TruthKind> kinds_;
  DetectionMatching matching_;

  const AveragePrecisionOptions& options() const { return scores_.options(); }

  void clear() {
    score_.clear();
    rank_.clear();
    verdicts_.clear();
    counted_.assign(options().areas.size(), 0);
  }

  void match_image(std::span<const std::size_t> truths, std::span<const std::size_t> results) {
    fill_overlaps(truths, results);
    const std::size_t thresholds = options().thresholds.size(), kept = verdicts_.size();
    const std::size_t stride = thresholds * options().areas.size();
    verdicts_.resize(kept + results.size() * stride);
    for (std::size_t i = 0; i < results.size(); ++i) {
      score_.push_back(results_[results[i]].score);
      rank_.push_back(static_cast<Index>(i));
    }
    for (std::size_t a = 0; a < options().areas.size(); ++a) {
      const AreaRange& range = options().areas[a];
      const auto outside = [&](double area) { return area < range.low || area > range.high; };
      kinds_.clear();
      for (const std::size_t g : truths) {
        kinds_.push_back({truths_[g].crowd, truths_[g].crowd || outside(truths_[g].area)});
        counted_[a] += kinds_.back().ignored ? 0 : 1;
      }
      for (std::size_t t = 0; t < thresholds; ++t) {
        const auto& found = matching_(overlaps_, kinds_, static_cast<Index>(results.size()), options().thresholds[t]);
        for (std::size_t i = 0; i < results.size(); ++i) {
          const bool counts = found[i] >= 0 ? !kinds_[static_cast<std::size_t>(found[i])].ignored
                                            : !outside(area_of(results_[results[i]].shape));
          verdicts_[kept + i * stride + a * thresholds + t] = !counts ? uncounted : found[i] >= 0 ? right : wrong;
        }
      }
    }
  }

  /// [results, truths]. Masks whose boxes do not meet need not be looked at.
  void fill_overlaps(std::span<const std::size_t> truths, std::span<const std::size_t> results) {
    overlaps_.clear();
    const auto boxes_of = [](const auto& objects, std::span<const std::size_t> chosen) {
      std::vector<Box> boxes;
      if constexpr (std::same_as<Shape, RunLengthMask>)
        for (const std::size_t i : chosen) {
          ensure_same_image(objects[chosen[0]].shape, objects[i].shape);
          boxes.push_back(objects[i].shape.box());
        }
      return boxes;
    };
    const std::vector<Box> truth_boxes = boxes_of(truths_, truths), boxes = boxes_of(results_, results);
    if constexpr (std::same_as<Shape, RunLengthMask>)
      if (!boxes.empty() && !truth_boxes.empty())
        ensure_same_image(truths_[truths[0]].shape, results_[results[0]].shape);
    for (std::size_t d = 0; d < results.size(); ++d)
      for (std::size_t g = 0; g < truths.size(); ++g) {
        const auto& truth = truths_[truths[g]];
        const bool apart = !boxes.empty() && intersection(boxes[d], truth_boxes[g]).area() == 0;
        overlaps_.push_back(apart ? 0 : overlap(results_[results[d]].shape, truth.shape, truth.crowd));
      }
  }

  /// The verdicts of a category in order of score make its precisions and recalls.
  void accumulate(Index k) {
    const std::vector<std::size_t> order = ordered(score_, [](double score) { return -score; });
    const Index stride = scores_.thresholds() * scores_.areas();
    std::vector<double> precision;  // at each detection that is right: recall grows there alone
    for (Index a = 0; a < scores_.areas(); ++a) {
      const Index count = scores_.truths(k, a) = counted_[static_cast<std::size_t>(a)];
      if (count == 0) continue;
      for (Index m = 0; m < scores_.limits(); ++m) {
        const Index most = options().most[static_cast<std::size_t>(m)];
        for (Index t = 0; t < scores_.thresholds(); ++t) {
          const auto place = static_cast<std::size_t>(a * scores_.thresholds() + t);
          precision.clear();
          double wrongs = 0;
          for (const std::size_t i : order) {
            if (rank_[i] >= most) continue;
            const Verdict verdict = verdicts_[i * static_cast<std::size_t>(stride) + place];
            if (verdict == wrong) ++wrongs;
            if (verdict != right) continue;
            const double rights = static_cast<double>(precision.size() + 1);
            precision.push_back(rights / (wrongs + rights + 0x1p-52));
          }
          const auto recall = [&](std::size_t rights) {
            return static_cast<double>(rights) / static_cast<double>(count);
          };
          scores_.recall(t, k, a, m) = recall(precision.size());
          for (std::size_t i = precision.size(); i > 1; --i)
            precision[i - 2] = (std::max)(precision[i - 2], precision[i - 1]);
          std::size_t i = 0;
          for (Index r = 0; r < DetectionScores::recalls; ++r) {
            while (i < precision.size() && recall(i + 1) < DetectionScores::recall_point(r)) ++i;
            scores_.precision(t, r, k, a, m) = i < precision.size() ? precision[i] : 0;
          }
        }
      }
    }
  }
};

}  // namespace detail

/// The scores of detections in `images` images, of `categories` categories. All shapes are boxes, or all are masks.
/// Throws mae::Error if an image or category has another number, a number is not finite, or masks of one image differ
/// in size.
template <class Shape>
DetectionScores average_precision(Index images, Index categories, const std::vector<GroundTruth<Shape>>& truths,
                                  const std::vector<DetectionResult<Shape>>& detections,
                                  const AveragePrecisionOptions& options = {}) {
  return detail::DetectionEvaluation<Shape>(images, categories, truths, detections, options).run();
}

}  // namespace mae
MAE_PRECISE_END
