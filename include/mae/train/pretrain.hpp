// Pre-training: the loop of the paper (He et al., 2021, section 3 and table 8), on any collection of images.
//
//   Pretraining<Model> run(images, options, normalization);
//   run.train();                                              // or run.train([](const PretrainingEpoch& e) { ... });
//   save_checkpoint(path, run.weights(), metadata_of(run));
//
// A pass: draw masks, forward and backward on hidden patches. Updates, epochs and how a run is resumed: `loop.hpp`.
#pragma once
#include <mae/model/masked_autoencoder.hpp>
#include <mae/train/loop.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct PretrainingDefaults : TrainingDefaults {
  static constexpr Index batch = 64, epochs = 100;
  static constexpr double warmup = 10, base_learning_rate = 1.5e-4, min_learning_rate = 0;
  using Masking = mae::Masking;  // AdamW: β (0.9, 0.95), decay 0.05
};
/// Of a run whose optimizer is `Rule`.
template <class Rule>
using PretrainingOptionsOf = TrainingOptions<Rule, PretrainingDefaults>;
using PretrainingOptions = PretrainingOptionsOf<AdamwRule>;

using PretrainingEpoch = TrainingEpoch;  ///< what an epoch reports

/// A run of pre-training: its weights, optimizer and memory. `Model` is a `MaskedAutoencoder`, `Rule` the
/// optimizer's. Images that make no whole update are left for another epoch's order.
template <class Model, class Policy = Cpu<float>, class Recompute = KeepAll, class Updates = AfterBackward,
          class Rule = AdamwRule>
class Pretraining
    : public TrainingLoop<Pretraining<Model, Policy, Recompute, Updates, Rule>, Model, PretrainingLoss<Model>,
                          PretrainingOptionsOf<Rule>, Policy, Recompute, Updates, Rule> {
  using Loop = TrainingLoop<Pretraining, Model, PretrainingLoss<Model>, PretrainingOptionsOf<Rule>, Policy, Recompute,
                            Updates, Rule>;
  friend Loop;

 public:
  using typename Loop::ImageShape, typename Loop::T, typename Loop::Options;

  /// The collection must outlive the run. The size of images may differ from the model's: they are resized. Throws
  /// mae::Error, naming it, if an option makes no sense or the images do not fit the model.
  Pretraining(const LastingImages<>& images, const Options& options, const Normalization& normalization)
      : Loop(images, options, normalization, checked_order(images, options, normalization)), masks_(options.batch) {}

 private:
  static BatchOrder checked_order(const Images& images, const Options& options, const Normalization& normalization) {
    validate(options);
    images.ensure_valid("images");
    check_channels(images, normalization, ImageShape::channels, "images");
    const Index batch = options.batch, passes = options.accumulation;
    if (images.size() / passes < batch)
      throw Error("images", std::to_string(images.size()) + " images",
                  "at least the " + std::to_string(batch * passes) + " of one update");
    return {images.size(), batch, images.size() / (batch * passes) * passes, options.seed};
  }
  void pass(double scale, const typename Loop::Batch& batch) {
    masks_.resize(batch.count());
    for (Index b = 0; b < batch.count(); ++b)
      masks_.draw(b, this->options().masking, ImageShape::grid, this->options().seed, batch.epoch,
                  static_cast<std::uint64_t>(batch.samples[static_cast<std::size_t>(b)]));
    this->session_.start(scale, this->weights_, this->gradients_, batch.view(), masks_.keep(),
                         masks_.hidden(), masks_.restore());
  }

  typename Model::Masks masks_;
};

}  // namespace mae
MAE_PRECISE_END
