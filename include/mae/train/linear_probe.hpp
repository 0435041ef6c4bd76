// The paper's linear probe, as published (He et al., 2021, appendix A.2): batch norm, one linear layer, LARS.
//
//   LinearProbing<LinearProbe<...>> run(training_set, {.batch = 4096, .epochs = 90}, normalization);
//   load_encoder(path, run.weights());
//   run.train([](const TrainingEpoch& e) { ... });
//
// Between the frozen encoder and the layer stands a batch norm without parameters of its own. In training it takes the
// statistics of the batch, over B features x of a column:
//     m = Σ x / B,    v = Σ (x - m)² / B,    y = (x - m) / sqrt(v + 10⁻⁶),
// and notes them: mean ← 0.9 mean + 0.1 m, variance ← 0.9 variance + 0.1 v B / (B - 1). By what was noted the features
// are standardised afterwards, so `accuracy` and checkpoints see the model of `probe.hpp`, under the same names.
//
// A pass: the encoder as for inference, batch norm, then forward and backward of the layer, a program of its own. The
// rate is 0.1 for 256 images, 6.4 at the paper's batch of 16384. Below some 512 images in a batch its statistics are
// noisy; those of the whole set, which `probe.hpp` takes, are then the better choice.
#pragma once
#include <mae/core/math.hpp>
#include <mae/optim/lars.hpp>
#include <mae/train/probe.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The recipe. The statistics of a batch are taken together: `batch` should be large.
struct LinearProbeDefaults : TrainingDefaults {
  static constexpr Index batch = 512, epochs = 90;
  static constexpr double warmup = 10, base_learning_rate = 0.1, min_learning_rate = 0;  // LARS: momentum 0.9, no decay
};
using LinearProbeOptions = TrainingOptions<LarsRule, LinearProbeDefaults>;

/// The layer of a probe on features that are standardised: [B, D], target probabilities [B, Classes] → [B].
template <class Model>
struct ProbeHeadLoss : Model {
  static constexpr Index width = Model::EncoderShape::width;
  using Inputs = mae::Inputs<Input<Shape<dyn, width>>, Input<Shape<dyn, Model::classes>>>;
  constexpr auto operator()(const Expression auto& features, const Expression auto& target) const {
    return cross_entropy(this->head.linear(features), target);  // [B]
  }
};

/// Batch norm without parameters. What it notes waits until it is known that the update was made.
template <Index D>
class FeatureNorm {
 public:
  /// Writes the B rows of x [B, D] to y, standardised by their own statistics. B is 2 at least.
  template <class X, class T>
  void standardize(const X& x, Tensor<T, Shape<dyn, D>>& y) {
    const Index B = x.batch();
    const double n = static_cast<double>(B);
    Noted& noted = noted_.emplace_back();
    for (Index c = 0; c < D; ++c) {
      double mean = 0, variance = 0;
      for (Index b = 0; b < B; ++b) mean += static_cast<double>(x(b, c));
      mean /= n;
      for (Index b = 0; b < B; ++b) {
        const double difference = static_cast<double>(x(b, c)) - mean;
        variance += difference * difference;
      }
      const double deviation = math::sqrt(variance / n + 1e-6);
      for (Index b = 0; b < B; ++b) y(b, c) = T((static_cast<double>(x(b, c)) - mean) / deviation);
      noted.mean[c] = mean, noted.variance[c] = variance / (n - 1);
    }
  }
  /// Lets `mean` [D] and `variance` [D] follow what was noted, which is then forgotten.
  template <class W>
  void follow(W* mean, W* variance) {
    for (const Noted& noted : noted_)
      for (Index c = 0; c < D; ++c) {
        mean[c] = W(0.9 * static_cast<double>(mean[c]) + 0.1 * noted.mean[c]);
        variance[c] = W(0.9 * static_cast<double>(variance[c]) + 0.1 * noted.variance[c]);
      }
    noted_.clear();
  }
  void forget() { noted_.clear(); }

