// Supervised training of a classifier: fine-tuning after pre-training, or from scratch (He et al., 2021, table 9).
//
//   Finetuning<Model> run(training_set, options, load_encoder<Encoder<ImageShape, Size>>(path));
//   Finetuning<Model> run(training_set, options, Normalization::of(training_set));           // from scratch
//   run.train();                                              // or run.train([](const TrainingEpoch& e) { ... });
//
// The same run serves both, and linear probing too (`probe.hpp`): what is trained is the model's business. A pass: make
// smoothed targets, draw drop-path keys, forward and backward; rates are layer-wise. Updates, epochs and how a run is
// resumed: `loop.hpp`.
#pragma once
#include <mae/eval/metrics.hpp>
#include <mae/model/classifier.hpp>
#include <mae/model/encoder_parameters.hpp>
#include <mae/optim/layer_decay.hpp>
#include <mae/train/loop.hpp>
#include <mae/eval/pretrained.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {
/// β₂ = 0.999 where an optimizer has one.
template <class OptimizerOptions>
constexpr OptimizerOptions finetuning_optimizer() {
  OptimizerOptions options{};
  if constexpr (requires { options.beta2; }) options.beta2 = 0.999;
  return options;
}
}  // namespace detail

/// Of a run whose optimizer is `Rule`.
template <class Rule>
struct FinetuningOptionsOf {
  Index batch = 32;            ///< images in one forward and backward pass; all, if there are fewer
  Index accumulation = 1;      ///< passes in one update
  Index epochs = 50;
  double warmup = 5;           ///< epochs, at most all
  double base_learning_rate = 1e-3;  ///< learning rate for 256 images in one update
  double min_learning_rate = 1e-6;
  typename Rule::Options optimizer = detail::finetuning_optimizer<typename Rule::Options>();
  double layer_decay = 0.75;   ///< 1: the same rate everywhere
  double drop_path = 0.1;      ///< of the deepest block
  double label_smoothing = 0.1;
  Augmentation augmentation{};
  std::uint64_t seed = 0;
};

using FinetuningOptions = FinetuningOptionsOf<AdamwRule>;

/// A run of supervised training: its weights, optimizer and memory. `Model` is a `Classifier` or a `LinearProbe`, or
/// has their `Image`, `EncoderShape`, `classes` and call, and an encoder (`encoder_parameters`); `Rule` is the
/// optimizer's. An epoch sees every image; its last batch may be smaller.
template <class Model, class Policy = Cpu<float>, class Recompute = KeepAll, class Updates = AfterBackward,
          class Rule = AdamwRule>
class Finetuning
    : public TrainingLoop<Finetuning<Model, Policy, Recompute, Updates, Rule>, Model, ClassificationLoss<Model>,
                          FinetuningOptionsOf<Rule>, Policy, Recompute, Updates, Rule> {
  using Loop = TrainingLoop<Finetuning, Model, ClassificationLoss<Model>, FinetuningOptionsOf<Rule>, Policy, Recompute,
                            Updates, Rule>;
  friend Loop;

 public:
  using typename Loop::ImageShape, typename Loop::T, typename Loop::Options;

  /// Starts from fresh weights. The collection must outlive the run. Throws mae::Error, naming it, if an option makes
  /// no sense or the data do not fit the model.
  Finetuning(const LastingImages& images, const Options& options, const Normalization& normalization)
      : Loop(images, options, normalization, checked_order(images, options, normalization)),
        targets_(this->session_.capacity()),
        keys_(static_cast<std::size_t>(this->session_.capacity())) {
    constexpr int depth = static_cast<int>(Model::EncoderShape::depth);
    const std::vector<ParameterInfo> encoder = encoder_parameters<Model>();
    this->optimizer().set_scale(
        [&](const ParameterInfo& p) { return layer_scale(name_in_encoder(encoder, p), depth, options.layer_decay); });
    // The recipe: here, unlike in pre-training, positions and class token do not decay.
    this->optimizer().set_decay([&](const ParameterInfo& p) {
      const std::string name = name_in_encoder(encoder, p);
      return Optimizer<Rule, Model, Policy>::decays(p) && name != "pos_embed" && name != "cls_token";
    });
    this->session_.context().sample_keys = keys_.data();
    this->session_.context().drop_path = options.drop_path;
  }
  /// Starts from a pre-trained encoder and the normalisation that it comes with; the head is fresh.
  template <class Source, class SourcePolicy>
  Finetuning(const LastingImages& images, const Options& options,
             const Pretrained<Source, SourcePolicy>& encoder)
      : Finetuning(images, options, encoder.normalization) {
    copy_encoder(encoder.weights, this->weights_);
  }

 private:
  static BatchOrder checked_order(const Images& images, const Options& options, const Normalization& normalization) {
    detail::check_training(options);
    detail::require_finite_from_zero("layer_decay", options.layer_decay);
    if (!(options.drop_path >= 0 && options.drop_path < 1))
      throw Error("drop_path", std::to_string(options.drop_path), "a rate in [0, 1)");
    if (!(options.label_smoothing >= 0 && options.label_smoothing < 1))
      throw Error("label_smoothing", std::to_string(options.label_smoothing), "a share in [0, 1)");
    check_classes<Model>(images, "training set");
    check_channels(images, normalization, ImageShape::channels, "training set");
    const Index count = images.size(), batch = options.batch < count ? options.batch : count;
    return {count, batch, (count + batch - 1) / batch, options.seed};
  }
  void pass(double scale, const Batch<ImageShape, T>& batch) {
    // Smoothing takes a share of certainty and spreads it over all classes (Szegedy et al., 2016).
    const double smoothing = this->options().label_smoothing, rest = smoothing / static_cast<double>(Model::classes);
    for (Index b = 0; b < batch.count(); ++b) {
      const auto at = static_cast<std::size_t>(b);
      keys_[at] = sample_key(this->options().seed, batch.epoch, static_cast<std::uint64_t>(batch.samples[at]));
      for (Index k = 0; k < Model::classes; ++k) targets_(b, k) = T(rest);
      targets_(b, this->images().label(batch.pictures[at])) = T(rest + 1 - smoothing);
    }
    this->session_.start(scale, this->weights_, this->gradients_, batch.view(),
                         targets_.view().slice(0, batch.count()));
  }

  Tensor<T, Shape<dyn, Model::classes>> targets_;
  std::vector<std::uint64_t> keys_;
};

}  // namespace mae
MAE_PRECISE_END
