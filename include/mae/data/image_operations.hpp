// What data augmentation does to an image of bytes: colours, and maps of the plane. Each gives the bytes of Pillow 13.
//
// Colours and geometry are those of RandAugment (data/rand_augment.hpp) and work in place. Where Pillow computes in
// doubles and cuts off, so is it done here, each product rounded before it is added: a cut shows the last bit. A map of
// the plane says where each pixel comes from,
//     x_source = m0 x + m1 y + m2,   y_source = m3 x + m4 y + m5   (pixel i has its centre at i + 1/2);
// what comes from outside gets the fill, the rest is interpolated by the cubic with a = -1 from 4 x 4 neighbours,
// those beyond the edge being the edge, first along rows, then along the column, cut off to a byte.
// Grey, from which some operations blend, is that of ITU-R 601-2 for three channels and the rounded mean for any other.
#pragma once
#include <cstdint>
#include <vector>

#include <mae/core/math.hpp>
#include <mae/core/product.hpp>
#include <mae/data/image.hpp>

MAE_PRECISE_BEGIN
namespace mae::image_operation {

namespace detail {
inline std::uint8_t byte_of(double value) {  // cut off
  return value <= 0 ? 0 : value >= 255 ? 255 : static_cast<std::uint8_t>(value);
}
/// from + factor (to - from), as Pillow blends: in float, cut off.
inline std::uint8_t blend(int from, int to, float factor) {
  // The product of a float and a small integer is exact in double: rounding it is float's own product.
  const float step = static_cast<float>(double(factor) * double(to - from));
  return byte_of(static_cast<double>(static_cast<float>(from) + step));
}
/// Replaces each byte of channel c by table[byte].
inline void look_up(Image& image, Index c, const std::uint8_t (&table)[256]) {
  std::uint8_t* const plane = image.row(c, 0);
  for (Index i = 0; i < image.height * image.width; ++i) plane[i] = table[plane[i]];
}
/// Replaces each byte by function(byte).
template <class Function>
void each_byte(Image& image, const Function& function) {
  std::uint8_t table[256];
  for (int v = 0; v < 256; ++v) table[v] = static_cast<std::uint8_t>(function(v));
  for (Index c = 0; c < image.channels; ++c) look_up(image, c, table);
}
/// How often each byte occurs in channel c.
inline void count(const Image& image, Index c, Index (&histogram)[256]) {
  for (Index& bin : histogram) bin = 0;
  const std::uint8_t* const plane = image.row(c, 0);
  for (Index i = 0; i < image.height * image.width; ++i) ++histogram[plane[i]];
}
/// The image without colours, [H, W].
inline std::vector<std::uint8_t> grey(const Image& image) {
  const Index plane = image.height * image.width, C = image.channels;
  std::vector<std::uint8_t> out(static_cast<std::size_t>(plane));
  const std::uint8_t* const from = image.pixels.data();
  for (Index i = 0; i < plane; ++i) {
    Index sum = 0;
    if (C == 3) sum = (19595 * from[i] + 38470 * from[plane + i] + 7471 * from[2 * plane + i] + 32768) >> 16;
    else {
      for (Index c = 0; c < C; ++c) sum += from[c * plane + i];
      sum = (2 * sum + C) / (2 * C);
    }
    out[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(sum);
  }
  return out;
}
}  // namespace detail

/// Stretches each channel so that its darkest value becomes 0 and its brightest 255.
inline void auto_contrast(Image& image) {
  for (Index c = 0; c < image.channels; ++c) {
    Index histogram[256];
    detail::count(image, c, histogram);
    int low = 0, high = 255;
    while (low < 255 && histogram[low] == 0) ++low;
    while (high > 0 && histogram[high] == 0) --high;
    if (high <= low) continue;
    const double scale = 255.0 / (high - low), offset = math::product(-low, scale);
    std::uint8_t table[256];
    for (int v = 0; v < 256; ++v) table[v] = detail::byte_of(math::product(v, scale) + offset);
    detail::look_up(image, c, table);
  }
}
/// Makes all levels of a channel about equally frequent.
inline void equalize(Image& image) {
  for (Index c = 0; c < image.channels; ++c) {
    Index histogram[256];
    detail::count(image, c, histogram);
    int levels = 0, last = 0;
    for (int v = 0; v < 256; ++v)
      if (histogram[v] > 0) ++levels, last = v;
    const Index step = (image.height * image.width - histogram[last]) / 255;
    if (levels <= 1 || step == 0) continue;
    std::uint8_t table[256];
    Index n = step / 2;
    for (int v = 0; v < 256; ++v) {
      table[v] = static_cast<std::uint8_t>(n / step < 255 ? n / step : 255);
      n += histogram[v];
    }
    detail::look_up(image, c, table);
  }
}
inline void invert(Image& image) {
  detail::each_byte(image, [](int v) { return 255 - v; });
}
/// Keeps the `bits` highest bits of each byte, from 0 (all black; Pillow has no such thing) to 8.
inline void posterize(Image& image, int bits) {
  detail::each_byte(image, [&](int v) { return v >> (8 - bits) << (8 - bits); });
}
/// Inverts what is `threshold` or brighter.
inline void solarize(Image& image, int threshold) {
  detail::each_byte(image, [&](int v) { return v < threshold ? v : 255 - v; });
}
/// Makes what is darker than 128 brighter by `amount`.
inline void solarize_add(Image& image, int amount) {
  detail::each_byte(image, [&](int v) { return v >= 128 ? v : v + amount < 255 ? v + amount : 255; });
}
/// Away from black: factor 0 is black, 1 the image.
inline void brightness(Image& image, double factor) {
  detail::each_byte(image, [&](int v) { return detail::blend(0, v, static_cast<float>(factor)); });
}
/// Away from the mean grey.
inline void contrast(Image& image, double factor) {
  const std::vector<std::uint8_t> grey = detail::grey(image);
  Index sum = 0;
  for (const std::uint8_t v : grey) sum += v;
  const int mean = static_cast<int>(static_cast<double>(sum) / static_cast<double>(grey.size()) + 0.5);
  detail::each_byte(image, [&](int v) { return detail::blend(mean, v, static_cast<float>(factor)); });
}
/// Away from the grey of each pixel.
inline void color(Image& image, double factor) {
  const std::vector<std::uint8_t> grey = detail::grey(image);
  for (Index c = 0; c < image.channels; ++c) {
    std::uint8_t* const plane = image.row(c, 0);
    for (std::size_t i = 0; i < grey.size(); ++i)
      plane[i] = detail::blend(grey[i], plane[i], static_cast<float>(factor));
  }
}
/// Away from the smoothed image: each pixel counts 5, its eight neighbours 1. Pixels at the edge stay.
inline void sharpness(Image& image, double factor) {
  const Image before = image;
  for (Index c = 0; c < image.channels; ++c)
    for (Index y = 1; y < image.height - 1; ++y)
      for (Index x = 1; x < image.width - 1; ++x) {
        const std::uint8_t* const row[] = {before.row(c, y - 1) + x, before.row(c, y) + x, before.row(c, y + 1) + x};
        int sum = 4 * row[1][0];
        for (const std::uint8_t* const at : row) sum += at[-1] + at[0] + at[1];
        image.row(c, y)[x] = detail::blend((2 * sum + 13) / 26, row[1][0], static_cast<float>(factor));
      }
}

namespace detail {
/// The cubic with a = -1 through four neighbours, t after the second.
inline double cubic(double before, double left, double right, double after, double t) {
  const double second = 2 * (before - left) + right - after, third = left - before + after - right;
  return left + t * (right - before + t * (second + t * third));
}
}  // namespace detail

/// Maps the plane; `fill` has a byte for each channel.
inline void affine(Image& image, const double (&m)[6], const std::uint8_t* fill) {
  const Image before = image;
  const Index H = image.height, W = image.width;
  const auto inside = [](Index at, Index extent) { return at < 0 ? 0 : at >= extent ? extent - 1 : at; };
  for (Index y = 0; y < H; ++y)
    for (Index x = 0; x < W; ++x) {
      const double px = double(x) + 0.5, py = double(y) + 0.5;
      const double sx = m[0] * px + m[1] * py + m[2], sy = m[3] * px + m[4] * py + m[5];
      if (!(sx >= 0 && sx < double(W) && sy >= 0 && sy < double(H))) {
        for (Index c = 0; c < image.channels; ++c) image.row(c, y)[x] = fill[c];
        continue;
      }
      const double left = math::floor(sx - 0.5), above = math::floor(sy - 0.5);
      Index column[4], row[4];
      for (Index k = 0; k < 4; ++k) {
        column[k] = inside(Index(left) - 1 + k, W);
        row[k] = inside(Index(above) - 1 + k, H);
      }
      for (Index c = 0; c < image.channels; ++c) {
        double across[4];
        for (int k = 0; k < 4; ++k) {
          const std::uint8_t* const from = before.row(c, row[k]);
          across[k] =
              detail::cubic(from[column[0]], from[column[1]], from[column[2]], from[column[3]], sx - 0.5 - left);
        }
        image.row(c, y)[x] =
            detail::byte_of(detail::cubic(across[0], across[1], across[2], across[3], sy - 0.5 - above));
      }
    }
}
/// Turns counter-clockwise about the centre.
inline void rotate(Image& image, double degrees, const std::uint8_t* fill) {
  const double turn = degrees - 360 * math::floor(degrees / 360);
  if (turn == 0) return;
  const auto rounded = [](double value) { return math::round(value * 1e15) / 1e15; };
  const double angle = -turn * (3.141592653589793 / 180), cx = double(image.width) / 2, cy = double(image.height) / 2;
  const double cos = rounded(math::cos(angle)), sin = rounded(math::sin(angle));
  affine(image,
         {cos, sin, math::product(cos, -cx) + math::product(sin, -cy) + cx, -sin, cos,
          math::product(-sin, -cx) + math::product(cos, -cy) + cy},
         fill);
}
/// Rows slide: x_source = x + slope · y.
inline void shear_x(Image& image, double slope, const std::uint8_t* fill) {
  affine(image, {1, slope, 0, 0, 1, 0}, fill);
}
/// Columns slide: y_source = y + slope · x.
inline void shear_y(Image& image, double slope, const std::uint8_t* fill) {
  affine(image, {1, 0, 0, slope, 1, 0}, fill);
}
/// x_source = x + columns, y_source = y + rows.
inline void translate(Image& image, double rows, double columns, const std::uint8_t* fill) {
  affine(image, {1, 0, columns, 0, 1, rows}, fill);
}

}  // namespace mae::image_operation
MAE_PRECISE_END
