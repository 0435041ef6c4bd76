// The settings that every training program has: of the updates, and of how a run is kept on disk.
#pragma once
#include <algorithm>
#include <cmath>
#include <type_traits>

#include <mae/data/augment.hpp>
#include <mae/optim/lars.hpp>
#include <mae/optim/schedule.hpp>
#include <mae/optim/sgd.hpp>
#include <mae/train/options.hpp>

#include "machine.hpp"
#include "settings.hpp"

namespace program {

/// The epochs of the run that a checkpoint is of: of warm-up, and made to their end.
struct EpochsSoFar {
  double warmup = 0;
  mae::Index made = 0;
};
/// Throws mae::Error if the file does not say.
EpochsSoFar epochs_so_far(const std::string& checkpoint);

/// What `mae::PretrainingOptions` and `mae::FinetuningOptions` share; the defaults are those of `Options`.
template <class Options>
struct TrainingSettings {
  Settings& all;
  Options recipe{};
  const char* open_rate = nullptr;  ///< help where base_learning_rate may be left open: it is that of the recipe chosen

  Heading training{all, "Training"};
  Integer epochs{all,
                 "epochs",
                 recipe.epochs,
                 "passes over the images; with resume more than before, or fewer",
                 between(1, 1e6),
                 Scope::length};
  Integer batch{all, "batch", recipe.batch, "images in one forward and backward pass", between(1, 1e6)};
  Integer accumulation{all, "accumulation", recipe.accumulation, "passes in one update", between(1, 1e6)};
  OptionalNumber learning_rate{all, "learning_rate", {}, "highest rate, as it is", at_least(0)};
  OptionalNumber base_learning_rate{
      all, "base_learning_rate", open_rate ? std::nullopt : std::optional(recipe.base_learning_rate),
      open_rate ? open_rate : "highest rate for 256 images in one update; grows with batch x accumulation",
      at_least(0)};
  Alternatives rates{all, learning_rate, base_learning_rate};
  Number min_learning_rate{all, "min_learning_rate", recipe.min_learning_rate, "rate at the end", at_least(0)};
  OptionalNumber warmup{all, "warmup", {}, "epochs in which the rate grows; open: a tenth of all", at_least(0)};
  Number weight_decay{all, "weight_decay", recipe.optimizer.weight_decay, "of the optimizer", at_least(0)};
  OptionalNumber beta1{
      all, "beta1", {}, ("of AdamW; open: " + plain(recipe.optimizer.beta1)).c_str(), from_below(0, 1)};
  OptionalNumber beta2{
      all, "beta2", {}, ("of AdamW; open: " + plain(recipe.optimizer.beta2)).c_str(), from_below(0, 1)};
  OptionalNumber momentum{all, "momentum", {}, "of SGD and LARS; open: 0.9", from_below(0, 1)};
  Switch nesterov{all, "nesterov", false, "Nesterov's momentum, of SGD"};
  OptionalNumber trust{all, "trust", {}, "trust coefficient of LARS; open: 0.001", above(0)};
  Number clip{all, "clip", recipe.optimizer.clip, "largest norm of the gradient; 0: any", at_least(0)};
  Integer seed{all, "seed", 0, "of all random numbers", at_least(0)};
  Heading augmentation{all, "Augmentation"};
  Integer repeats{all, "repeats", 1, "random views of each image in an epoch; more where there are few images",
                  between(1, 1e6)};
  Number min_crop_scale{all, "min_crop_scale", recipe.augmentation.min_crop_scale,
                        "area of the smallest random resized crop, as a share; 1: no crop", above_to(0, 1)};
  Number max_aspect_ratio{all, "max_aspect_ratio", recipe.augmentation.max_aspect_ratio,
                          "aspect ratio of the widest crop", at_least(1)};
  Switch flip{all, "flip", recipe.augmentation.flip, "mirror every other image, left and right"};
  Integer shift{all, "shift", recipe.augmentation.shift, "shift by up to so many pixels each way", between(0, 1 << 20)};

