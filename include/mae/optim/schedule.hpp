// The learning rate over time: linear warm-up from zero, then half a cosine (He et al., 2021, tables 8 and 9).
//
//     rate(t) = peak · t / warmup                                                         for t < warmup,
//     rate(t) = minimum + (peak - minimum) · (1 + cos(π (t - warmup) / (epochs - warmup))) / 2   from then on.
//
// Time t is counted in epochs, in fractions, and the rate changes with every step. The rate that recipes name is for a
// batch of 256 images and grows in proportion with the batch (Goyal et al., 2017): `scaled_rate`.
#pragma once
#include <mae/core/config.hpp>
#include <mae/core/math.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// base · (images in one update) / 256.
inline double scaled_rate(double base, Index effective_batch) {
  return base * static_cast<double>(effective_batch) / 256;
}

/// Warm-up, then half a cosine; the minimum after a warm-up of all epochs.
struct CosineSchedule {
  double peak = 0, minimum = 0;   ///< learning rates
  double warmup = 0, epochs = 1;  ///< epochs of warm-up, and in all

  /// The rate at `epoch` (with its fraction): peak · epoch / warmup, then from peak down to minimum.
  double at(double epoch) const {
    if (epoch < warmup) return peak * epoch / warmup;
    const double progress = epochs > warmup ? (epoch - warmup) / (epochs - warmup) : 1;
    return minimum + (peak - minimum) * 0.5 * (1 + math::cos(3.141592653589793 * progress));
  }
};

}  // namespace mae
MAE_PRECISE_END
