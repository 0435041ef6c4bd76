// `+`, `-` and `*` of operands of different shapes: the smaller one is spread over the larger.
//
// Two kinds of smaller operand:
//   a parameter whose shape is the end of x's: x [B, N, D] with p [D] or [N, D]     y[r, c] = F(x[r, c], p[c])
//   an activation with extent 1 along one axis of x: x [B, N, D] with z [B, N, 1]   y[o, k, i] = F(x[o, k, i], z[o, i])
// Derivation: with g = ∂L/∂y, ∂L/∂x = g ∂F/∂x where x stands. The smaller operand enters many elements, and its
// gradient is the sum of g ∂F/∂p over them: over all rows of the batch for a parameter, along the axis for an
// activation. For the product ∂F/∂x = p and ∂F/∂p = x, so both operands are kept; sum and difference keep nothing and
// pass g on to x.
#pragma once
#include <mae/autograd/trace/pointwise.hpp>
#include <mae/ops/axis.hpp>
#include <mae/ops/error_placeholder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace rule {
template <class S, class End>
struct TrailingShape {
  static constexpr bool holds = [] {
    if (End::rank >= S::rank) return false;
    for (Index k = 1; k <= End::rank; ++k)
      if (End::extent(-k) != S::extent(-k)) return false;
    return true;
  }();
};
}  // namespace rule

namespace detail {
/// F of one element of the larger operand and one of the smaller, and its two derivatives times g. F is Sum, Difference
/// or Product of pointwise.hpp.
template <class F, class A>
MAE_HOST_DEVICE A spread_value(A x, A p) {
  const A operands[] = {x, p};
  return F::value(operands);
}
template <class F, int operand, class A>
MAE_HOST_DEVICE A spread_slope(A g, A x, A p) {
  const A operands[] = {x, p};
  A slopes[2];
  F::pull_back(g, operands, slopes);
  return slopes[operand];
}
template <class F>
inline constexpr const char* spread_name = F::reads ? "spread product" : "spread sum";
}  // namespace detail

/// F of x and a parameter with `Count` numbers.
template <class F, Index Count>
struct WithParameterOperation : Operation {
  static constexpr const char* name = detail::spread_name<F>;
  static constexpr unsigned keep = F::reads ? keep_input(0) : keep_nothing;
  static constexpr bool cheap = true;
  static constexpr unsigned identity_gradient = F::reads ? 0u : 1u;
  template <class X>
  using Output = X;
  template <class Call>
  static Index rows(const Call& f) {
    return f.batch() * (Call::Result::count / Count);
  }
  template <class Call>
  static void forward(const Call& f) {
    using T = typename Call::T;
    using A = typename Call::A;
    const auto x = f.x(first);
    const auto p = f.parameter(0);
    const auto y = f.y();
    Call::Kernels::rows(rows(f), Count, [=] MAE_HOST_DEVICE(Index r, Index c) {
      y[r * Count + c] = T(detail::spread_value<F>(A(x[r * Count + c]), A(p[c])));
    });
  }
  template <class Call>
  static void backward(const Call& f) {
    using A = typename Call::A;
    using W = typename Call::W;
    const auto dy = f.dy();
    W* const gradient = f.gradient(0);
    const auto put = [=] MAE_HOST_DEVICE(Index c, A sum) { gradient[c] += W(sum); };
    if constexpr (F::reads) {
      const auto x = f.x(first);
      const auto p = f.parameter(0);
      if (gradient)
        Call::Kernels::column_sums(
            rows(f), Count,
            [=] MAE_HOST_DEVICE(Index r, Index c) {
              const Index i = r * Count + c;
              return detail::spread_slope<F, 1>(A(dy[i]), A(x[i]), A(p[c]));
            },
            put);
      if (const auto dx = f.dx(first); dx.wanted())
        Call::Kernels::rows(rows(f), Count, [=] MAE_HOST_DEVICE(Index r, Index c) {
          dx.add(r * Count + c, detail::spread_slope<F, 0>(A(dy[r * Count + c]), A(0), A(p[c])));
        });
    } else {
      if (gradient)
        Call::Kernels::column_sums(
            rows(f), Count,
            [=] MAE_HOST_DEVICE(Index r, Index c) {
              return detail::spread_slope<F, 1>(A(dy[r * Count + c]), A(0), A(0));
            },
            put);
      f.pass(first);
    }
  }
};

