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
#include <mae/core/config.hpp>
#include <mae/core/math.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// One AdamW update (Loshchilov & Hutter, 2019) of a tensor: the rates already hold schedule and layer scale.
struct AdamwStep {
  double rate = 0;   ///< learning rate of this update
  double weight_decay = 0;  ///< decoupled weight decay; multiplies `rate`
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
  double gradient_scale = 1;                ///< multiplies the gradient first (clipping, accumulation)
  double correction1 = 1, correction2 = 1;  ///< 1 - beta1^t and 1 - beta2^t
};

/// The same as what kernels that compute in T multiply by.
template <class T>
struct AdamwFactors {
  T decay, rate, fresh1, fresh2, inverse2, epsilon;
  AdamwFactors() = default;
  explicit AdamwFactors(const AdamwStep& s)
      : decay(T(s.rate * s.weight_decay)),
        rate(T(s.rate / s.correction1)),
        fresh1(T(1 - s.beta1)),
        fresh2(T(1 - s.beta2)),
        inverse2(T(1 / s.correction2)),
        epsilon(T(s.epsilon)) {}
};

/// How `adamw_update` takes the root of a number; a vector has a type of its own.
struct RootOfNumber {
  template <class T>
  MAE_HOST_DEVICE static void square_root(T& y, const T& x) {
    y = math::sqrt(x);
  }
};

/// The update of one weight with its moments, or of a vector of them. The gradient has been scaled.
template <class Root, class Numbers, class T>
[[gnu::always_inline]] MAE_HOST_DEVICE inline void adamw_update(Numbers& weight, const Numbers& gradient,
                                                                Numbers& first, Numbers& second,
                                                                const AdamwFactors<T>& by) {
  Numbers root;
  first = first + by.fresh1 * (gradient - first);
  second = second + by.fresh2 * (gradient * gradient - second);
  Root::square_root(root, second * by.inverse2);
  weight = weight - (by.decay * weight + by.rate * first / (root + by.epsilon));
}

}  // namespace mae
MAE_PRECISE_END
