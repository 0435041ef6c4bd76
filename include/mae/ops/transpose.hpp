// Two axes that change places: `transpose<1, 2>(x)` of x [B, N, H, d] is [B, H, N, d]; `transpose(x)` swaps the last
// two.
//
// With a = the first of both axes and b = the second, x is [outer, P, mid, Q, inner] and y [outer, Q, mid, P, inner]:
//     y[o, b, m, a, i] = x[o, a, m, b, i].
// Derivation: a permutation of the elements, so the gradient goes back by the inverse one, which is the same swap.
// Nothing is kept. Cost: a copy. `matmul` reads transposed matrices where they lie (ops/matmul.hpp), without this.
#pragma once
#include <mae/ops/axis.hpp>
#include <mae/ops/error_placeholder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace rule {
/// Two axes of a sample.
template <Index Left, Index Right, class S>
struct SwappedAxes {
  static constexpr bool holds = AxisOfSample<Left, S>::holds && AxisOfSample<Right, S>::holds;
};
}  // namespace rule

namespace detail {
/// Where the elements of [outer, Q, mid, P, inner] lie in [outer, P, mid, Q, inner], for loops over rows and columns.
template <Index P, Index mid, Index Q, Index inner>
struct Swap {
  static constexpr Index count = P * mid * Q * inner, columns = inner == 1 ? P : inner, rows = count / columns;
  MAE_HOST_DEVICE static constexpr Index from(Index r, Index c) {
    const Index a = inner == 1 ? c : r % P, rest = inner == 1 ? r : r / P;
    const Index m = rest % mid, b = rest / mid % Q, o = rest / (mid * Q);
    return (((o * P + a) * mid + m) * Q + b) * inner + (inner == 1 ? 0 : c);
  }
};
template <class S, Index A, Index B>
struct SwapOf {
  using First = AxisOf<S, (A < B) ? A : B>;
  using Second = AxisOf<S, (A < B) ? B : A>;
  static constexpr Index P = First::extent, Q = Second::extent, inner = Second::inner, mid = First::inner / (Q * inner),
                         outer = First::outer;
  using type = mae::WithExtent<mae::WithExtent<S, First::number, Q>, Second::number, P>;
};
}  // namespace detail

/// Axes A < B, counted from 0.
template <Index A, Index B>
struct TransposeOperation : Operation {
  static constexpr const char* name = "transpose";
  static constexpr bool cheap = true;
  template <class X>
  using Output = typename detail::SwapOf<X, A, B>::type;
  template <class Call>
  static void forward(const Call& f) {
    using Of = detail::SwapOf<typename Call::template Operand<0>::Shape, A, B>;
    using Swap = detail::Swap<Of::P, Of::mid, Of::Q, Of::inner>;
    const auto x = f.x(first);
    const auto y = f.y();
    Call::Kernels::rows(f.batch() * Of::outer * Swap::rows, Swap::columns,
                        [=] MAE_HOST_DEVICE(Index r, Index c) { y[r * Swap::columns + c] = x[Swap::from(r, c)]; });
  }
  template <class Call>
  static void backward(const Call& f) {
    using Of = detail::SwapOf<typename Call::template Operand<0>::Shape, A, B>;
    using Swap = detail::Swap<Of::Q, Of::mid, Of::P, Of::inner>;
    const auto dy = f.dy();
    if (const auto dx = f.dx(first); dx.wanted())
      Call::Kernels::rows(f.batch() * Of::outer * Swap::rows, Swap::columns, [=] MAE_HOST_DEVICE(Index r, Index c) {
        dx.add(r * Swap::columns + c, typename Call::A(dy[Swap::from(r, c)]));
      });
  }
};

/// x with axes Left and Right swapped, by default the last two.
template <Index Left = -2, Index Right = -1, Expression X>
constexpr auto transpose(const X& x) {
  using S = ShapeOf<X>;
  using Sample = rule::SwappedAxes<Left, Right, S>;
  static_assert(Sample::holds, "mae::transpose: both axes must be axes of x, and not the batch");
  if constexpr (Sample::holds) {
    constexpr Index a = detail::AxisOf<S, Left>::number, b = detail::AxisOf<S, Right>::number;
    return apply<TransposeOperation<(a < b ? a : b), (a < b ? b : a)>>(x);
  } else {
    return detail::error_placeholder<S>(x);
  }
}

}  // namespace mae
MAE_PRECISE_END
