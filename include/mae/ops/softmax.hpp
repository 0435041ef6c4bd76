// The softmax of each row, along the last axis: y_i = exp(x_i) / Σ_j exp(x_j), shares that add up to one.
//
// The largest number of the row is subtracted first, which changes nothing and keeps the exponentials finite.
// Derivation, with g = ∂L/∂y: ∂y_i/∂x_j = y_i (δ_ij - y_j), so
//     ∂L/∂x_j = Σ_i g_i y_i (δ_ij - y_j) = y_j (g_j - Σ_i g_i y_i).
// Kept: y alone. Cost: one exponential a number.
#pragma once
#include <mae/autograd/trace/operation.hpp>
#include <mae/backend/primitives.hpp>
#include <mae/ops/error_placeholder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct SoftmaxOperation : Operation {
  static constexpr const char* name = "softmax";
  static constexpr unsigned keep = keep_result;
  template <class X>
  using Output = X;
  template <class M, class>
  using Element = typename M::Policy::Activation;
  template <class M, class X>
  static constexpr Index flops = 4 * X::count;
  static void forward(const auto& f) {
    using Call = std::remove_cvref_t<decltype(f)>;
    constexpr Index D = width_of<typename Call::Result>;
    PrimitiveKernels<typename Call::Policy>::softmax(f.batch() * (Call::Result::count / D), D, f.x(first), f.y());
  }
  static void backward(const auto& f) {
    using Call = std::remove_cvref_t<decltype(f)>;
    constexpr Index D = width_of<typename Call::Result>;
    if (const auto dx = f.dx(first); dx.wanted())
      PrimitiveKernels<typename Call::Policy>::softmax_gradient(f.batch() * (Call::Result::count / D), D, f.y(), f.dy(),
                                                                dx.data, dx.accumulate);
  }
};

/// Rows of x [..., D] as shares of one.
template <Expression X>
constexpr auto softmax(const X& x) {
  constexpr bool rows = ShapeOf<X>::rank > 1, kernels = PrimitiveKernels<typename X::Mode::Policy>::available;
  static_assert(rows, "mae::softmax: x must be [B, ..., D]");
  static_assert(kernels,
                "mae: kernels of primitives are not included; Cpu needs <mae/ops/primitives.hpp>, "
                "Cuda <mae/backend/cuda/primitives.cuh>");
  if constexpr (rows && kernels) return apply<SoftmaxOperation>(x);
  else return detail::error_placeholder<ShapeOf<X>>(x);
}

}  // namespace mae
MAE_PRECISE_END
