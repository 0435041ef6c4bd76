// The largest of each square of 2 × 2 places: a map of half as many rows and columns.
//
//     y[i, j, c] = max x[2 i + u, 2 j + v, c],      u, v in {0, 1}.
// An odd last row or column belongs to no square and is left out, as in PyTorch's and ViTDet's pooling. The gradient
// goes to the largest, of several equal ones to the first, row by row; x is kept to find it again. Cost: a copy of x.
#pragma once
#include <mae/autograd/trace/operation.hpp>
#include <mae/core/levels.hpp>
#include <mae/ops/error_placeholder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace rule {
template <Index Rows, Index Columns>
struct PoolableGrid {
  static constexpr bool holds = Rows > 1 && Columns > 1;
};
}  // namespace rule

template <Index Rows, Index Columns>
struct MaxPoolOperation : Operation {
  static constexpr const char* name = "max pool";
  static constexpr unsigned keep = keep_input(0);
  static constexpr bool cheap = true;
  static constexpr Index places = Rows * Columns, wide = Columns / 2, squares = (Rows / 2) * wide;
  template <class X>
  using Output = WithExtent<X, 1, squares>;

  /// Where a square begins in x, of all samples.
  MAE_HOST_DEVICE static constexpr Index corner(Index square) {
    return square / squares * places + square % squares / wide * 2 * Columns + square % wide * 2;
  }
  /// The largest number of a square that begins at x, as its distance in places; the first of several.
  template <Index D, class A, class X>
  MAE_HOST_DEVICE static Index largest(const X* x) {
    Index found = 0;
    for (Index k = 1; k < 4; ++k) {
      const Index other = k / 2 * Columns + k % 2;
      const A one = A(x[other * D]);
      if (one > A(x[found * D]) || one != one) found = other;  // what is no number stays to be seen
    }
    return found;
  }
  template <class Call>
  static void forward(const Call& f) {
    constexpr Index D = Call::Result::extent(2);
    using A = typename Call::A;
    const auto x = f.x(first);
    const auto y = f.y();
    Call::Kernels::rows(f.batch() * squares, D, [=] MAE_HOST_DEVICE(Index s, Index c) {
      const auto* const square = x + corner(s) * D + c;
      y[s * D + c] = typename Call::T(A(square[largest<D, A>(square) * D]));
    });
  }
  template <class Call>
  static void backward(const Call& f) {
    constexpr Index D = Call::Result::extent(2);
    using A = typename Call::A;
    const auto x = f.x(first);
    const auto dy = f.dy();
    if (const auto dx = f.dx(first); dx.wanted())
      Call::Kernels::rows(f.batch() * places, D, [=] MAE_HOST_DEVICE(Index r, Index c) {
        const Index i = r % places / Columns, j = r % Columns;
        const bool inside = i < Rows / 2 * 2 && j < wide * 2;
        const Index s = r / places * squares + i / 2 * wide + j / 2;
        const bool taken = inside && corner(s) + largest<D, A>(x + corner(s) * D + c) == r;
        dx.add(r * D + c, taken ? A(dy[s * D + c]) : A(0));
      });
  }
};

/// x [B, Map::places, D] → [B, (Map::rows / 2)·(Map::columns / 2), D], rounded down; `Map` is the `Grid` of x.
template <class Map, Expression X>
constexpr auto max_pool(const X& x) {
  using S = ShapeOf<X>;
  constexpr bool grid = S::rank == 3 && rows_of<S> == Map::places;
  using Poolable = rule::PoolableGrid<Map::rows, Map::columns>;
  static_assert(grid, "mae::max_pool<Map>: x must be [B, Map::places, D]");
  static_assert(Poolable::holds, "mae::max_pool<Map>: a map has at least two rows and two columns");
  if constexpr (grid && Poolable::holds) return apply<MaxPoolOperation<Map::rows, Map::columns>>(x);
  else return detail::error_placeholder<S>(x);
}

}  // namespace mae
MAE_PRECISE_END
