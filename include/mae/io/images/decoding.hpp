// What the readers of images share: how files become bytes, the largest image they take, the order of pixels in
// files, and which side is up.
//
// Files keep the colours of a pixel together, [H, W, C]; the library keeps planes, [C, H, W]. A camera that was held
// upright stores the image as its sensor saw it, lying, and a number from 1 to 8 that says how to turn it (Exif 2.3,
// tag 0x0112): 2 mirrored, 3 upside down, 4 both, 6 and 8 to be turned right and left, 5 and 7 these two mirrored.
#pragma once
#include <functional>
#include <span>
#include <string>

#include <mae/backend/cpu/planes.hpp>
#include <mae/data/canvas.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// What becomes of transparency. The image is laid on white or black paper: each byte is mixed with the paper's as it
/// is, as Pillow and browsers do it, rounded to the nearest. Or it is dropped, and the stored colours remain.
enum class Alpha { white, drop, black };

/// How files become images of bytes.
struct DecodeOptions {
  Alpha alpha = Alpha::white;
  /// The level of a 16-bit image that is white: 4095 for a scanner of 12 bits that fills the lower ones.
  Index sixteen_bit_white = 65535;
  /// The largest image that is decoded, in pixels: a small file can claim to be huge. The default is where Pillow
  /// stops.
  Index max_pixels = 178'956'970;
  /// Told, in words, what is doubtful about an image that is read nevertheless. It must not throw.
  std::function<void(const std::string&)> report{};

  /// Throws `Error` if a number is out of range.
  void ensure_valid() const {
    if (sixteen_bit_white < 1 || sixteen_bit_white > 65535)
      throw Error("sixteen_bit_white", std::to_string(sixteen_bit_white), "1 to 65535");
    if (max_pixels < 1 || max_pixels > Index{1} << 40)
      throw Error("max_pixels", std::to_string(max_pixels), "1 to " + std::to_string(Index{1} << 40));
  }
};

/// The largest image written, in pixels.
inline constexpr Index image_pixel_limit = Index{1} << 28;

namespace detail {

/// Throws `Error` about `subject` if height x width pixels are more than `most`, the `max_pixels` of the options.
inline void check_pixel_limit(const std::string& subject, Index height, Index width, Index most) {
  if (height * width > most)
    throw Error(subject, std::to_string(height) + " x " + std::to_string(width) + " pixels",
                "at most " + std::to_string(most) + ", which is max_pixels");
}
/// Throws `Error` about `subject` if height x width pixels are more than fit `bytes` bytes of a format that holds at
/// most `pixels_per_byte`.
inline void check_pixel_count(const std::string& subject, Index height, Index width, Index bytes,
                              Index pixels_per_byte) {
  if (height * width > pixels_per_byte * bytes)
    throw Error(subject, std::to_string(height) + " x " + std::to_string(width) + " pixels",
                "at most " + std::to_string(pixels_per_byte * bytes) + " in a file of this size");
}

/// The image whose pixels lie [height, width, channels] in `together`, turned as `orientation`, 1..8, says.
inline Image to_planes(std::span<const std::uint8_t> together, Index channels, Index height, Index width,
                       int orientation = 1) {
  const bool swapped = orientation >= 5;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_below = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Image image = blank_image(channels, swapped ? width : height, swapped ? height : width);
  if (channels == 3 && orientation == 1) {
    cpu::SplitColours<isa::Best>::run(together.data(), height * width, image.pixels.data(), height * width);
    return image;
  }
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