/// F of x and of z, whose shape is that of x but for extent 1 along `Axis`.
template <class F, Index Axis>
struct AlongAxisOperation : Operation {
  static constexpr const char* name = detail::spread_name<F>;
  static constexpr unsigned keep = F::reads ? keep_input(0) | keep_input(1) : keep_nothing;
  static constexpr bool cheap = true;
  static constexpr unsigned identity_gradient = F::reads ? 0u : 1u;
  template <class X, class Z>
  using Output = X;
  template <class Call>
  using Along = detail::AxisOf<typename Call::Result, Axis>;
  template <class Call>
  static void forward(const Call& f) {
    using T = typename Call::T;
    using A = typename Call::A;
    using Axes = Along<Call>;
    constexpr Index columns = Axes::columns;
    const auto x = f.x(first);
    const auto z = f.x(second);
    const auto y = f.y();
    Call::Kernels::rows(f.batch() * Axes::rows, columns, [=] MAE_HOST_DEVICE(Index r, Index c) {
      const Index i = r * columns + c;
      y[i] = T(detail::spread_value<F>(A(x[i]), A(z[Axes::reduced(r, c)])));
    });
  }
  template <class Call>
  static void backward(const Call& f) {
    using A = typename Call::A;
    using Axes = Along<Call>;
    constexpr Index columns = Axes::columns;
    const auto dy = f.dy();
    const auto dz = f.dx(second);
    const auto put = [=] MAE_HOST_DEVICE(Index j, A sum) { dz.add(j, sum); };
    if constexpr (F::reads) {
      const auto x = f.x(first);
      const auto z = f.x(second);
      if (dz.wanted())
        detail::sum_along<typename Call::Kernels, Axes>(
            f.batch(), [=] MAE_HOST_DEVICE(Index i) { return detail::spread_slope<F, 1>(A(dy[i]), A(x[i]), A(0)); },
            put);
      if (const auto dx = f.dx(first); dx.wanted())
        Call::Kernels::rows(f.batch() * Axes::rows, columns, [=] MAE_HOST_DEVICE(Index r, Index c) {
          const Index i = r * columns + c;
          dx.add(i, detail::spread_slope<F, 0>(A(dy[i]), A(0), A(z[Axes::reduced(r, c)])));
        });
    } else {
      if (dz.wanted())
        detail::sum_along<typename Call::Kernels, Axes>(
            f.batch(), [=] MAE_HOST_DEVICE(Index i) { return detail::spread_slope<F, 1>(A(dy[i]), A(0), A(0)); }, put);
      f.pass(first);
    }
  }
};

namespace detail {
/// The axis along which Z, of extent 1 there, is spread over X; -1 if their shapes do not say so.
template <class X, class Z>
inline constexpr Index spread_axis = [] {
  Index found = -1;
  if (X::rank != Z::rank) return found;
  for (Index k = 0; k < X::rank; ++k) {
    if (X::extent(k) == Z::extent(k)) continue;
    if (k == 0 || Z::extent(k) != 1 || found >= 0) return Index{-1};
    found = k;
  }
  return found;
}();
template <class X, class Z>
concept SpreadOver = Expression<X> && Expression<Z> &&(spread_axis<ShapeOf<X>, ShapeOf<Z>> > 0);

template <class F, class X, class Z>
constexpr auto spread(const X& x, const Z& z) {
  return apply<AlongAxisOperation<F, spread_axis<ShapeOf<X>, ShapeOf<Z>>>>(x, z);
}
template <class F, Expression X, ParameterLike P>
constexpr auto spread_parameter(const X& x, const P& p) {
  if constexpr (rule::TrailingShape<ShapeOf<X>, typename P::Shape>::holds)
    return apply<WithParameterOperation<F, P::count>>(x, p);
  else return error_placeholder<ShapeOf<X>>(x);
}
}  // namespace detail

/// x + p, x - p and x · p for a parameter p whose shape is the end of x's.
template <Expression X, ParameterLike P>
constexpr auto operator+(const X& x, const P& p) {
  static_assert(rule::TrailingShape<ShapeOf<X>, typename P::Shape>::holds,
                "mae: x + p needs a parameter p whose shape is the end of x's");
  return detail::spread_parameter<Sum>(x, p);
}
template <Expression X, ParameterLike P>
constexpr auto operator+(const P& p, const X& x) {
  static_assert(rule::TrailingShape<ShapeOf<X>, typename P::Shape>::holds,
                "mae: x + p needs a parameter p whose shape is the end of x's");
  return detail::spread_parameter<Sum>(x, p);
}
template <Expression X, ParameterLike P>
constexpr auto operator-(const X& x, const P& p) {
  static_assert(rule::TrailingShape<ShapeOf<X>, typename P::Shape>::holds,
                "mae: x - p needs a parameter p whose shape is the end of x's");
  return detail::spread_parameter<Difference>(x, p);
}
template <Expression X, ParameterLike P>
constexpr auto operator*(const X& x, const P& p) {
  static_assert(rule::TrailingShape<ShapeOf<X>, typename P::Shape>::holds,
                "mae: x * p needs a parameter p whose shape is the end of x's");
  return detail::spread_parameter<Product>(x, p);
}
template <Expression X, ParameterLike P>
constexpr auto operator*(const P& p, const X& x) {
  static_assert(rule::TrailingShape<ShapeOf<X>, typename P::Shape>::holds,
                "mae: x * p needs a parameter p whose shape is the end of x's");
  return detail::spread_parameter<Product>(x, p);
}

/// x + z, x - z and x · z, where z has extent 1 along one axis and otherwise the shape of x.
template <Expression X, Expression Z>
requires detail::SpreadOver<X, Z>
constexpr auto operator+(X&& x, Z&& z) { return detail::spread<Sum>(x, z); }
template <Expression Z, Expression X>
requires detail::SpreadOver<X, Z>
constexpr auto operator+(Z&& z, X&& x) { return detail::spread<Sum>(x, z); }
template <Expression X, Expression Z>
requires detail::SpreadOver<X, Z>
constexpr auto operator-(X&& x, Z&& z) { return detail::spread<Difference>(x, z); }
template <Expression X, Expression Z>
requires detail::SpreadOver<X, Z>
constexpr auto operator*(X&& x, Z&& z) { return detail::spread<Product>(x, z); }
template <Expression Z, Expression X>
requires detail::SpreadOver<X, Z>
constexpr auto operator*(Z&& z, X&& x) { return detail::spread<Product>(x, z); }

}  // namespace mae
MAE_PRECISE_END
