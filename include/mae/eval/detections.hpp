// From what a detector says of each place to boxes with a class and a score.
//
//   for_each_detection(weights, images, normalization,
//                      [](Index image, const std::vector<mae::Detection>& found) { ... });
//
// A place that is of class k with probability p and central with c gives a box of that class with the score √(p c): the
// geometric mean, as torchvision's FCOS has it. Of an image: all boxes of `least_score` or more, the best `per_level`
// of each map, cut off at the image's edge; of boxes of a class that overlap the better one (eval/suppression.hpp); the
// best `most` of these, the best first. Equal scores are in the order of places, then classes, so the result is the
// same anywhere. Boxes are in pixels of the images that went in, whatever part of them the model saw, in which size.
#pragma once
#include <algorithm>
#include <vector>

#include <mae/core/levels.hpp>
#include <mae/core/math.hpp>
#include <mae/core/option.hpp>
#include <mae/data/boxes.hpp>
#include <mae/data/fit.hpp>
#include <mae/eval/metrics.hpp>
#include <mae/eval/suppression.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct DetectionOptions {
  double least_score = 0.05;
  Index per_level = 1000;
  double iou_threshold = 0.6;  ///< up to which two boxes of a class are two objects
  Index most = 100;            ///< of an image

  /// Calls visit(name, value, range) for each.
  template <class Options, class Visit>
  static void each(Options& options, const Visit& visit) {
    auto& [least_score, per_level, iou_threshold, most] = options;  // all there are, or this does not compile
    visit("least_score", least_score, OptionRange::below_one());
    visit("per_level", per_level, OptionRange::from_one());
    visit("iou_threshold", iou_threshold, OptionRange::below_one());
    visit("most", most, OptionRange::from_one());
  }
};

/// The boxes of one image before any is suppressed, map after map, the best of each first: out of `outputs`
/// [places, classes + 5] (model/detector.hpp), cut off at the edges of `shown`, all in pixels of the model's input.
template <class LevelsType, class T>
std::vector<Detection> candidates(const T* outputs, Index classes, const Box& shown, const DetectionOptions& options) {
  const auto sigmoid = [](double x) { return 1 / (1 + math::exp(-x)); };
  // c is at most 1, so √p must be a score itself: for most places a look at the logit is all.
  const double least = options.least_score * options.least_score;
  const double least_logit = least > 0 ? math::log(least / (1 - least)) - 1e-6 : -1e300;
  const Index width = classes + 5;
  struct Candidate {
    double score;
    Index place, label;
  };
  std::vector<Detection> found;
  std::vector<Candidate> best;
  for (const Level& level : LevelsType::all) {
    best.clear();
    for (Index place = level.first; place < level.first + level.places(); ++place) {
      const T* const at = outputs + place * width;
      const double central = sigmoid(double(at[classes + 4]));
      for (Index k = 0; k < classes; ++k)
        if (const double logit = double(at[k]); !(logit < least_logit)) {
          const double score = math::sqrt(sigmoid(logit) * central);
          if (!is_finite(score))
            throw Error("the detector", "a score that is no number", "finite weights: has its training diverged?");
          if (score >= options.least_score) best.push_back({score, place, k});
        }
    }
    const auto kept = best.begin() + (std::min)(options.per_level, static_cast<Index>(best.size()));
    std::partial_sort(best.begin(), kept, best.end(), [](const Candidate& a, const Candidate& b) {
      return a.score != b.score ? a.score > b.score : a.place != b.place ? a.place < b.place : a.label < b.label;
    });
    for (auto one = best.begin(); one != kept; ++one) {
      const T* const at = outputs + one->place * width + classes;
      const double stride = double(level.stride);
      const Index p = one->place - level.first;
      const double y = (double(p / level.columns) + 0.5) * stride, x = (double(p % level.columns) + 0.5) * stride;
      const auto distance = [&](int k) { return stride * math::exp(double(at[k]) > 80 ? 80 : double(at[k])); };
      const Box whole{x - distance(0), y - distance(1), x + distance(2), y + distance(3)};
      const bool numbers = is_finite(whole.x0) && is_finite(whole.y0) && is_finite(whole.x1) && is_finite(whole.y1);
      if (const Box box = intersection(whole, shown); numbers && box.area() > 0)
        found.push_back({box, static_cast<std::int32_t>(one->label), one->score});
    }
  }
  return found;
}

/// The candidates of an image that are kept, the best first.
inline std::vector<Detection> kept(const std::vector<Detection>& all, const DetectionOptions& options) {
  std::vector<Detection> found;
  for (const Index i : suppress(all, {options.iou_threshold, options.most, false}))
    found.push_back(all[static_cast<std::size_t>(i)]);
  return found;
}
/// What a detector found in one image.
template <class LevelsType, class T>
std::vector<Detection> detections_of(const T* outputs, Index classes, const Box& shown,
                                     const DetectionOptions& options = {}) {
  return kept(candidates<LevelsType>(outputs, classes, shown, options), options);
}

/// Calls use(number, candidates, placement) for every image of `images`, in order: `number` is that of the image in its
/// collection, boxes are in pixels of the model's input, and none is suppressed. Images are looked at as `view` says.
/// Throws mae::Error if they do not fit the model, an option is out of its range or an image cannot be read.
template <class Model, class Policy, class Use>
void for_each_candidates(const Weights<Model, Policy>& weights, const Images& images,
                         const Normalization& normalization, const Use& use, const DetectionOptions& options = {},
                         const Augmentation& view = whole_image(), Index batch_size = 16) {
  DetectionOptions::each(options, CheckOption{});
  for_each_result<Program<Model, Policy, Inference>>(
      weights, images, normalization, batch_size,
      [&](const auto& batch, const auto& outputs) {
        for (Index b = 0; b < batch.count(); ++b) {
          const auto at = static_cast<std::size_t>(b);
          const Placement& placement = batch.targets[at];
          use(batch.numbers[at],
              candidates<typename Model::Levels>(outputs.data() + b * Model::Levels::places * (Model::classes + 5),
                                                 Model::classes, shown(placement), options),
              placement);
        }
      },
      view);
}

/// Calls use(number, detections) likewise: what was found, in pixels of the images. Throws as `for_each_candidates`.
template <class Model, class Policy, class Use>
void for_each_detection(const Weights<Model, Policy>& weights, const Images& images, const Normalization& normalization,
                        const Use& use, const DetectionOptions& options = {}, const Augmentation& view = whole_image(),
                        Index batch_size = 16) {
  for_each_candidates(
      weights, images, normalization,
      [&](Index number, const std::vector<Detection>& all, const Placement& placement) {
        std::vector<Detection> found = kept(all, options);
        for (Detection& one : found) one.box = to_image(placement, one.box);
        use(number, std::as_const(found));
      },
      options, view, batch_size);
}

}  // namespace mae
MAE_PRECISE_END