 private:
  struct Noted {
    double mean[D], variance[D];
  };
  std::vector<Noted> noted_;
};

/// A run of the paper's probe. `Model` is a `LinearProbe`, whose encoder is loaded into `weights()`. Images that make
/// no whole batch are left for another epoch's order.
template <class Model, class Policy = Cpu<float>>
class LinearProbing : public TrainingLoop<LinearProbing<Model, Policy>, Model, ProbeHeadLoss<Model>, LinearProbeOptions,
                                          Policy, KeepAll, AfterBackward, LarsRule> {
  using Loop = TrainingLoop<LinearProbing, Model, ProbeHeadLoss<Model>, LinearProbeOptions, Policy, KeepAll,
                            AfterBackward, LarsRule>;
  friend Loop;
  static_assert(runs_on_host<Policy>, "mae: statistics of a batch are taken by the program: probe on Cpu");
  static constexpr Index D = Model::EncoderShape::width;

 public:
  using typename Loop::ImageShape, typename Loop::T;

  /// The collection must outlive the run. Throws mae::Error, naming it, if an option makes no sense or the data do not
  /// fit the model.
  LinearProbing(const Images& images, const LinearProbeOptions& options, const Normalization& normalization)
      : Loop(images, options, normalization, checked_order(images, options, normalization)),
        encoder_(this->session_.capacity(), this->session_.threads()),
        features_(this->session_.capacity()),
        targets_(this->session_.capacity()) {
    this->optimizer().set_scale([](const ParameterInfo& p) { return p.name.starts_with("head.") ? 1.0 : 0.0; });
  }
  template <ImageCollection Set>
  LinearProbing(const Set&& gone_too_soon, const LinearProbeOptions&, const Normalization&) = delete;

  /// Of the layer, and of the encoder beside.
  static constexpr Index step_bytes(Index batch, int threads) {
    return Loop::step_bytes(batch, threads) + Session<Features>::bytes(batch, threads);
  }

 private:
  using Features = Program<ProbeFeatures<Model>, Policy, Inference>;

  static BatchOrder checked_order(const Images& images, const LinearProbeOptions& options,
                                  const Normalization& normalization) {
    validate(options);
    if (const Transform* const mixing = mixing_of(options.augmentation))
      throw Error(std::string("transform ") + mixing->name(), "images that are mixed",
                  "none: a probe's labels are not");
    check_classes<Model>(images, "training set");
    check_channels(images, normalization, ImageShape::channels, "training set");
    const Index count = images.size(), batch = options.batch < count ? options.batch : count;
    if (batch < 2) throw Error("batch", std::to_string(batch), "at least 2 images, which have a variance");
    return {count, batch, count / batch, options.seed};
  }
  void pass(double scale, const Batch<ImageShape, T>& batch) {
    norm_.standardize(encoder_.forward(std::as_const(this->weights_), batch.view()), features_);  // [B, D]
    for (Index b = 0; b < batch.count(); ++b) {
      for (Index k = 0; k < Model::classes; ++k) targets_(b, k) = 0;
      targets_(b, this->images().label(batch.numbers[static_cast<std::size_t>(b)])) = 1;
    }
    this->session_.start(scale, this->weights_, this->gradients_, features_.view().slice(0, batch.count()),
                         targets_.view().slice(0, batch.count()));
  }
  void update_made() {
    auto& weights = this->weights_;
    norm_.follow(weights.at(*weights.find("head.0.running_mean")), weights.at(*weights.find("head.0.running_var")));
  }
  void update_failed() { norm_.forget(); }

  Session<Features> encoder_;
  FeatureNorm<D> norm_;
  Tensor<T, Shape<dyn, D>> features_;
  Tensor<T, Shape<dyn, Model::classes>> targets_;
};

}  // namespace mae
MAE_PRECISE_END
