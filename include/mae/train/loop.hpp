// The loop that pre-training and supervised training share: epochs made of updates, updates made of passes.
//
// A pass loads a batch and adds its gradient; an update makes `accumulation` passes and one step of the optimizer at
// the rate of that moment. What differs, the loss of a batch, is the run's own (`pretrain.hpp`, `finetune.hpp`); by
// which rule weights are updated is a type: `AdamwRule`, or another (`optim/optimizer.hpp`).
//
// The state of a run is its weights, the optimizer's states and the number of updates: everything random follows from
// (seed, epoch, sample). The sum of losses since the epoch began is kept for the report alone. `Progress` is what of
// that is no tensor; `checkpoint/run_state.hpp` saves it all.
//
// A pass is started, and its loss looked at when its step is none of those that may be on their way (`StepQueue`): at
// once, or, where kernels work beside the program, when the next batch has been made. Public functions look at all of
// them before they return: `update` waits for the loss that it returns; between its updates `advance` does not.
//
// When weights are updated is a type: `AfterBackward`, or, without clipping and accumulation, `InBackward`, which
// needs no memory for gradients (`optim/in_backward.hpp`). Both make the same bits.
#pragma once
#include <mae/autograd/run/batch_step.hpp>
#include <mae/core/finite.hpp>
#include <mae/data/batches.hpp>
#include <mae/optim/adamw.hpp>
#include <mae/optim/schedule.hpp>
#include <mae/train/options.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// What an epoch reports.
struct TrainingEpoch {
  Index epoch = 0;    ///< from 1
  double loss = 0;    ///< mean over these images
  double rate = 0;    ///< learning rate of the last update
  Index images = 0;   ///< trained on in this epoch
};

/// Where a run is.
struct Progress {
  Index steps = 0;   ///< updates made
  Index images = 0;  ///< seen in the epoch of the last update
  double loss = 0;   ///< the sum of their losses
};

/// All weights are updated when all gradients are there: these can be added up over passes, clipped, and checked first.
struct AfterBackward {
  static constexpr bool in_backward = false;
  template <class Model, class Policy, class Rule = AdamwRule>
  using Gradients = Weights<Model, Policy>;
};

/// A run: its weights, optimizer and memory. `Derived` offers pass(scale, batch), which starts a step of `session_`
/// that adds the gradient of the mean loss of the batch, times `scale`, to `gradients_`. `Loss` is the module
/// that computes it, `TargetType` what it needs of the data beside images. What passes note beside can wait for
/// `update_made` or `update_failed`.
template <class Derived, class ModelType, class Loss, class OptionsType, class PolicyType, class Recompute,
          class Updates, class RuleType, class TargetType = NoTarget>
class TrainingLoop {
 public:
  using Model = ModelType;
  using Policy = PolicyType;
  using Options = OptionsType;
  using Rule = RuleType;
  using ImageShape = typename Model::ImageShape;
  using T = typename Policy::Accumulator;
  using Target = TargetType;
  using Batch = mae::Batch<ImageShape, T, Target>;

  /// Runs all epochs that are left, calling report(TrainingEpoch) after each.
  template <class Report>
  void train(const Report& report) {
    while (!finished()) report(train_epoch());
  }
  /// The same without a report.
  void train() {
    while (!finished()) train_epoch();
  }
  /// Runs to the end of the current epoch.
  TrainingEpoch train_epoch() {
    advance(updates_per_epoch());
    return epoch_so_far();
  }
  /// Makes `updates` updates, fewer where the epoch ends. Throws like `update`: the updates before the one that failed
  /// have been made.
  void advance(Index updates) {
    do begin_update();
    while (--updates > 0 && !at_epoch_end());
    end_passes(0);
  }

  /// One update of the weights. Returns the mean loss of its images. Throws mae::Error if an image cannot be read, or a
  /// loss or gradient is not finite: then weights, moments and progress are what they were, and the next update starts
  /// afresh (but see `InBackward`).
  double update() {
    advance(1);
    return update_loss_;
  }

