// What both training loops ask of the options they share, told before anything is computed; and all options by name.
#pragma once
#include <mae/core/finite.hpp>
#include <mae/core/math.hpp>
#include <mae/data/augment.hpp>
#include <mae/optim/adamw.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Calls visit(name, value) for every option of a run, those of optimizer and augmentation among them. `value` is a
/// reference to a whole number, double or bool: options can be written out, compared, and read in.
template <class Options, class Visit>
void each_option(Options& options, const Visit& visit) {
  visit("batch", options.batch);
  visit("accumulation", options.accumulation);
  visit("epochs", options.epochs);
  visit("warmup", options.warmup);
  visit("base_learning_rate", options.base_learning_rate);
  visit("min_learning_rate", options.min_learning_rate);
  options.optimizer.each(options.optimizer, visit);
  if constexpr (requires { options.layer_decay; }) {
    visit("layer_decay", options.layer_decay);
    visit("drop_path", options.drop_path);
    visit("label_smoothing", options.label_smoothing);
  }
  each_option(options.augmentation, visit);
  visit("seed", options.seed);
}

namespace detail {

inline void require_at_least_one(const char* option, Index value) {
  if (value < 1) throw Error(option, std::to_string(value), "a whole number from 1");
}
inline void require_finite_from_zero(const char* option, double value) {
  if (!(value >= 0 && is_finite(value))) throw Error(option, std::to_string(value), "a finite number from 0");
}

/// Throws mae::Error that names the option: batch, passes, epochs, warmup, rates, or one of optimizer or augmentation.
/// A warm-up longer than the run never comes to the rate that was asked for.
template <class Options>
void check_training(const Options& options) {
  require_at_least_one("batch", options.batch);
  require_at_least_one("accumulation", options.accumulation);
  require_at_least_one("epochs", options.epochs);
  require_finite_from_zero("warmup", options.warmup);
  if (const auto whole = static_cast<Index>(math::fmin(options.warmup, 1e15));
      options.warmup > static_cast<double>(options.epochs))
    throw Error("warmup", (static_cast<double>(whole) < options.warmup ? "more than " : "") + std::to_string(whole) +
                " epochs", "at most the " + std::to_string(options.epochs) + " of the run");
  require_finite_from_zero("base_learning_rate", options.base_learning_rate);
  require_finite_from_zero("min_learning_rate", options.min_learning_rate);
  validate(options.optimizer);
  validate(options.augmentation);
}

}  // namespace detail
}  // namespace mae
MAE_PRECISE_END
