// Training a segmenter, and how good it is: mean intersection over union.
//
//   Finetuning<Segmenter<...>> run(training_set, segmentation_options(), normalization);
//   load_encoder(path, run.weights());
//   run.train([](const TrainingEpoch& e) { ... });
//   const double quality = segmentation_scores(run.weights(), test_set, normalization).mean_iou();
//
// Scores count pixels of the whole set, as the model sees its images: with n[c, k] the pixels of class c that were
// called k, IoU_c = n[c, c] / (Σ_k n[c, k] + Σ_k n[k, c] - n[c, c]). Means are over classes that occur, in truth or
// prediction; pixels without a class take no part.
#pragma once
#include <limits>

#include <mae/core/finite.hpp>
#include <mae/data/class_map.hpp>
#include <mae/model/segmentation_head.hpp>
#include <mae/train/finetune.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A class for each pixel.
struct Segmentation {
  using Target = ClassMap;
  template <class Model>
  using Loss = SegmentationLoss<Model>;
  template <class Model, class T>
  class Inputs {
   public:
    explicit Inputs(Index capacity) : classes_(capacity) {}
    static void ensure_valid(const FinetuningOptions& options) {
      if (options.label_smoothing != 0)
        throw Error("label_smoothing", std::to_string(options.label_smoothing),
                    "0 for class maps, as segmentation_options() has it");
    }
    /// Throws mae::Error if the map has a class that the model has not.
    void set(Index b, const ClassMap::Placed& map, const FinetuningOptions&) {
      std::int32_t* to = classes_.data() + b * pixels;
      for (const std::uint8_t c : map) {
        if (c >= Model::classes && c != ClassMap::ignored)
          throw Error("class map", "class " + std::to_string(c),
                      "classes below the model's " + std::to_string(Model::classes) + ", or 255 for none");
        *to++ = c;
      }
    }
    auto views(Index count) const { return std::tuple(classes_.view().slice(0, count)); }

   private:
    static constexpr Index pixels = Model::ImageShape::height * Model::ImageShape::width;
    Tensor<std::int32_t, Shape<dyn, pixels>> classes_;
  };
};

/// What segmentation changes in the options of supervised training: no smoothing, and the decay and layer decay with
/// which MAE encoders are fine-tuned on ADE20K (Bao et al., "BEiT", ICLR 2022, table 10).
inline FinetuningOptions segmentation_options(Index epochs = 50, double base_learning_rate = 1e-3) {
  FinetuningOptions options;
  options.epochs = epochs;
  options.warmup = static_cast<double>(epochs) / 10;
  options.base_learning_rate = base_learning_rate;
  options.layer_decay = 0.65;
  options.label_smoothing = 0;
  return options;
}

/// Pixels by class and prediction.
struct SegmentationScores {
  Index classes = 0;
  std::vector<Index> count;  ///< [classes, classes]: of class c, called k

  explicit SegmentationScores(Index class_count)
      : classes(class_count), count(static_cast<std::size_t>(class_count * class_count)) {}
  void add(Index truth, Index prediction) { ++count[static_cast<std::size_t>(truth * classes + prediction)]; }

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

/// Calls use(batch, b, map) for every image of `data`, in order: image b of a batch, which has its true classes as
/// `targets[b]`, and the predicted class of each pixel [H·W].
template <class Model, class Policy, class Use>
void for_each_segmentation(const Weights<Model, Policy>& weights, const Images& data,
                           const Normalization& normalization, Index batch, const Use& use) {
  check_classes<Model, ClassMap>(data, "test set");
  std::vector<std::uint8_t> map(static_cast<std::size_t>(Model::ImageShape::height * Model::ImageShape::width));
  for_each_result<Program<Model, Policy, Inference>, ClassMap>(
      weights, data, normalization, batch, [&](const auto& images, const auto& logits) {
        for (Index b = 0; b < images.count(); ++b) {
          for (std::size_t p = 0; p < map.size(); ++p) {
            Index best = 0;
            for (Index k = 1; k < Model::classes; ++k)
              if (logits(b, Index(p), k) > logits(b, Index(p), best)) best = k;
            map[p] = static_cast<std::uint8_t>(best);
          }
          use(images, b, std::as_const(map));
        }
      });
}

/// The scores of a segmenter on `data`. Throws mae::Error if they do not fit.
template <class Model, class Policy>
SegmentationScores segmentation_scores(const Weights<Model, Policy>& weights, const Images& data,
                                       const Normalization& normalization, Index batch = 64) {
  SegmentationScores scores(Model::classes);
  for_each_segmentation(weights, data, normalization, batch, [&](const auto& images, Index b, const auto& map) {
    const ClassMap::Placed& truth = images.targets[static_cast<std::size_t>(b)];
    for (std::size_t p = 0; p < map.size(); ++p)
      if (truth[p] < Model::classes) scores.add(truth[p], map[p]);
  });
  return scores;
}

}  // namespace mae
MAE_PRECISE_END