  /// Finished epochs.
  Index epoch() const { return optimizer_.steps() / updates_per_epoch(); }
  Index updates_per_epoch() const { return (order().per_epoch + passes_ - 1) / passes_; }
  /// Images of an update; the last one of an epoch may have fewer.
  Index images_per_update() const { return images_of_update(0); }
  /// True if all epochs are done.
  bool finished() const { return epoch() >= options_.epochs; }
  /// True if the last update was the last of its epoch.
  bool at_epoch_end() const { return optimizer_.steps() > 0 && optimizer_.steps() % updates_per_epoch() == 0; }
  /// The epoch of the last update, as far as it got.
  TrainingEpoch epoch_so_far() const {
    if (optimizer_.steps() == 0) return {1, 0, 0, 0};
    const Index last = optimizer_.steps() - 1;
    const double mean = epoch_images_ > 0 ? epoch_loss_ / static_cast<double>(epoch_images_) : 0;
    return {last / updates_per_epoch() + 1, mean, rate_of(last), epoch_images_};
  }

  /// Bytes that a step on batches of `batch` images takes, worked by `threads`.
  static constexpr Index step_bytes(Index batch, int threads) { return Step::bytes(batch, threads); }

  Progress progress() const { return {optimizer_.steps(), epoch_images_, epoch_loss_}; }
  /// Continues from there, once weights and moments are those of that moment. Throws mae::Error about `subject` if a
  /// run with these options never is there.
  void resume(const Progress& progress, const std::string& subject = "progress") {
    const Index full = progress.steps / updates_per_epoch(), rest = progress.steps % updates_per_epoch();
    if (progress.steps < 0 || full > options_.epochs || (full == options_.epochs && rest > 0))
      throw Error(subject, std::to_string(progress.steps) + " updates",
                  "at most " + std::to_string(options_.epochs) + " epochs of " + std::to_string(updates_per_epoch()));
    if (progress.images < 0 || progress.images > order().images || !is_finite(progress.loss))
      throw Error(subject, "a loss of " + std::to_string(progress.loss) + " over " + std::to_string(progress.images) +
                  " images", "a finite one over at most " + std::to_string(order().images));
    optimizer_.set_steps(progress.steps);
    epoch_images_ = progress.images;
    epoch_loss_ = progress.loss;
  }

  /// What makes this run's batches, and where they are taken from in place of `LoadOnDemand`: see `data/prefetch.hpp`.
  /// The source must make the same batches, and outlive the run or be replaced.
  const Loader<ImageShape, T, Target>& loader() const { return own_source_.loader(); }
  void read_from(BatchSource<ImageShape, T, Target>& source) { source_ = &source; }
  /// Where they are taken from now.
  BatchSource<ImageShape, T, Target>& source() { return *source_; }

  Weights<Model, Policy>& weights() { return weights_; }
  const Weights<Model, Policy>& weights() const { return weights_; }
  Optimizer<Rule, Model, Policy>& optimizer() { return optimizer_; }
  const Optimizer<Rule, Model, Policy>& optimizer() const { return optimizer_; }
  const Options& options() const { return options_; }
  const Images& images() const { return images_; }
  const Normalization& normalization() const { return normalization_; }

 protected:
  /// `images` and `options` must have been checked.
  TrainingLoop(const Images& images, const Options& options, const Normalization& normalization,
               const BatchOrder& order)
      : images_(images),
        options_(options),
        normalization_(normalization),
        passes_(options.accumulation < order.per_epoch ? options.accumulation : order.per_epoch),
        weights_(options.seed),
        optimizer_(options.optimizer),
        gradients_(make_gradients()),
        session_(order.batch),
        own_source_({images, normalization, options.augmentation, order}, session_.threads()),
        schedule_{scaled_rate(options.base_learning_rate, images_of_update(0)), options.min_learning_rate,
                  options.warmup, static_cast<double>(options.epochs)} {
    if (Updates::in_backward && options.accumulation > 1)
      throw Error("accumulation", std::to_string(options.accumulation),
                  "1, since weights are updated during the backward pass");
  }
  void update_made() {}
  void update_failed() {}
  TrainingLoop(const TrainingLoop&) = delete;  // `source_` may point to `own_source_`
  TrainingLoop& operator=(const TrainingLoop&) = delete;

