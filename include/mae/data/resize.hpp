// Resizing a box of an image, bicubic with antialiasing (Keys, 1981, a = -1/2), as Pillow does it.
//
// Each new pixel is a weighted sum of the old ones around its centre, first down the columns, then along the rows. The
// kernel is four pixels wide; where the image shrinks it is widened by the same factor, so that no detail aliases.
// Going down first leaves few numbers for the second pass: about 4 · (pixels of the box) multiply-adds a channel.
// `resize_plainly` is that sum as it is written here; `resize` computes it on vectors (backend/cpu/resize.hpp).
#pragma once
#include <mae/backend/cpu/resize.hpp>
#include <mae/core/math.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A rectangle of an image in pixels, all whole numbers.
struct CropBox {
  double top = 0, left = 0, height = 0, width = 0;
};

namespace detail {
/// Keys' cubic kernel.
inline double cubic(double x, double a = -0.5) {
  x = math::fabs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return a * (((x - 5) * x + 8) * x - 4);
  return 0;
}
/// Calls add(x, weight) for each of `from` old pixels that new pixel i of `to` is made of, x from 0 on, in order. The
/// weights sum to one.
template <class Add>
void antialiased_weights(Index to, double from, Index i, const Add& add) {
  const double scale = from / static_cast<double>(to), stretch = scale > 1 ? scale : 1;
  const double center = (static_cast<double>(i) + 0.5) * scale;
  const double low = math::fmax(math::floor(center - 2 * stretch + 0.5), 0);
  const double high = math::fmin(math::floor(center + 2 * stretch + 0.5), from);
  double sum = 0;
  for (double x = low; x < high; ++x) sum += cubic((x + 0.5 - center) / stretch);
  for (double x = low; x < high; ++x) add(static_cast<Index>(x), cubic((x + 0.5 - center) / stretch) / sum);
}
/// The sources and weights that make `to` pixels from a run of `from` pixels beginning at `begin`.
inline Taps taps(Index to, double begin, double from) {
  const double scale = from / static_cast<double>(to), stretch = scale > 1 ? scale : 1;
  Taps result(to, static_cast<Index>(4 * stretch) + 2);
  for (Index i = 0; i < to; ++i) {
    Index& first = result.first[static_cast<std::size_t>(i)];
    Index& count = result.count[static_cast<std::size_t>(i)];
    antialiased_weights(to, from, i, [&](Index x, double weight) {
      if (count == 0) first = static_cast<Index>(begin) + x;
      result.weights[static_cast<std::size_t>(i * result.most + count++)] = static_cast<float>(weight);
    });
  }
  return result;
}
}  // namespace detail

/// What `resize` computes, in plain loops; `to` is [C, rows.size(), columns.size()].
inline void resize_plainly(const std::uint8_t* planes, Index channels, Index in_height, Index in_width, Index left,
                           const Taps& rows, const Taps& columns, float* to) {
  for (Index c = 0; c < channels; ++c)
    for (Index y = 0; y < rows.size(); ++y)
      for (Index x = 0; x < columns.size(); ++x, ++to) {
        *to = 0;
        for (Index k = 0; k < columns.count[static_cast<std::size_t>(x)]; ++k) {
          float column = 0;
          for (Index j = 0; j < rows.count[static_cast<std::size_t>(y)]; ++j) {
            const Index row = c * in_height + rows.first[static_cast<std::size_t>(y)] + j;
            column += rows.weights_of(y)[j] *
                      float(planes[row * in_width + left + columns.first[static_cast<std::size_t>(x)] + k]);
          }
          *to += columns.weights_of(x)[k] * column;
        }
      }
}

/// Resizes the box of each plane [C, in_height, in_width] to [C, height, width]. As `float` values are not clamped; as
/// `std::uint8_t` they are rounded to the nearest level.
template <class Out, class IsaChoice = isa::Best>
void resize(const std::uint8_t* planes, Index channels, Index in_height, Index in_width, const CropBox& box, Out* out,
            Index height, Index width) {
  cpu::Resize<Out, IsaChoice>::run(planes, channels, in_height, in_width, static_cast<Index>(box.left),
                                   static_cast<Index>(box.width), detail::taps(height, box.top, box.height),
                                   detail::taps(width, 0, box.width), out);
}

}  // namespace mae
MAE_PRECISE_END
