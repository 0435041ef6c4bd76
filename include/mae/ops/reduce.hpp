// Sum and mean along an axis: y[o, i] = s Σ_k x[o, k, i], s = 1 for the sum and 1 / N for the mean of N numbers.
//
// `mean<1>(x)` of x [B, N, D] is [B, D]; `mean<1, keep_axis>(x)` is [B, 1, D], which `x - mean<1, keep_axis>(x)`
// spreads over x again (broadcast.hpp). Derivation: every x[o, k, i] enters one sum with the factor s, so
// ∂L/∂x[o, k, i] = s ∂L/∂y[o, i]. Nothing is kept. The result is of the accumulator's type. Cost: one pass over x.
#pragma once
#include <mae/ops/axis.hpp>
#include <mae/ops/error_placeholder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

inline constexpr bool keep_axis = true;  ///< the result has extent 1 there

template <Index Axis, bool Keep, bool Mean>
struct ReduceOperation : Operation {
  static constexpr const char* name = Mean ? "mean" : "sum";
  template <class X>
  using Output =
      typename std::conditional_t<Keep, std::type_identity<WithExtent<X, Axis, 1>>, detail::WithoutAxis<X, Axis>>::type;
  template <class M, class>
  using Element = typename M::Policy::Accumulator;
  template <class Call>
  using Along = detail::AxisOf<typename Call::template Operand<0>::Shape, Axis>;

  template <class Call>
  static void forward(const Call& f) {
    using A = typename Call::A;
    constexpr Index divisor = Mean ? Along<Call>::extent : 1;
    const auto x = f.x(first);
    const auto y = f.y();
    detail::sum_along<typename Call::Kernels, Along<Call>>(
        f.batch(), [=] MAE_HOST_DEVICE(Index i) { return A(x[i]); },
        [=] MAE_HOST_DEVICE(Index j, A sum) { y[j] = sum / A(divisor); });
  }
  template <class Call>
  static void backward(const Call& f) {
    using A = typename Call::A;
    using Axes = Along<Call>;
    constexpr Index divisor = Mean ? Axes::extent : 1, columns = Axes::columns;
    const auto dy = f.dy();
    if (const auto dx = f.dx(first); dx.wanted())
      Call::Kernels::rows(f.batch() * Axes::rows, columns, [=] MAE_HOST_DEVICE(Index r, Index c) {
        dx.add(r * columns + c, dy[Axes::reduced(r, c)] / A(divisor));
      });
  }
};

/// The sum along one axis, which disappears, or stays with extent 1: `sum<-1, keep_axis>(x)`.
template <Index Axis, bool Keep = false, Expression X>
constexpr auto sum(const X& x) {
  using Inside = rule::AxisOfSample<Axis, ShapeOf<X>>;
  static_assert(Inside::holds, "mae::sum: the axis must be one of x's, and not the batch");
  if constexpr (Inside::holds) return apply<ReduceOperation<Axis, Keep, false>>(x);
  else return detail::error_placeholder<ShapeOf<X>>(x);
}
/// The mean along one axis, which disappears, or stays with extent 1.
template <Index Axis, bool Keep = false, Expression X>
constexpr auto mean(const X& x) {
  using Inside = rule::AxisOfSample<Axis, ShapeOf<X>>;
  static_assert(Inside::holds, "mae::mean: the axis must be one of x's, and not the batch");
  if constexpr (Inside::holds) return apply<ReduceOperation<Axis, Keep, true>>(x);
  else return detail::error_placeholder<ShapeOf<X>>(x);
}

}  // namespace mae
MAE_PRECISE_END
