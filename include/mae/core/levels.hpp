// The maps of a pyramid as a type: one tensor holds them all.
//
// `Levels<Grid<64, 64, 8>, Grid<32, 32, 16>>` are two maps of an image of 512 x 512 pixels: places 8 and 16 pixels
// apart. In a tensor [B, places, C] the places of the first map lie before those of the second, each map row by row. So
// a layer that works place by place is one layer whatever the number of levels, and its weights are shared over them by
// construction. Place (i, j) of a map stands for the pixel ((j + 1/2) stride, (i + 1/2) stride) of the image.
#pragma once
#include <array>

#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// One map: rows x columns places, `stride` pixels apart.
template <Index Rows, Index Columns, Index Stride>
struct Grid {
  static_assert(Rows > 0 && Columns > 0 && Stride > 0, "mae::Grid: rows, columns and stride must be positive");
  static constexpr Index rows = Rows, columns = Columns, stride = Stride, places = Rows * Columns;
};

/// A map of `Levels`, as numbers: its places are [first, first + rows · columns).
struct Level {
  Index rows, columns, stride, first;
  constexpr Index places() const { return rows * columns; }
};

/// One map after the other, the first the finest by custom.
template <class... Grids>
struct Levels {
  static_assert(sizeof...(Grids) > 0, "mae::Levels: at least one Grid");
  static constexpr Index count = sizeof...(Grids);
  static constexpr Index places = (Grids::places + ...);
  /// All maps, in their order.
  static constexpr std::array<Level, sizeof...(Grids)> all = [] {
    std::array<Level, sizeof...(Grids)> levels{Level{Grids::rows, Grids::columns, Grids::stride, 0}...};
    for (std::size_t k = 1; k < levels.size(); ++k) levels[k].first = levels[k - 1].first + levels[k - 1].places();
    return levels;
  }();
};

}  // namespace mae
MAE_PRECISE_END
