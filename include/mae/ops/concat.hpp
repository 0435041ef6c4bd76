// Tensors joined along an axis: `concat<1>(x, y)` of x [B, N, D] and y [B, M, D] is [B, N + M, D].
//
// Derivation: every element of an operand has one place in the result, so its gradient is the slice of ∂L/∂y that the
// operand became. Nothing is kept. Two to four operands. Cost: a copy of all.
#pragma once
#include <mae/ops/axis.hpp>
#include <mae/ops/error_placeholder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace rule {
/// Shapes that differ along the axis alone.
template <Index Axis, class X, class... Others>
struct JoinableShapes {
  static constexpr bool holds = (std::is_same_v<WithExtent<X, Axis, 1>, WithExtent<Others, Axis, 1>> && ...);
};
}  // namespace rule

template <Index Axis>
struct ConcatOperation : Operation {
  static constexpr const char* name = "concat";
  static constexpr bool cheap = true;
  template <class X, class... Others>
  using Output = WithExtent<X, Axis, (X::extent(Axis) + ... + Others::extent(Axis))>;

  /// Operand k in the rows of the result, [batch · outer, all]: where its columns begin, and how many there are.
  template <class Call, int k>
  struct Columns {
    using Whole = detail::AxisOf<typename Call::Result, Axis>;
    static constexpr Index outer = Whole::outer, all = Whole::extent * Whole::inner;
    static constexpr Index count = Call::template Operand<k>::Shape::extent(Axis) * Whole::inner;
    static constexpr Index begin = [] {
      if constexpr (k == 0) return Index{0};
      else return Columns<Call, k - 1>::begin + Columns<Call, k - 1>::count;
    }();
  };
  template <class Call, int k>
  static void put(const Call& f, std::integral_constant<int, k> operand) {
    using T = typename Call::T;
    using A = typename Call::A;
    constexpr Index all = Columns<Call, k>::all, begin = Columns<Call, k>::begin, count = Columns<Call, k>::count;
    const auto x = f.x(operand);
    const auto y = f.y();
    Call::Kernels::rows(f.batch() * Columns<Call, k>::outer, count,
                        [=] MAE_HOST_DEVICE(Index r, Index c) { y[r * all + begin + c] = T(A(x[r * count + c])); });
  }
  template <class Call, int k>
  static void take(const Call& f, std::integral_constant<int, k> operand) {
    using A = typename Call::A;
    constexpr Index all = Columns<Call, k>::all, begin = Columns<Call, k>::begin, count = Columns<Call, k>::count;
    const auto dy = f.dy();
    if (const auto dx = f.dx(operand); dx.wanted())
      Call::Kernels::rows(f.batch() * Columns<Call, k>::outer, count,
                          [=] MAE_HOST_DEVICE(Index r, Index c) { dx.add(r * count + c, A(dy[r * all + begin + c])); });
  }
  static void forward(const auto& f) {
    [&]<int... k>(std::integer_sequence<int, k...>) { (put(f, std::integral_constant<int, k>{}), ...); }
    (std::make_integer_sequence<int, std::remove_cvref_t<decltype(f)>::operands>{});
  }
  static void backward(const auto& f) {
    [&]<int... k>(std::integer_sequence<int, k...>) { (take(f, std::integral_constant<int, k>{}), ...); }
    (std::make_integer_sequence<int, std::remove_cvref_t<decltype(f)>::operands>{});
  }
};

/// x and the others, one behind the other along one axis.
template <Index Axis, Expression X, Expression... Others>
requires(sizeof...(Others) > 0 && sizeof...(Others) < max_inputs) constexpr auto concat(const X& x,
                                                                                        const Others&... others) {
  using Sample = rule::AxisOfSample<Axis, ShapeOf<X>>;
  static_assert(Sample::holds, "mae::concat: the axis must be one of x's, and not the batch");
  if constexpr (Sample::holds) {
    using Joinable = rule::JoinableShapes<Axis, ShapeOf<X>, ShapeOf<Others>...>;
    static_assert(Joinable::holds, "mae::concat<Axis>: the shapes must be the same but for the axis");
    if constexpr (Joinable::holds)
      return detail::record<ConcatOperation<Axis>, typename X::Mode>(std::tuple{x.eval(), others.eval()...});
    else return detail::error_placeholder<ShapeOf<X>>(x);
  } else {
    return detail::error_placeholder<ShapeOf<X>>(x);
  }
}

}  // namespace mae
MAE_PRECISE_END
