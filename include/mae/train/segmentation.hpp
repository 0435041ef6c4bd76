// Training a segmenter, and how good it is: mean intersection over union.
//
//   Finetuning<Segmenter<...>> run(training_set, segmentation_options(), normalization);
//   load_encoder(path, run.weights());
//   run.train([](const TrainingEpoch& e) { ... });
//   const double quality = segmentation_scores(run.weights(), test_set, normalization).mean_iou();
//
// Scores (eval/segmentation_scores.hpp) count pixels of the whole set, as the model sees its images.
#pragma once
#include <mae/data/class_map.hpp>
#include <mae/eval/segmentation_scores.hpp>
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
    explicit Inputs(Index capacity, const auto&...) : classes_(capacity) {}
    /// Throws mae::Error if the map has a class that the model has not.
    void set(Index b, const ClassMap::Placed& map, const auto&) {
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
            double sum = 0;
            for (Index k = 0; k < Model::classes; ++k) {
              sum += double(logits(b, Index(p), k));
              if (logits(b, Index(p), k) > logits(b, Index(p), best)) best = k;
            }
            if (!is_finite(sum))
              throw Error("the segmenter", "a logit that is no number", "finite weights: has its training diverged?");
            map[p] = static_cast<std::uint8_t>(best);
          }
          use(images, b, std::as_const(map));
        }
      });
}

/// How many images are looked at at once: 64, fewer where logits of pixels are many.
template <class Model>
inline constexpr Index segmentation_batch = [] {
  constexpr Index logits = Model::ImageShape::height * Model::ImageShape::width * Model::classes;
  constexpr Index fit = (Index{1} << 24) / logits;
  return fit < 1 ? 1 : fit > 64 ? Index{64} : fit;
}();

/// The scores of a segmenter on `data`. Throws mae::Error if they do not fit.
template <class Model, class Policy>
SegmentationScores segmentation_scores(const Weights<Model, Policy>& weights, const Images& data,
                                       const Normalization& normalization, Index batch = segmentation_batch<Model>) {
  SegmentationScores scores(Model::classes);
  for_each_segmentation(weights, data, normalization, batch, [&](const auto& images, Index b, const auto& map) {
    scores.add(images.targets[static_cast<std::size_t>(b)], map);
  });
  return scores;
}

}  // namespace mae
MAE_PRECISE_END
