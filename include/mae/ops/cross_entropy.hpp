// The loss of classification: logits and target [B, K] → [B], -Σ_k target_k log softmax(logits)_k.
//
// Rows of the target sum to one, so ∂L/∂logits = softmax(logits) - target. Label smoothing and mixed labels are targets
// like any other. Sums run in double, less the largest logit, so that nothing overflows.
#pragma once
#include <mae/core/math.hpp>
#include <mae/ops/error_placeholder.hpp>
#include <mae/ops/loss.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct CrossEntropyOperation : LossOperation {
  static constexpr const char* name = "cross-entropy";
  /// log Σ_k exp(x_k), safe from overflow.
  template <class T>
  MAE_HOST_DEVICE static double log_sum_exp(const T* x, Index K) {
    double largest = double(x[0]), sum = 0;
    for (Index k = 1; k < K; ++k) largest = math::fmax(largest, double(x[k]));
    for (Index k = 0; k < K; ++k) sum += math::exp(double(x[k]) - largest);
    return largest + math::log(sum);
  }
  template <class Call>
  static void forward(const Call& f) {
    constexpr Index K = Call::template Operand<0>::Shape::extent(1);
    const auto x = f.x(first);
    const auto target = f.x(second);
    const auto y = f.y();
    Call::Kernels::each(f.batch(), [=] MAE_HOST_DEVICE (Index b) {
      const double normalizer = log_sum_exp(x + b * K, K);
      double sum = 0;
      for (Index k = 0; k < K; ++k) sum += double(target[b * K + k]) * (normalizer - double(x[b * K + k]));
      y[b] = typename Call::T(sum);
    });
  }
  template <class Call>
  static void backward(const Call& f) {
    constexpr Index K = Call::template Operand<0>::Shape::extent(1);
    const auto x = f.x(first);
    const auto target = f.x(second);
    const auto dy = f.dy();
    if (const auto dx = f.dx(first); dx.wanted())
      Call::Kernels::each(f.batch(), [=] MAE_HOST_DEVICE (Index b) {
        const double normalizer = log_sum_exp(x + b * K, K);
        for (Index i = b * K; i < (b + 1) * K; ++i)
          dx.add(i, typename Call::A(double(dy[b]) * (math::exp(double(x[i]) - normalizer) - double(target[i]))));
      });
  }
};

/// -Σ target log softmax(logits) of each sample; target [B, K] holds probabilities.
template <Expression X, Expression Y>
constexpr auto cross_entropy(const X& logits, const Y& target) {
  static_assert(std::is_same_v<ShapeOf<X>, ShapeOf<Y>>,
                "mae::cross_entropy: logits and target must have the same shape");
  static_assert(ShapeOf<X>::rank == 2, "mae::cross_entropy: the logits must be [B, K]");
  if constexpr (ShapeOf<X>::rank == 2) return apply<CrossEntropyOperation>(logits, target);
  else return detail::error_placeholder<Shape<dyn>>(logits);
}

}  // namespace mae
MAE_PRECISE_END
