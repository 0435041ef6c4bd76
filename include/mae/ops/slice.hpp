// A piece of a tensor: y[o, k, i] = x[o, First + k, i], `Count` places of one axis from number `First` on.
//
// `slice<-1, 0, 8>(x)` are the first eight columns, `slice<1, 0, 1>(x)` the class token. Derivation: an element inside
// the piece has one image, so ∂L/∂x there is ∂L/∂y; the others have none, and a gradient of zero. Cost: a copy of the
// piece.
#pragma once
#include <mae/ops/axis.hpp>
#include <mae/ops/error_placeholder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace rule {
template <Index First, Index Count, Index Extent>
struct InsideAxis {
  static constexpr bool holds = First >= 0 && Count > 0 && First + Count <= Extent;
};
}  // namespace rule

template <Index Axis, Index First, Index Count>
struct SliceOperation : Operation {
  static constexpr const char* name = "slice";
  static constexpr bool cheap = true;
  template <class X>
  using Output = WithExtent<X, Axis, Count>;
  template <class Call>
  static void forward(const Call& f) {
    using Axes = detail::AxisOf<typename Call::template Operand<0>::Shape, Axis>;
    constexpr Index all = Axes::extent * Axes::inner, begin = First * Axes::inner, taken = Count * Axes::inner;
    const auto x = f.x(first);
    const auto y = f.y();
    Call::Kernels::rows(f.batch() * Axes::outer, taken,
                        [=] MAE_HOST_DEVICE(Index r, Index c) { y[r * taken + c] = x[r * all + begin + c]; });
  }
  template <class Call>
  static void backward(const Call& f) {
    using A = typename Call::A;
    using Axes = detail::AxisOf<typename Call::template Operand<0>::Shape, Axis>;
    constexpr Index all = Axes::extent * Axes::inner, begin = First * Axes::inner, taken = Count * Axes::inner;
    const auto dx = f.dx(first);
    const auto dy = f.dy();
    if (!dx.wanted()) return;
    if (dx.accumulate)  // nothing comes from outside the piece
      return Call::Kernels::rows(f.batch() * Axes::outer, taken, [=] MAE_HOST_DEVICE(Index r, Index c) {
        dx.add(r * all + begin + c, A(dy[r * taken + c]));
      });
    Call::Kernels::rows(f.batch() * Axes::outer, all, [=] MAE_HOST_DEVICE(Index r, Index c) {
      const bool inside = c >= begin && c < begin + taken;
      dx.add(r * all + c, inside ? A(dy[r * taken + c - begin]) : A(0));
    });
  }
};

/// Places [First, First + Count) of one axis.
template <Index Axis, Index First, Index Count, Expression X>
constexpr auto slice(const X& x) {
  using Sample = rule::AxisOfSample<Axis, ShapeOf<X>>;
  static_assert(Sample::holds, "mae::slice: the axis must be one of x's, and not the batch");
  if constexpr (Sample::holds) {
    using Inside = rule::InsideAxis<First, Count, ShapeOf<X>::extent(Axis)>;
    static_assert(Inside::holds, "mae::slice<Axis, First, Count>: the piece must lie inside the axis");
    if constexpr (Inside::holds) return apply<SliceOperation<Axis, First, Count>>(x);
    else return detail::error_placeholder<ShapeOf<X>>(x);
  } else {
    return detail::error_placeholder<ShapeOf<X>>(x);
  }
}

}  // namespace mae
MAE_PRECISE_END
