// A token that becomes a square of tokens, and a square that becomes one: `spread` and `merge`.
//
// On a map of R × C tokens, row by row, `spread<S>` makes of token (i, j), which holds S² O numbers, the tokens
//     y[S i + u, S j + v, o] = x[i, j, (u S + v) O + o],      0 ≤ u, v < S,
// and `merge<S>` is its inverse. So a transposed convolution whose kernel and stride are S is a linear layer followed
// by `spread<S>`, and a convolution of that kind is `merge<S>` followed by one, as in a patch embedding. Merged, the
// windows of a map lie one behind the other: `merge<S>(x)` under the shape of x has the tokens in window order.
//
// As x [R, C, S, S O] and y [R, S, C, S O] both are two axes that change places (ops/transpose.hpp), which is its own
// derivative. Nothing is kept. Cost: a copy.
#pragma once
#include <mae/core/levels.hpp>
#include <mae/ops/reshape.hpp>
#include <mae/ops/transpose.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace rule {
/// Tokens of a map, each of which is a square of Side × Side.
template <Index Places, Index Width, Index MapPlaces, Index Side>
struct SquaresInTokens {
  static constexpr bool holds = Places == MapPlaces && Side > 0 && Width % (Side * Side) == 0;
};
/// Windows of Side × Side that fill a map.
template <Index Rows, Index Columns, Index Side>
struct WindowsTileGrid {
  static constexpr bool holds = Side > 0 && Rows % Side == 0 && Columns % Side == 0;
};
}  // namespace rule

/// x [B, Map::places, Side²·O] → [B, Side²·Map::places, O]; `Map` is the `Grid` of x.
template <Index Side, class Map, Expression X>
constexpr auto spread(const X& x) {
  using S = ShapeOf<X>;
  using Squares = rule::SquaresInTokens<S::rank == 3 ? rows_of<S> : 0, width_of<S>, Map::places, Side>;
  static_assert(Squares::holds, "mae::spread<Side, Map>: x must be [B, Map::places, Side * Side * O]");
  if constexpr (Squares::holds) {
    constexpr Index O = width_of<S> / (Side * Side);
    const auto tokens = reshape<Shape<dyn, Map::rows, Map::columns, Side, Side * O>>(x);
    return reshape<Shape<dyn, Map::places * Side * Side, O>>(transpose<2, 3>(tokens));
  } else {
    return detail::error_placeholder<Shape<dyn, Map::places, width_of<S>>>(x);
  }
}

/// x [B, Map::places, O] → [B, Map::places / Side², Side²·O]; `Map` is the `Grid` of x, whose sides Side divides.
template <Index Side, class Map, Expression X>
constexpr auto merge(const X& x) {
  using S = ShapeOf<X>;
  constexpr bool grid = S::rank == 3 && rows_of<S> == Map::places;
  using Tiles = rule::WindowsTileGrid<Map::rows, Map::columns, Side>;
  static_assert(grid, "mae::merge<Side, Map>: x must be [B, Map::places, O]");
  static_assert(Tiles::holds, "mae::merge<Side, Map>: Side must divide the rows and the columns of the map");
  if constexpr (grid && Tiles::holds) {
    constexpr Index O = width_of<S>;
    const auto tokens = reshape<Shape<dyn, Map::rows / Side, Side, Map::columns / Side, Side * O>>(x);
    return reshape<Shape<dyn, Map::places / (Side * Side), Side * Side * O>>(transpose<2, 3>(tokens));
  } else {
    return detail::error_placeholder<S>(x);
  }
}

}  // namespace mae
MAE_PRECISE_END
