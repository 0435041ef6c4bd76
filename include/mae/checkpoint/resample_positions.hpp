// A table of positions for another grid: what its rows say of 14 × 14 patches, said of 7 × 7 or of 7 × 28.
//
// Row 0, of the class token, stays. The others are an image of the grid with D channels, which is resized: plainly, as
// the paper's code does it when it fine-tunes at another size of images, or antialiased, as timm does. That is not the
// table that sines and cosines give for the new grid: a trained network knows the positions that it has seen, up to
// number 13, so weights that are loaded need the resized one. Grids are told by their sides, never by their number of
// patches: 14 × 14 and 7 × 28 are as many.
#pragma once
#include <string>

#include <mae/checkpoint/resize_matrix.hpp>
#include <mae/model/geometry.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Numbers made from others of a file, and what was done to them: a line of a report, or "" if they are as they were.
template <class T>
struct Resampled {
  std::vector<T> values;
  std::string report;
};

/// The square grid of a file's table of `patches` rows beside that of the class token; of `patch` pixels, if that is
/// known. Throws mae::Error about `subject` if there is none: what is no square must be told by its sides.
inline PatchGrid square_grid(Index patches, const std::string& subject, Index patch = 0) {
  Index side = 0;
  while (side < patches && (side + 1) * (side + 1) <= patches) ++side;
  if (side < 1 || side * side != patches)
    throw Error(subject, "positions of " + std::to_string(patches) + " patches",
                "those of a square grid, or the rows and columns of theirs");
  return {side, side, patch};
}

/// The table [1, 1 + L, D] of the grid `from`, for the grid `to`; of the same rows and columns bit for bit. Throws
/// mae::Error about `subject` if the table is of another grid.
/// (He et al., 2021, A.1 and the paper's code; timm's resample_abs_pos_embed; both by PyTorch's interpolate with
/// align_corners=False.)
template <class T>
Resampled<T> resample_positions(const std::vector<T>& table, const PatchGrid& from, const PatchGrid& to, Index width,
                                Bicubic how = Bicubic::plain, const std::string& subject = "positions") {
  const auto text = [](const PatchGrid& grid) {
    return std::to_string(grid.rows) + " x " + std::to_string(grid.columns);
  };
  const auto rows = width > 0 ? static_cast<Index>(table.size()) / width : 0;
  if (from.rows < 1 || from.columns < 1 || (rows - 1) / from.columns != from.rows || rows != 1 + from.patches() ||
      rows * width != static_cast<Index>(table.size()))
    throw Error(
        subject, std::to_string(table.size()) + " numbers",
        "positions of " + text(from) + " patches and a class token, " + std::to_string(width) + " numbers each");
  if (from.rows == to.rows && from.columns == to.columns) return {table, ""};
  const auto patches = table.begin() + static_cast<std::ptrdiff_t>(width);
  std::vector<double> grid(patches, table.end());  // [rows, columns, D]
  grid = detail::along_axis(grid, detail::resize_matrix(to.rows, from.rows, how), from.columns * width);
  grid = detail::along_axis(grid, detail::resize_matrix(to.columns, from.columns, how), width);
  Resampled<T> result{
      std::vector<T>(table.begin(), patches),
      "positions " + text(from) + " -> " + text(to) + (how == Bicubic::plain ? ", bicubic" : ", bicubic antialiased")};
  result.values.reserve(static_cast<std::size_t>((1 + to.patches()) * width));
  for (const double value : grid) result.values.push_back(static_cast<T>(value));
  return result;
}

}  // namespace mae
MAE_PRECISE_END
