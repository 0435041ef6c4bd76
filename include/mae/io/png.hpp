// PNG pictures, read and written with libpng. Not part of <mae/mae.hpp>: who includes this file links with -lpng.
//
// Reading gives bytes in sRGB: grey files one channel, colour and palette files three. Sixteen bits become eight. A
// transparent picture is laid on white, as a sheet of paper shows it. A file that names another gamma than sRGB is
// converted. The functions use libpng's simplified interface, which catches libpng's own jumps (longjmp) inside the
// library, so that none can skip a destructor here.
#pragma once
#include <png.h>
#include <cstring>

#include <mae/io/atomic_file.hpp>
#include <mae/io/input_file.hpp>
#include <mae/io/picture.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

/// libpng's state, freed at the end of its life.
struct PngState {
  png_image image{};
  PngState() { image.version = PNG_IMAGE_VERSION; }
  PngState(const PngState&) = delete;
  PngState& operator=(const PngState&) = delete;
  ~PngState() { png_image_free(&image); }
};

/// Walks over the chunks of `bytes` to see that each lies within the file and that the last is the end mark. libpng
/// stops at the last pixel, and before that takes memory for whatever length a chunk claims.
inline void check_png_chunks(const std::string& subject, std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 8 || png_sig_cmp(bytes.data(), 0, 8) != 0) throw Error(subject, "no PNG signature", "a PNG file");
  for (std::size_t at = 8; bytes.size() - at >= 12;) {
    const std::size_t length = png_get_uint_32(bytes.data() + at);
    if (length > bytes.size() - at - 12) break;
    if (std::memcmp(bytes.data() + at + 4, "IEND", 4) == 0) return;
    at += length + 12;
  }
  throw Error(subject, "a file that ends within a chunk", "a whole PNG file");
}

}  // namespace detail

/// Decodes the bytes of a PNG file to a picture of one or three channels. Throws `Error` about `subject` if they are
/// truncated, damaged or too large a picture.
inline Image decode_png(std::span<const std::uint8_t> bytes, const std::string& subject) {
  detail::check_png_chunks(subject, bytes);
  detail::PngState state;
  png_image& png = state.image;
  if (png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()) == 0)
    throw Error(subject, std::string("\"") + png.message + "\"", "a PNG file");
  const Index height = Index{png.height}, width = Index{png.width};
  // Deflate shrinks 1032 times at best and a pixel has one bit at least.
  detail::check_pixel_count(subject, height, width, static_cast<Index>(bytes.size()), 8 * 1032);
  png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // 16 bits without a stated gamma are sRGB, not linear
  png.format = (png.format & PNG_FORMAT_FLAG_COLOR) != 0 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  const Index channels = PNG_IMAGE_SAMPLE_CHANNELS(png.format);
  std::vector<std::uint8_t> together(static_cast<std::size_t>(height * width * channels));  // [H, W, C]
  const png_color white{255, 255, 255};
  if (png_image_finish_read(&png, &white, together.data(), 0, nullptr) == 0)
    throw Error(subject, std::string("\"") + png.message + "\"", "a whole PNG file");
  return detail::to_planes(together, channels, height, width);
}

/// Reads a picture of one or three channels. Throws `Error` if the file is missing, truncated, damaged or too large.
inline Image read_png(const std::string& path) { return decode_png(read_file<std::uint8_t>(path), path); }

/// PNG as one of the formats that a program reads (image_file.hpp).
struct Png {
  static constexpr const char* name = "PNG";
  static Image decode(std::span<const std::uint8_t> bytes, const std::string& subject, Index) {
    return decode_png(bytes, subject);
  }
};

/// Writes a picture of one or three channels, atomically. Throws `Error` if it has others, no pixels or too many, or
/// if the file cannot be written.
inline void write_png(const std::string& path, const Image& image) {
  const Index pixels = image.height * image.width;
  if ((image.channels != 1 && image.channels != 3) || image.height < 1 || image.width < 1 ||
      pixels > picture_pixel_limit || static_cast<Index>(image.pixels.size()) != image.channels * pixels)
    throw Error(path,
                "a picture of " + std::to_string(image.channels) + " x " + std::to_string(image.height) + " x " +
                    std::to_string(image.width) + " in " + std::to_string(image.pixels.size()) + " bytes",
                "1 or 3 channels and 1 to " + std::to_string(picture_pixel_limit) + " pixels");
  std::vector<std::uint8_t> together(image.pixels.size());  // [H, W, C]
  for (Index c = 0; c < image.channels; ++c)
    for (Index i = 0; i < pixels; ++i) together[static_cast<std::size_t>(i * image.channels + c)] = image.row(c, 0)[i];
  detail::PngState state;
  png_image& png = state.image;
  png.height = static_cast<png_uint_32>(image.height);
  png.width = static_cast<png_uint_32>(image.width);
  png.format = image.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
  std::vector<std::uint8_t> bytes(size);
  if (png_image_write_to_memory(&png, bytes.data(), &size, 0, together.data(), 0, nullptr) == 0)
    throw Error(path, std::string("\"") + png.message + "\" on encoding", "a picture that libpng encodes");
  write_file(path, bytes.data(), static_cast<Index>(size));
}

}  // namespace mae
MAE_PRECISE_END
