// Resizing a box of a picture, bicubic with antialiasing (Keys, 1981, a = -1/2), as Pillow does it.
//
// Each new pixel is a weighted sum of the old ones around its centre, first down the columns, then along the rows. The
// kernel is four pixels wide; where the picture shrinks it is widened by the same factor, so that no detail aliases.
// Going down first adds whole rows, which the compiler turns into vectors, and leaves few numbers for the second pass:
// about 4 · (pixels of the box) multiply-adds a channel.
#pragma once
#include <cmath>
#include <vector>

#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A rectangle of a picture in pixels, all whole numbers.
struct CropBox {
  double top = 0, left = 0, height = 0, width = 0;
};

namespace detail {
/// Keys' cubic kernel with a = -1/2.
inline double cubic(double x) {
  x = std::fabs(x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}
/// The sources and weights that make output pixel i of `to` from a run of `from` pixels beginning at `begin`.
struct Taps {
  Index first = 0;
  std::vector<float> weight;
};
inline Taps taps(Index i, Index to, double begin, double from) {
  const double scale = from / static_cast<double>(to), stretch = scale > 1 ? scale : 1;
  const double center = (static_cast<double>(i) + 0.5) * scale;
  const double low = std::fmax(std::floor(center - 2 * stretch + 0.5), 0);
  const double high = std::fmin(std::floor(center + 2 * stretch + 0.5), from);
  Taps result{static_cast<Index>(begin + low), {}};
  double sum = 0;
  for (double x = low; x < high; ++x) sum += cubic((x + 0.5 - center) / stretch);
  for (double x = low; x < high; ++x)
    result.weight.push_back(static_cast<float>(cubic((x + 0.5 - center) / stretch) / sum));
  return result;
}
}  // namespace detail

/// Resizes the box of each plane [C, in_height, in_width] to [C, height, width]; values are not clamped.
template <class T>
void resize(const T* planes, Index channels, Index in_height, Index in_width, const CropBox& box, float* out,
            Index height, Index width) {
  std::vector<detail::Taps> rows, columns;
  for (Index y = 0; y < height; ++y) rows.push_back(detail::taps(y, height, box.top, box.height));
  for (Index x = 0; x < width; ++x) columns.push_back(detail::taps(x, width, 0, box.width));
  const auto left = static_cast<Index>(box.left), box_width = static_cast<Index>(box.width);
  std::vector<float> wide(static_cast<std::size_t>(box_width));  // one new row, not yet narrowed
  for (Index c = 0; c < channels; ++c)
    for (Index y = 0; y < height; ++y) {
      const detail::Taps& row = rows[static_cast<std::size_t>(y)];
      float* const sums = wide.data();
      for (Index x = 0; x < box_width; ++x) sums[x] = 0;
      for (std::size_t k = 0; k < row.weight.size(); ++k) {
        const T* const from = planes + (c * in_height + row.first + static_cast<Index>(k)) * in_width + left;
        const float weight = row.weight[k];
        for (Index x = 0; x < box_width; ++x) sums[x] += weight * float(from[x]);
      }
      for (Index x = 0; x < width; ++x) {
        const detail::Taps& column = columns[static_cast<std::size_t>(x)];
        float sum = 0;
        for (std::size_t k = 0; k < column.weight.size(); ++k)
          sum += column.weight[k] * sums[column.first + static_cast<Index>(k)];
        out[(c * height + y) * width + x] = sum;
      }
    }
}

}  // namespace mae
MAE_PRECISE_END
