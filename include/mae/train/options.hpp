// What both training loops ask of the options they share, told before anything is computed.
#pragma once
#include <cmath>

#include <mae/data/augment.hpp>

namespace mae::detail {

inline void require_at_least_one(const char* option, Index value) {
  if (value < 1) throw Error(option, std::to_string(value), "a whole number from 1");
}
inline void require_finite_from_zero(const char* option, double value) {
  if (!(value >= 0 && std::isfinite(value))) throw Error(option, std::to_string(value), "a finite number from 0");
}

/// Throws mae::Error that names the option: batch, epochs, warmup, rates, or one of the augmentation.
template <class Options>
void check_training(const Options& options) {
  require_at_least_one("batch", options.batch);
  require_at_least_one("epochs", options.epochs);
  require_finite_from_zero("warmup", options.warmup);
  require_finite_from_zero("base_rate", options.base_rate);
  require_finite_from_zero("minimum_rate", options.minimum_rate);
  validate(options.augmentation);
}

}  // namespace mae::detail