  /// The options for data of `images` images. A run that goes on from `checkpoint`, or "", keeps its warm-up, whatever
  /// its new length. Throws mae::Error if settings contradict each other.
  Options options(mae::Index images, const std::string& checkpoint) const {
    return options(images, checkpoint, recipe);
  }
  /// The same for a run by another recipe.
  template <class Other>
  Other options(mae::Index images, const std::string& checkpoint, Other o) const {
    o.epochs = epochs(), o.batch = batch(), o.accumulation = accumulation();
    const mae::Index update = std::min(batch() * accumulation(), images);
    o.base_learning_rate = rate_of_256_images(update, o.base_learning_rate, !checkpoint.empty());
    o.min_learning_rate = min_learning_rate();
    const double peak = learning_rate() ? *learning_rate() : mae::scaled_rate(o.base_learning_rate, update);
    if (min_learning_rate() > peak)
      throw min_learning_rate.error(plain(min_learning_rate()), "at most the highest rate, which is " + plain(peak));
    if (warmup() && *warmup() >= static_cast<double>(epochs()))
      throw warmup.error(plain(*warmup()) + " epochs", "fewer than the " + std::to_string(epochs()) + " of the run");
    o.warmup = warmup() ? *warmup() : 0.1 * static_cast<double>(epochs());
    if (!checkpoint.empty()) {
      const EpochsSoFar before = epochs_so_far(checkpoint);
      if (epochs() < before.made) throw too_few(before.made, "the run that is resumed has made");
      if (const double least = std::ceil(before.warmup); static_cast<double>(epochs()) < least)
        throw too_few(static_cast<mae::Index>(least), "the warm-up of the run that is resumed has");
      o.warmup = before.warmup;
    }
    set_optimizer(o.optimizer);
    o.seed = static_cast<std::uint64_t>(seed());
    o.augmentation = {
        .shift = shift(), .flip = flip(), .min_crop_scale = min_crop_scale(), .max_aspect_ratio = max_aspect_ratio()};
    return o;
  }

 private:
  template <class T>
  static void take(T& value, const T& given) {
    value = given;
  }
  template <class T>
  static void take(T& value, const std::optional<T>& given) {
    value = *given;
  }
  /// Throws mae::Error if an option was chosen that this optimizer does not have.
  template <class Optimizer>
  void set_optimizer(Optimizer& o) const {
    o.weight_decay = weight_decay(), o.clip = clip();
    const auto set = [&](const auto& setting, bool chosen) {
      Optimizer::each(o, [&](const std::string& name, auto& value, const auto&) {
        if (!chosen || name != setting.name()) return;
        if constexpr (requires { take(value, setting()); }) take(value, setting());
        chosen = false;
      });
      if (chosen) throw setting.error("a value", "none, since the optimizer has no " + setting.name());
    };
    for (const OptionalNumber* const setting : {&beta1, &beta2, &momentum, &trust})
      set(*setting, setting->operator()().has_value());
    set(nesterov, nesterov());
  }
  mae::Error too_few(mae::Index least, const char* as) const {
    return epochs.error(std::to_string(epochs()), "at least " + std::to_string(least) + ", as many as " + as);
  }
  /// The rate for 256 images, where an update has `update`; left open it is `standard`. A run that is `resumed` records
  /// both rates, of which nobody may have chosen but one.
  double rate_of_256_images(mae::Index update, double standard, bool resumed) const {
    if (learning_rate() && base_learning_rate() && base_learning_rate.given() && !resumed)
      throw base_learning_rate.error("a value beside " + learning_rate.subject(),
                                     "one of the two; null leaves it open");
    if (!learning_rate() && !base_learning_rate() && open_rate) return standard;
    if (!learning_rate() && !base_learning_rate())
      throw base_learning_rate.error("null", "a rate here or in learning_rate");
    if (!learning_rate()) return *base_learning_rate();
    return *learning_rate() * 256 / static_cast<double>(update);
  }
};

/// The optimizer of a training that may have any.
struct OptimizerSetting {
  Settings& all;
  Text optimizer{all, "optimizer", "adamw", "by which rule weights are updated", one_of({"adamw", "sgd", "lars"})};

  /// Calls train(Rule*) of the one that was chosen.
  template <class Train>
  void dispatch(const Train& train) const {
    if (optimizer() == "adamw") train(static_cast<mae::AdamwRule*>(nullptr));
    if (optimizer() == "sgd") train(static_cast<mae::SgdRule*>(nullptr));
    if (optimizer() == "lars") train(static_cast<mae::LarsRule*>(nullptr));
  }
};

/// Where a run writes, how often, and on what it computes. May change from one start to the next.
struct RunSettings {
  Settings& all;
  const char* folder;

  Heading run{all, "The run"};
  Text out{all, "out", folder, "folder for checkpoints, log and images", Scope::runtime};
  Switch resume{all, "resume", false, "go on from the newest checkpoint in out, with its settings", Scope::invocation};
  Number checkpoint_epochs{
      all, "checkpoint_epochs", 0, "save after so many epochs; 0: not by epochs", between(0, 1e6), Scope::runtime};
  Number checkpoint_minutes{all,         "checkpoint_minutes", 10, "save after so many minutes; 0: not by time",
                            at_least(0), Scope::runtime};
  Integer keep_last{all,           "keep_last", 2, "newest checkpoints that are kept, beside the best", between(1, 1e6),
                    Scope::runtime};
  Integer evaluate_epochs{
      all, "evaluate_epochs", 1, "look at held-out images after so many epochs", between(1, 1e6), Scope::runtime};
  Integer log_every{all,         "log_every",   100, "a line in the log after so many updates; 0: after epochs only",
                    at_least(0), Scope::runtime};
  MachineSettings machine{all};
};

}  // namespace program
