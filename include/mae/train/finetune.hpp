// Supervised training of a classifier: fine-tuning after pre-training, or from scratch (He et al., 2021, table 9).
//
//   Finetuning<Model> run(training_set, options, normalization);
//   load_encoder(path, run.weights());                        // leave this out to train from scratch
//   run.train([](Index epoch, double loss) { ... });
//
// The same loop serves both, and linear probing too (`probe.hpp`): what is trained is the model's business. A step:
// load a batch, make smoothed targets, draw drop-path keys, forward and backward, AdamW with layer-wise rates.
#pragma once
#include <mae/autograd/session.hpp>
#include <mae/data/batches.hpp>
#include <mae/model/classifier.hpp>
#include <mae/optim/adamw.hpp>
#include <mae/optim/layer_decay.hpp>
#include <mae/optim/schedule.hpp>
#include <mae/train/metrics.hpp>
#include <mae/train/options.hpp>

namespace mae {

struct FinetuningOptions {
  Index batch = 32;            ///< images in one update
  Index epochs = 50;
  double warmup = 5;           ///< epochs
  double base_rate = 1e-3;     ///< learning rate for 256 images in one update
  double minimum_rate = 1e-6;
  AdamwOptions optimizer{.beta2 = 0.999};
  double layer_decay = 0.75;   ///< 1: the same rate everywhere
  double drop_path = 0.1;      ///< of the deepest block
  double label_smoothing = 0.1;
  Augmentation augmentation{};
  std::uint64_t seed = 0;
};

/// A run of supervised training: its weights, optimizer and memory. `Model` is a `Classifier` or a `LinearProbe`, or
/// has their `Image`, `EncoderShape`, `classes` and call.
template <class Model, class Policy = Cpu<float>, class Memory = KeepAll>
class Finetuning {
 public:
  using Image = typename Model::Image;
  using T = typename Policy::Activation;

  /// Starts from fresh weights; load a checkpoint into `weights()` to fine-tune. The collection must outlive the run.
  /// Throws mae::Error, naming it, if an option makes no sense or the data do not fit the model.
  Finetuning(const Images& data, const FinetuningOptions& options, const Normalization& normalization)
      : data_(checked(data, normalization, options)),
        options_(options),
        normalization_(normalization),
        batch_size_(options.batch < data.size() ? options.batch : data.size()),
        schedule_{scaled_rate(options.base_rate, batch_size_), options.minimum_rate, options.warmup,
                  static_cast<double>(options.epochs)},
        weights_(options.seed),
        optimizer_(options.optimizer),
        session_(batch_size_),
        own_source_({data, normalization, options.augmentation,
                     {data.size(), batch_size_, (data.size() + batch_size_ - 1) / batch_size_, options.seed}},
                    session_.threads()),
        targets_(batch_size_),
        keys_(static_cast<std::size_t>(batch_size_)) {
    constexpr int depth = static_cast<int>(Model::EncoderShape::depth);
    optimizer_.set_scale([&](const ParameterInfo& p) { return layer_scale(p.name, depth, options.layer_decay); });
    // The recipe: here, unlike in pre-training, positions and class token do not decay.
    optimizer_.set_decay([](const ParameterInfo& p) {
      return AdamW<Model, Policy>::decays(p) && p.name != "pos_embed" && p.name != "cls_token";
    });
    session_.context().sample_keys = keys_.data();
    session_.context().drop_path = options.drop_path;
  }
  template <ImageCollection Set>
  Finetuning(const Set&& gone_too_soon, const FinetuningOptions&, const Normalization&) = delete;

  /// Runs all epochs, calling report(epoch from 1, mean loss) after each.
  template <class Report>
  void train(const Report& report) {
    for (Index epoch = 0; epoch < options_.epochs; ++epoch) report(epoch + 1, train_epoch(epoch));
  }

  /// One pass over the data; the last batch may be smaller. Returns the mean loss.
  double train_epoch(Index epoch) {
    const BatchOrder& order = loader().order();
    double sum = 0;
    for (Index i = 0; i < order.per_epoch; ++i) {
      const Batch<Image, T>& batch = source_->at(epoch * order.per_epoch + i);
      set_targets(batch);
      const double seen = static_cast<double>(i * order.batch) / static_cast<double>(data_.size());
      sum += static_cast<double>(batch.count()) * session_.step(weights_, gradients_, batch.view(),
                                                                targets_.view().slice(0, batch.count()));
      optimizer_.step(weights_, gradients_, schedule_.at(static_cast<double>(epoch) + seen));
    }
    return sum / static_cast<double>(data_.size());
  }

  /// As in `Pretraining`.
  const Loader<Image, T>& loader() const { return own_source_.loader(); }
  void read_from(BatchSource<Image, T>& source) { source_ = &source; }

  Weights<Model, Policy>& weights() { return weights_; }
  AdamW<Model, Policy>& optimizer() { return optimizer_; }
  const Images& data() const { return data_; }
  const Normalization& normalization() const { return normalization_; }

 private:
  static const Images& checked(const Images& data, const Normalization& normalization,
                               const FinetuningOptions& options) {
    detail::check_training(options);
    detail::require_finite_from_zero("layer_decay", options.layer_decay);
    if (!(options.drop_path >= 0 && options.drop_path < 1))
      throw Error("drop_path", std::to_string(options.drop_path), "a rate in [0, 1)");
    if (!(options.label_smoothing >= 0 && options.label_smoothing < 1))
      throw Error("label_smoothing", std::to_string(options.label_smoothing), "a share in [0, 1)");
    check_classes<Model>(data, "training set");
    check_channels(data, normalization, Image::channels, "training set");
    return data;
  }
  /// Drop-path keys and targets of a batch.
  void set_targets(const Batch<Image, T>& batch) {
    // Smoothing takes a share of certainty and spreads it over all classes (Szegedy et al., 2016).
    const double rest = options_.label_smoothing / static_cast<double>(Model::classes);
    for (Index b = 0; b < batch.count(); ++b) {
      const auto at = static_cast<std::size_t>(b);
      keys_[at] = sample_key(options_.seed, batch.epoch, static_cast<std::uint64_t>(batch.samples[at]));
      for (Index k = 0; k < Model::classes; ++k) targets_(b, k) = T(rest);
      targets_(b, data_.label(batch.pictures[at])) = T(rest + 1 - options_.label_smoothing);
    }
  }

  Images data_;
  FinetuningOptions options_;
  Normalization normalization_;
  Index batch_size_;
  CosineSchedule schedule_;
  Weights<Model, Policy> weights_, gradients_;
  AdamW<Model, Policy> optimizer_;
  Session<Program<ClassificationLoss<Model>, Policy, Memory>> session_;
  LoadOnDemand<Image, T, typename Policy::Threads> own_source_;
  BatchSource<Image, T>* source_ = &own_source_;
  Tensor<T, Shape<dyn, Model::classes>> targets_;
  std::vector<std::uint64_t> keys_;
};

}  // namespace mae
