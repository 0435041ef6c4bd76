// The loss of masked autoencoding: [B, M, n] predicted and wanted → [B], the mean of squares of M patches of n values.
//
//     L = 1/(M n) Σ (pred - target)²,   ∂L/∂pred = 2 (pred - target) / (M n)      (He et al., 2021, section 3)
//
// Sums run in double: a loss over 100,000 values must not lose digits that a golden test or a watch over a run needs.
#pragma once
#include <mae/ops/loss.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct PatchErrorOperation : LossOperation {
  static constexpr const char* name = "patch error";
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

}  // namespace mae
MAE_PRECISE_END
