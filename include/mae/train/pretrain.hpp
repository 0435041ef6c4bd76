// Pre-training: the loop of the paper (He et al., 2021, section 3 and table 8), on any collection of images.
//
//   Pretraining<Model> run(images, options, normalization);
//   run.train([](const PretrainingEpoch& e) { ... });
//   save_checkpoint(path, run.weights(), facts_of(run));
//
// A step: load a batch, draw masks, forward and backward, AdamW. Batch order, crops and masks follow from (seed,
// epoch, sample), so the state of a run is its weights, the optimizer's moments and the number of steps; nothing else.
#pragma once
#include <mae/autograd/session.hpp>
#include <mae/data/batches.hpp>
#include <mae/model/masked_autoencoder.hpp>
#include <mae/optim/adamw.hpp>
#include <mae/optim/schedule.hpp>
#include <mae/train/options.hpp>

namespace mae {

struct PretrainingOptions {
  Index batch = 64;            ///< images in one forward and backward pass
  Index accumulation = 1;      ///< passes in one update
  Index epochs = 100;
  double warmup = 10;          ///< epochs
  double base_rate = 1.5e-4;   ///< learning rate for 256 images in one update
  double minimum_rate = 0;
  AdamwOptions optimizer{};     ///< β (0.9, 0.95), decay 0.05
  Augmentation augmentation{};
  std::uint64_t seed = 0;
};

/// What a finished epoch reports.
struct PretrainingEpoch {
  Index epoch = 0;    ///< from 1
  double loss = 0;    ///< mean over these images
  double rate = 0;    ///< learning rate of the last update
  Index images = 0;   ///< trained on in this epoch
};

/// A run of pre-training: its weights, optimizer and memory. `Model` is a `MaskedAutoencoder`.
template <class Model, class Policy = Cpu<float>, class Memory = KeepAll>
class Pretraining {
 public:
  using Image = typename Model::Image;
  using T = typename Policy::Activation;

  /// The collection must outlive the run. The size of pictures may differ from the model's: they are resized. Throws
  /// mae::Error, naming it, if an option makes no sense or the images do not fit the model.
  Pretraining(const Images& images, const PretrainingOptions& options, const Normalization& normalization)
      : images_(checked(images, options, normalization)),
        options_(options),
        normalization_(normalization),
        schedule_{scaled_rate(options.base_rate, options.batch * options.accumulation), options.minimum_rate,
                  options.warmup, static_cast<double>(options.epochs)},
        weights_(options.seed),
        optimizer_(options.optimizer),
        session_(options.batch),
        own_source_({images, normalization, options.augmentation,
                     {images.size(), options.batch, updates_per_epoch() * options.accumulation, options.seed}},
                    session_.threads()),
        masks_(options.batch) {}
  template <ImageCollection Set>
  Pretraining(const Set&& gone_too_soon, const PretrainingOptions&, const Normalization&) = delete;

  /// Runs all epochs that are left, calling report(PretrainingEpoch) after each.
  template <class Report>
  void train(const Report& report) {
    while (epoch() < options_.epochs) report(train_epoch());
  }

  /// Runs to the end of the current epoch.
  PretrainingEpoch train_epoch() {
    PretrainingEpoch result;
    const Index begun = optimizer_.steps(), finished = (epoch() + 1) * updates_per_epoch();
    result.epoch = epoch() + 1;
    while (optimizer_.steps() < finished) {
      result.loss += update();
      result.images += options_.batch * options_.accumulation;
    }
    result.loss /= static_cast<double>(finished - begun);
    result.rate = rate_;
    return result;
  }

  /// One update of the weights. Returns the mean loss of its images.
  double update() {
    rate_ = schedule_.at(static_cast<double>(optimizer_.steps()) / static_cast<double>(updates_per_epoch()));
    double loss = 0;
    for (Index pass = 0; pass < options_.accumulation; ++pass) {
      const Batch<Image, T>& batch = source_->at(optimizer_.steps() * options_.accumulation + pass);
      masks_.resize(batch.count());
      for (Index b = 0; b < batch.count(); ++b)
        masks_.random(b, options_.seed, batch.epoch,
                      static_cast<std::uint64_t>(batch.samples[static_cast<std::size_t>(b)]));
      loss += session_.step_scaled(1 / static_cast<double>(options_.accumulation), weights_, gradients_, batch.view(),
                                   masks_.keep(), masks_.hidden(), masks_.restore());
    }
    optimizer_.step(weights_, gradients_, rate_);
    return loss / static_cast<double>(options_.accumulation);
  }

  /// What makes this run's batches, and where the run takes them from in place of `LoadOnDemand` (`io/prefetch.hpp`).
  /// The source must make the same batches, and outlive the run or be replaced.
  const Loader<Image, T>& loader() const { return own_source_.loader(); }
  void read_from(BatchSource<Image, T>& source) { source_ = &source; }

  Weights<Model, Policy>& weights() { return weights_; }
  AdamW<Model, Policy>& optimizer() { return optimizer_; }
  const PretrainingOptions& options() const { return options_; }
  const Normalization& normalization() const { return normalization_; }
  /// Finished epochs.
  Index epoch() const { return optimizer_.steps() / updates_per_epoch(); }
  /// Updates in an epoch; a last, smaller group of images is left for another epoch's order.
  Index updates_per_epoch() const { return images_.size() / (options_.batch * options_.accumulation); }

 private:
  static const Images& checked(const Images& images, const PretrainingOptions& options,
                               const Normalization& normalization) {
    detail::check_training(options);
    detail::require_at_least_one("accumulation", options.accumulation);
    images.check("images");
    check_channels(images, normalization, Image::channels, "images");
    const Index batch = options.batch, passes = options.accumulation;
    if (images.size() / passes < batch)
      throw Error("images", std::to_string(images.size()) + " images",
                  "at least the " + std::to_string(batch * passes) + " of one update");
    return images;
  }

  Images images_;
  PretrainingOptions options_;
  Normalization normalization_;
  CosineSchedule schedule_;
  Weights<Model, Policy> weights_, gradients_;
  AdamW<Model, Policy> optimizer_;
  Session<Program<PretrainingLoss<Model>, Policy, Memory>> session_;
  LoadOnDemand<Image, T, typename Policy::Threads> own_source_;
  BatchSource<Image, T>* source_ = &own_source_;
  typename Model::Masks masks_;
  double rate_ = 0;
};

}  // namespace mae
