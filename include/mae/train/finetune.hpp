// Supervised training: fine-tuning after pre-training, or from scratch (He et al., 2021, table 9).
//
//   Finetuning<Model> run(training_set, options, load_encoder<Encoder<ImageShape, Size>>(path));
//   Finetuning<Model> run(training_set, options, Normalization::of(training_set));           // from scratch
//   run.train();                                              // or run.train([](const TrainingEpoch& e) { ... });
//
// The same run serves both, and linear probing too (`probe.hpp`): what is trained is the model's business. A pass: make
// tensors of targets, draw drop-path keys, forward and backward; rates are layer-wise. Updates, epochs and how a run is
// resumed: `loop.hpp`.
//
// A head says by its task what it learns from: which target of the data (`data/target.hpp`), the module of its loss,
// and how a target becomes the loss's inputs. `Classification` below is the task of a model that names none. Your own:
//
//   struct Counting {                                                      // how many objects are in the image?
//     using Target = Boxes;                                                // what the collection must give
//     template <class Model> using Loss = CountingLoss<Model>;             // images, its inputs → one loss a sample
//     template <class Model, class T>
//     class Inputs {                                                       // of a batch of up to `capacity` images
//      public:
//       Inputs(Index capacity, const Images&, const Normalization&, const auto& options);       // of the run
//       void set(Index b, const Boxes::Placed&, const auto& options);      // of image b
//       auto views(Index count) const;                                     // std::tuple of what the loss takes
//       void mix(Index count, double share);          // if targets can be mixed, as images are (data/mixing.hpp);
//                                                     // without it options.label_smoothing must be 0
//       void each_fact(const auto& visit) const;      // if checkpoints record more than options: visit(name, number)
//     };
//   };
//   struct Counter { using Task = Counting; ... };
#pragma once
#include <mae/eval/metrics.hpp>
#include <mae/eval/pretrained.hpp>
#include <mae/model/classifier.hpp>
#include <mae/model/encoder_parameters.hpp>
#include <mae/optim/layer_decay.hpp>
#include <mae/train/loop.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct FinetuningDefaults : TrainingDefaults {
  static constexpr Index batch = 32, epochs = 50;
  static constexpr double warmup = 5, base_learning_rate = 1e-3, min_learning_rate = 1e-6;
  static constexpr double layer_decay = 0.75, drop_path = 0.1, label_smoothing = 0.1;
  static constexpr Index trained_blocks = -1;
  /// β₂ = 0.999 where an optimizer has one.
  template <class OptimizerOptions>
  static constexpr OptimizerOptions optimizer() {
    OptimizerOptions options{};
    if constexpr (requires { options.beta2; }) options.beta2 = 0.999;
    return options;
  }
};
/// Of a run whose optimizer is `Rule`.
template <class Rule>
using FinetuningOptionsOf = TrainingOptions<Rule, FinetuningDefaults>;
using FinetuningOptions = FinetuningOptionsOf<AdamwRule>;

/// One class an image, as probabilities that may be smoothed.
struct Classification {
  using Target = Label;
  template <class Model>
  using Loss = ClassificationLoss<Model>;
  template <class Model, class T>
  class Inputs {
   public:
    explicit Inputs(Index capacity, const auto&...) : probabilities_(capacity) {}
    /// Smoothing takes a share of certainty and spreads it over all classes (Szegedy et al., 2016).
    void set(Index b, std::int32_t label, const auto& options) {
      const double smoothing = options.label_smoothing, rest = smoothing / static_cast<double>(Model::classes);
      for (Index k = 0; k < Model::classes; ++k) probabilities_(b, k) = T(rest);
      probabilities_(b, label) = T(rest + 1 - smoothing);
    }
    /// What mixed images are called, `share` of it their own (data/mixing.hpp).
    void mix(Index count, double share) {
      mix_rows(probabilities_.data(), count, Model::classes, 0, Model::classes, share);
    }
    auto views(Index count) const { return std::tuple(probabilities_.view().slice(0, count)); }

   private:
    Tensor<T, Shape<dyn, Model::classes>> probabilities_;
  };
};

namespace detail {
template <class Model>
struct TaskOfModel {
  using type = Classification;
};
template <class Model>
requires requires { typename Model::Task; }
struct TaskOfModel<Model> {
  static_assert(
      requires { sizeof(typename Model::Task); },
      "mae::Finetuning: include the header of the model's task, such as mae/train/segmentation.hpp");
  using type = typename Model::Task;
};
}  // namespace detail

/// What a model is trained on, and how: its `Task`, or `Classification`.
template <class Model>
using TaskOf = typename detail::TaskOfModel<Model>::type;

/// A run of supervised training: its weights, optimizer and memory. `Model` is a `Classifier` or a `LinearProbe`, or
/// has their `ImageShape`, `EncoderShape`, `classes` and call, and an encoder (`encoder_parameters`),
/// or names a `Task`; `Rule` is the optimizer's. An epoch sees every image; its last batch may be smaller.
template <class Model, class Policy = Cpu<float>, class Recompute = KeepAll, class Updates = AfterBackward,
          class Rule = AdamwRule>
