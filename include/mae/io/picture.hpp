// What the readers of pictures share: the largest picture they take, the order of pixels in files, and which side is
// up.
//
// Files keep the colours of a pixel together, [H, W, C]; the library keeps planes, [C, H, W]. A camera that was held
// upright stores the picture as its sensor saw it, lying, and a number from 1 to 8 that says how to turn it (Exif 2.3,
// tag 0x0112): 2 mirrored, 3 upside down, 4 both, 6 and 8 to be turned right and left, 5 and 7 these two mirrored.
#pragma once
#include <span>
#include <string>

#include <mae/data/image.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The largest picture read or written, in pixels: a small file can claim to be huge.
inline constexpr Index picture_pixel_limit = Index{1} << 28;

namespace detail {

/// Throws `Error` about `subject` if height x width pixels are more than fit `bytes` bytes of a format that holds at
/// most `pixels_per_byte`.
inline void check_pixel_count(const std::string& subject, Index height, Index width, Index bytes,
                              Index pixels_per_byte) {
  const Index limit = std::min(picture_pixel_limit, pixels_per_byte * bytes);
  if (height * width > limit)
    throw Error(subject, std::to_string(height) + " x " + std::to_string(width) + " pixels",
                "at most " + std::to_string(limit) + " in a file of this size");
}

/// The picture whose pixels lie [height, width, channels] in `together`, turned as `orientation`, 1..8, says.
inline Image to_planes(std::span<const std::uint8_t> together, Index channels, Index height, Index width,
                       int orientation = 1) {
  const bool swapped = orientation >= 5;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_below = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Image image = blank_image(channels, swapped ? width : height, swapped ? height : width);
  for (Index c = 0; c < channels; ++c)
    for (Index y = 0; y < image.height; ++y)
      for (Index x = 0; x < image.width; ++x) {
        const Index row = swapped ? x : y, column = swapped ? y : x;
        const Index from = (from_below ? height - 1 - row : row) * width + (from_right ? width - 1 - column : column);
        image.row(c, y)[x] = together[static_cast<std::size_t>(from * channels + c)];
      }
  return image;
}

}  // namespace detail
}  // namespace mae
MAE_PRECISE_END
