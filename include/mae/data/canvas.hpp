// What panels of images are put together with: blank images, rectangles cut out and pasted, pixels repeated.
#pragma once
#include <string>

#include <mae/core/error.hpp>
#include <mae/data/image.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// An image of one value. Extents must not be negative.
inline Image blank_image(Index channels, Index height, Index width, std::uint8_t value = 255) {
  if (channels < 0 || height < 0 || width < 0) throw Error("blank_image", "a negative extent", "extents from 0");
  const auto bytes = static_cast<std::size_t>(channels * height * width);
  return {channels, height, width, std::vector<std::uint8_t>(bytes, value)};
}

namespace detail {
/// Throws unless the rectangle lies inside an image of height x width.
inline void require_inside(const char* operation, Index top, Index left, Index rows, Index columns, Index height,
                           Index width) {
  if (top >= 0 && left >= 0 && rows >= 0 && columns >= 0 && rows <= height - top && columns <= width - left) return;
  const auto size = [](Index h, Index w) { return std::to_string(h) + " x " + std::to_string(w); };
  throw Error(operation, size(rows, columns) + " pixels at (" + std::to_string(top) + ", " + std::to_string(left) + ")",
              "a rectangle inside " + size(height, width));
}
}  // namespace detail

/// The rectangle of height x width pixels whose upper left corner is (top, left). Throws `Error` if it sticks out.
inline Image crop(const Image& image, Index top, Index left, Index height, Index width) {
  detail::require_inside("crop", top, left, height, width, image.height, image.width);
  Image part = blank_image(image.channels, height, width);
  for (Index c = 0; c < image.channels; ++c)
    for (Index y = 0; y < height; ++y)
      for (Index x = 0; x < width; ++x) part.row(c, y)[x] = image.row(c, top + y)[left + x];
  return part;
}

/// Copies `image` onto `canvas`, its upper left corner at (top, left). A grey image fills every channel of the canvas.
/// Throws `Error` if it sticks out or the channels differ otherwise.
inline void paste(Image& canvas, const Image& image, Index top, Index left) {
  detail::require_inside("paste", top, left, image.height, image.width, canvas.height, canvas.width);
  if (image.channels != canvas.channels && image.channels != 1)
    throw Error("paste", std::to_string(image.channels) + " channels", "1 or " + std::to_string(canvas.channels));
  for (Index c = 0; c < canvas.channels; ++c)
    for (Index y = 0; y < image.height; ++y)
      for (Index x = 0; x < image.width; ++x)
        canvas.row(c, top + y)[left + x] = image.row(image.channels == 1 ? 0 : c, y)[x];
}

/// Every pixel repeated `factor` times in both directions: small images stay sharp when shown large.
inline Image upscale(const Image& image, Index factor) {
  if (factor < 1) throw Error("upscale", "the factor " + std::to_string(factor), "1 or more");
  Image large = blank_image(image.channels, image.height * factor, image.width * factor);
  for (Index c = 0; c < image.channels; ++c)
    for (Index y = 0; y < large.height; ++y)
      for (Index x = 0; x < large.width; ++x) large.row(c, y)[x] = image.row(c, y / factor)[x / factor];
  return large;
}

}  // namespace mae
MAE_PRECISE_END