 private:
  using Gradients = typename Updates::template Gradients<Model, Policy, Rule>;
  using Step = BatchStep<Program<Loss, Policy, Recompute>, Model>;

  struct Pass {
    double images = 0;
    Index update = 0;
    bool last = false;  ///< of its update
  };

  /// Starts the passes of an update, and the update.
  void begin_update() {
    const Index number = optimizer_.steps(), step = number % updates_per_epoch(), images = images_of_update(step);
    const Index start = epoch() * order().per_epoch, end = (std::min)((step + 1) * passes_, order().per_epoch);
    const double rate = rate_of(number);
    try {
      for (Index i = step * passes_; i < end; ++i) {
        const Batch& batch = source_->at(start + i);
        end_passes(Step::ahead - 1);
        if constexpr (Updates::in_backward) gradients_.begin(rate);
        const auto count = static_cast<double>(batch.count());
        static_cast<Derived&>(*this).pass(count / static_cast<double>(images), batch);
        started_.push({count, number, i + 1 == end});
      }
      if constexpr (Updates::in_backward) gradients_.end();
      else optimizer_.start(weights_, gradients_, rate);
      end_passes(Step::ahead);
    } catch (...) {
      Index earlier = 0;
      while (earlier < started_.count() && started_[earlier].update < number) ++earlier;
      end_passes(started_.count() - earlier);  // earlier passes: unaffected, but an error of theirs came first
      leave_off((std::min)(number, optimizer_.steps()));
      throw;
    }
  }
  /// Looks at losses and gradients, the first ones first, until at most `left` passes, or none, are on their way.
  void end_passes(Index left) {
    while (started_.count() > (std::max)(left, Index{0})) {
      const Pass pass = started_[0];
      started_.pop();
      try {
        loss_of_passes_ += pass.images * session_.finish();
        if (!pass.last) continue;
        if constexpr (Updates::in_backward) gradients_.settle();
        else optimizer_.finish();
      } catch (...) {
        leave_off(pass.update);
        throw;
      }
      const Index step = pass.update % updates_per_epoch(), images = images_of_update(step);
      const double sum = std::exchange(loss_of_passes_, 0);
      epoch_loss_ = step == 0 ? sum : epoch_loss_ + sum;
      epoch_images_ = step == 0 ? images : epoch_images_ + images;
      update_loss_ = sum / static_cast<double>(images);
      static_cast<Derived&>(*this).update_made();
    }
  }
  /// Forgets what is on its way: update number `steps` is the next one.
  void leave_off(Index steps) {
    started_.clear();
    loss_of_passes_ = 0;
    session_.forget();
    optimizer_.forget();
    optimizer_.set_steps(steps);
    gradients_.zero();
    static_cast<Derived&>(*this).update_failed();
  }

  Gradients make_gradients() {
    if constexpr (Updates::in_backward) return {optimizer_, weights_, largest_gradient(Step::Program::graph)};
    else return {};
  }
  const BatchOrder& order() const { return loader().order(); }
  /// Images of an epoch's update number `step`.
  Index images_of_update(Index step) const {
    const Index begin = step * passes_, left = order().per_epoch - begin;
    const Index whole = order().batch * (left < passes_ ? left : passes_);
    const Index rest = order().images - begin * order().batch;
    return whole < rest ? whole : rest;  // the last batch of an epoch may be smaller
  }
  double rate_of(Index step) const {
    return schedule_.at(static_cast<double>(step) / static_cast<double>(updates_per_epoch()));
  }

  Images images_;
  Options options_;
  Normalization normalization_;
  Index passes_;

 protected:
  Weights<Model, Policy> weights_;

 private:
  Optimizer<Rule, Model, Policy> optimizer_;

 protected:
  Gradients gradients_;
  Step session_;

 private:
  LoadOnDemand<ImageShape, T, typename Policy::Threads, Target> own_source_;
  BatchSource<ImageShape, T, Target>* source_ = &own_source_;
  CosineSchedule schedule_;
  UnreadSteps<Pass> started_;
  Index epoch_images_ = 0;
  double epoch_loss_ = 0, update_loss_ = 0, loss_of_passes_ = 0;
};

}  // namespace mae
MAE_PRECISE_END
