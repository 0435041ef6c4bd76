// The two losses, one number a sample: squared error of predicted patches, and cross-entropy of logits.
//
// `patch_error(pred, target)`: [B, M, n] each → [B], the mean over the M patches and n values of (pred - target)².
//     ∂L/∂pred = 2 (pred - target) / (M n).          (He et al., 2021, section 3, "Reconstruction target")
// `cross_entropy(logits, target)`: [B, K] each → [B], -Σ_k target_k log softmax(logits)_k; target rows sum to one, so
//     ∂L/∂logits = softmax(logits) - target. Label smoothing and mixed labels are targets like any other.
// `normalize_patches(x)`: each patch gets mean 0 and deviation 1 (unbiased variance + 1e-6), the paper's better
// target. Sums run in double: a loss over 100,000 values must not lose digits that a golden test or a plateau
// detector needs.
#pragma once
#include <mae/autograd/trace/operation.hpp>
#include <mae/core/math.hpp>
#include <mae/ops/error_placeholder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct PatchErrorOperation : Operation {
  static constexpr const char* name = "patch error";
  static constexpr unsigned keep = keep_input(0) | keep_input(1);
  static constexpr unsigned non_differentiable = 2;
  template <class X, class>
  using Output = Shape<dyn>;
  template <class M, class...>
  using Element = typename M::Policy::Accumulator;
  template <class Call>
  static void forward(const Call& f) {
    constexpr Index count = Call::template Operand<0>::Shape::count;
    const auto x = f.x(first);
    const auto target = f.x(second);
    const auto y = f.y();
    Call::Kernels::row_sums(
        f.batch(), count,
        [=] MAE_HOST_DEVICE (Index b, Index i) {
          const double error = double(x[b * count + i]) - double(target[b * count + i]);
          return error * error;
        },
        [=] MAE_HOST_DEVICE (Index b, double sum) { y[b] = typename Call::T(sum / double(count)); });
  }
  template <class Call>
  static void backward(const Call& f) {
    using A = typename Call::A;
    constexpr Index count = Call::template Operand<0>::Shape::count;
    const auto x = f.x(first);
    const auto target = f.x(second);
    const auto dy = f.dy();
    if (const auto dx = f.dx(first); dx.wanted())
      Call::Kernels::rows(f.batch(), count, [=] MAE_HOST_DEVICE (Index b, Index i) {
        const Index at = b * count + i;
        dx.add(at, A(dy[b]) * A(2) / A(count) * (A(x[at]) - A(target[at])));
      });
  }
};

/// Mean squared error of each sample; no gradient flows to the target.
template <Expression X, Expression Y>
constexpr auto patch_error(const X& prediction, const Y& target) {
  static_assert(std::is_same_v<ShapeOf<X>, ShapeOf<Y>>,
                "mae::patch_error: prediction and target must have the same shape");
  return apply<PatchErrorOperation>(prediction, target);
}

struct NormalizePatchesOperation : Operation {
  static constexpr const char* name = "normalize patches";
  static constexpr unsigned non_differentiable = 1;
  template <class X>
  using Output = X;
  template <class Call>
  static void forward(const Call& f) {
    constexpr Index n = width_of<typename Call::Result>, rows = rows_of<typename Call::Result>;
    const auto x = f.x(first);
    const auto y = f.y();
    Call::Kernels::each(f.batch() * rows, [=] MAE_HOST_DEVICE (Index r) {
      double mean = 0, variance = 0;
      for (Index i = 0; i < n; ++i) mean += double(x[r * n + i]);
      mean /= double(n);
      for (Index i = 0; i < n; ++i) variance += (double(x[r * n + i]) - mean) * (double(x[r * n + i]) - mean);
      const double scale = 1 / math::sqrt(variance / double(n - 1) + 1e-6);
      for (Index i = 0; i < n; ++i) y[r * n + i] = typename Call::T((double(x[r * n + i]) - mean) * scale);
    });
  }
  static void backward(const auto&) {}
};

/// Patches [B, M, n], each with mean 0 and deviation 1. A target: no gradient flows through it.
template <Expression X>
constexpr auto normalize_patches(const X& patches) {
  static_assert(width_of<ShapeOf<X>> > 1, "mae::normalize_patches: a patch of one value has no variance");
  return apply<NormalizePatchesOperation>(patches);
}

struct CrossEntropyOperation : Operation {
  static constexpr const char* name = "cross-entropy";
  static constexpr unsigned keep = keep_input(0) | keep_input(1);
  static constexpr unsigned non_differentiable = 2;
  template <class X, class>
  using Output = Shape<dyn>;
  template <class M, class...>
  using Element = typename M::Policy::Accumulator;
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
