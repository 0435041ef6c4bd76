// AdamW's arithmetic, which all backends share: numbers, vectors of a processor and threads of a GPU.
//
//    m += (1 - β1) (g - m)        w -= η λ w + η (m / c1) / (sqrt(v / c2) + ε)
//    v += (1 - β2) (g² - v)       (Loshchilov & Hutter, 2019; rate η, decay λ, c1, c2 = 1 - β^t)
//
// Moments and weights change by differences. In β m + (1 - β) g the rounded β and 1 - β would not add up to 1, and
// moments would creep under a gradient that stays the same. The factor 1 - η λ is so near to 1 that rounding it to
// float would change the decay by percents, always to the same side (λ = 0.05: by 19 % at η = 1e-6, and to none at
// 1e-7). η λ itself is as exact as any other float.
#pragma once
#include <mae/backend/update.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// What kernels multiply by (backend/update.hpp).
template <class T>
struct AdamwFactors {
  static constexpr int states = 2;
  T decay, rate, fresh1, fresh2, inverse2, epsilon;

  /// The update of one weight with its moments, or of a vector of them. The gradient has been scaled.
  template <class Root, class Numbers>
  [[gnu::always_inline]] MAE_HOST_DEVICE void update(Numbers& weight, const Numbers& gradient,
                                                     Numbers (&moment)[states]) const {
    Numbers root;
    moment[0] = moment[0] + fresh1 * (gradient - moment[0]);
    moment[1] = moment[1] + fresh2 * (gradient * gradient - moment[1]);
    Root::square_root(root, moment[1] * inverse2);
    weight = weight - (decay * weight + rate * moment[0] / (root + epsilon));
  }
};

/// One AdamW update of a tensor, as the paper writes it: the rate already holds schedule and layer scale.
struct AdamwStep {
  double rate = 0;          ///< learning rate of this update
  double weight_decay = 0;  ///< decoupled weight decay; multiplies `rate`
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
  double correction1 = 1, correction2 = 1;  ///< 1 - beta1^t and 1 - beta2^t

  AdamwFactors<double> factors() const {
    return {rate * weight_decay, rate / correction1, 1 - beta1, 1 - beta2, 1 / correction2, epsilon};
  }
};

}  // namespace mae
MAE_PRECISE_END