class Finetuning : public TrainingLoop<Finetuning<Model, Policy, Recompute, Updates, Rule>, Model,
                                       typename TaskOf<Model>::template Loss<Model>, FinetuningOptionsOf<Rule>, Policy,
                                       Recompute, Updates, Rule, typename TaskOf<Model>::Target> {
  using Loop = TrainingLoop<Finetuning, Model, typename TaskOf<Model>::template Loss<Model>, FinetuningOptionsOf<Rule>,
                            Policy, Recompute, Updates, Rule, typename TaskOf<Model>::Target>;
  friend Loop;

 public:
  using typename Loop::ImageShape, typename Loop::T, typename Loop::Target, typename Loop::Options;
  using Task = TaskOf<Model>;

  /// Starts from fresh weights. The collection must outlive the run. Throws mae::Error, naming it, if an option makes
  /// no sense or the data do not fit the model: another target of a collection whose type is known does not compile.
  Finetuning(const LastingImages<Target>& images, const Options& options, const Normalization& normalization)
      : Loop(images, options, normalization, checked_order(images, options, normalization)),
        targets_(this->session_.capacity(), images, normalization, options),
        keys_(static_cast<std::size_t>(this->session_.capacity())) {
    const std::vector<ParameterInfo> encoder = encoder_parameters<Model>();
    const int frozen = options.trained_blocks < 0 ? -1 : depth - static_cast<int>(options.trained_blocks);
    this->optimizer().set_scale([&](const ParameterInfo& p) {
      const std::string name = name_in_encoder(encoder, p);
      return layer_of(name, depth) <= frozen ? 0 : layer_scale(name, depth, options.layer_decay);
    });
    if (frozen >= 0) freeze(encoder, frozen);
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
  Finetuning(const LastingImages<Target>& images, const Options& options,
             const Pretrained<Source, SourcePolicy>& encoder)
      : Finetuning(images, options, encoder.normalization) {
    copy_encoder(encoder.weights, this->weights_);
  }

  /// What the task makes of targets.
  const auto& inputs() const { return targets_; }

 private:
  static constexpr int depth = static_cast<int>(Model::EncoderShape::depth);

  static BatchOrder checked_order(const Images& images, const Options& options, const Normalization& normalization) {
    validate(options);
    if (!mixes && options.label_smoothing != 0)
      throw Error("label_smoothing", std::to_string(options.label_smoothing),
                  std::string("0: ") + Target::name + " cannot be smoothed");
    if (options.trained_blocks > depth)
      throw Error("trained_blocks", std::to_string(options.trained_blocks),
                  "at most the encoder's " + std::to_string(depth));
    check_targets(options.augmentation);
    check_classes<Model, Target>(images, "training set");
    check_channels(images, normalization, ImageShape::channels, "training set");
    const Index count = images.size(), batch = options.batch < count ? options.batch : count;
    return {count, batch, (count + batch - 1) / batch, options.seed};
  }
  /// No gradient for the encoder's layers up to this one: blocks lie in order in its weights.
  void freeze(const std::vector<ParameterInfo>& encoder, int last) {
    Context& context = this->session_.context();
    context.frozen_from = PTRDIFF_MAX;
    Index end = 0, next = 0;
    for (const ParameterInfo& p : encoder) {
      const int layer = layer_of(p.name, depth);
      if (layer <= last) context.frozen_from = (std::min)(context.frozen_from, p.offset);
      if (layer >= 1 && layer <= last) end = p.offset + p.count;
      if (layer == last + 1 && layer <= depth && next == 0) next = p.offset;
    }
    context.frozen_to = last < depth ? next : end;
  }
  /// Throws mae::Error if images are changed in a way that their targets cannot follow.
  static void check_targets(const Augmentation& augmentation) {
    for (const Transform& transform : augmentation.transforms) {
      const std::string subject = std::string("transform ") + transform.name();
      if (transform.mixes() && !mixes)
        throw Error(subject, "images that are mixed", std::string("none: ") + Target::name + " cannot be mixed");
      if (transform.moves_pixels() && !std::is_same_v<Target, Label> && !std::is_same_v<Target, NoTarget>)
        throw Error(subject, "pixels moved so that no target follows",
                    std::string("others: ") + Target::name + " has a place in the image");
    }
  }
  void pass(double scale, const typename Loop::Batch& batch) {
    for (Index b = 0; b < batch.count(); ++b) {
      const auto at = static_cast<std::size_t>(b);
      keys_[at] = sample_key(this->options().seed, batch.epoch, static_cast<std::uint64_t>(batch.samples[at]));
      targets_.set(b, batch.targets[at], this->options());
    }
    if constexpr (mixes)
      if (batch.mix.share != 1) targets_.mix(batch.count(), batch.mix.share);
    std::apply(
        [&](const auto&... targets) {
          this->session_.start(scale, this->weights_, this->gradients_, batch.view(), targets...);
        },
        targets_.views(batch.count()));
  }

  using Inputs = typename Task::template Inputs<Model, T>;
  static constexpr bool mixes = requires(Inputs & inputs) { inputs.mix(Index{}, double{}); };
  Inputs targets_;
  std::vector<std::uint64_t> keys_;
};

}  // namespace mae
MAE_PRECISE_END
