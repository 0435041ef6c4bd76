// Class maps as PNG files: a class for each pixel, which annotators call a mask.
//
// What counts is the number that a file stores, not the colour that a viewer shows: the index of a palette, or the
// level of grey, of 1, 2, 4, 8 or 16 bits, never spread over 0..255, never converted by a gamma. An index counts
// whether or not the palette has so many colours, and a colour that is declared transparent is a class like others. 255
// is no class (`ClassMap::ignored`): Pascal VOC's borders, Cityscapes' unlabelled pixels. In files of ADE20K 0 is no
// class and classes begin at 1: `reduce_zero_label` makes them begin at 0.
//
// A file of colours says of no pixel which class it has, and is an error that names the first colour: which one stands
// for which class is known to who wrote it.
#pragma once
#include <array>

#include <mae/data/class_map.hpp>
#include <mae/io/images/png.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct ClassMapOptions {
  /// The file's 0 is no class, and its classes 1, 2, ... are 0, 1, ...; 255 stays no class.
  bool reduce_zero_label = false;
  Index max_pixels = 178'956'970;  ///< the largest map that is decoded, in pixels
};

/// The colour of a class in Pascal VOC's palette, (red, green, blue): the bits of its number, three by three from the
/// lowest, are the bits of red, green and blue from the highest. 0 is black, 1 dark red, 255 a light grey.
inline std::array<std::uint8_t, 3> palette_colour(std::uint8_t number) {
  std::array<unsigned, 3> colour{};
  for (unsigned bit = 0; bit < 8; ++bit) colour[bit % 3] |= (number >> bit & 1u) << (7 - bit / 3);
  return {static_cast<std::uint8_t>(colour[0]), static_cast<std::uint8_t>(colour[1]),
          static_cast<std::uint8_t>(colour[2])};
}

namespace detail {

/// "row 3, column 5", both from 0.
inline std::string pixel_text(std::size_t pixel, Index width) {
  const auto at = static_cast<Index>(pixel);
  return "row " + std::to_string(at / width) + ", column " + std::to_string(at % width);
}

/// Throws `Error` about the colours in `stored`, [pixels, channels] of `bytes` bytes each: black apart, the first one.
[[noreturn]] inline void refuse_colours(const std::string& subject, std::span<const std::uint8_t> stored,
                                        std::size_t channels, std::size_t bytes, Index width) {
  const std::size_t step = channels * bytes;
  const auto level = [&](std::size_t pixel, std::size_t channel) {
    const std::uint8_t* const at = &stored[pixel * step + channel * bytes];
    return bytes == 2 ? at[0] * 256 + at[1] : int{at[0]};
  };
  std::size_t first = 0;
  while (first < stored.size() / step && level(first, 0) + level(first, 1) + level(first, 2) == 0) ++first;
  if (first == stored.size() / step) first = 0;
  throw Error(subject,
              "the colour (" + std::to_string(level(first, 0)) + ", " + std::to_string(level(first, 1)) + ", " +
                  std::to_string(level(first, 2)) + ") at " + pixel_text(first, width),
              "a class map: the number of a class for each pixel, as an index of a palette or a level of grey");
}

}  // namespace detail

/// Decodes the bytes of a PNG file to a map of one channel: [1, H, W], each byte a class or `ClassMap::ignored`. It is
/// not turned, whatever the file says of a camera. Throws `Error` about `subject` if the file is truncated, damaged,
/// too large, in colours, partly transparent, or has a level above 255.
inline Image decode_class_map_png(std::span<const std::uint8_t> bytes, const std::string& subject,
                                  const ClassMapOptions& options = {}) {
  detail::check_png_chunks(subject, bytes);
  detail::PngReader reader(bytes, subject);
  Image map = {1, reader.height(), reader.width(), {}};
  detail::check_pixel_limit(subject, map.height, map.width, options.max_pixels);
  detail::check_pixel_count(subject, map.height, map.width, static_cast<Index>(bytes.size()), 8 * 1032);
  const auto [channels, wide] = reader.prepare_as_stored();
  const auto pixels = static_cast<std::size_t>(map.height * map.width), samples = static_cast<std::size_t>(channels);
  const std::size_t width = wide ? 2 : 1, step = samples * width;
  std::vector<std::uint8_t> stored(pixels * step);  // [H, W, samples]
  reader.decode(stored.data());
  if (channels >= 3) detail::refuse_colours(subject, stored, samples, width, map.width);
  for (std::size_t i = 0; i < pixels; ++i) {
    const std::uint8_t* const at = &stored[i * step];
    if (wide && at[0] != 0)
      throw Error(subject, "level " + std::to_string(at[0] * 256 + at[1]) + " at " + detail::pixel_text(i, map.width),
                  "classes up to 254, or 255 for none");
    if (channels == 2 && (at[width] != 255 || at[step - 1] != 255))
      throw Error(subject, "a transparent pixel at " + detail::pixel_text(i, map.width),
                  "a class for each pixel, or 255 for none");
    const std::uint8_t number = at[width - 1];
    stored[i] = static_cast<std::uint8_t>(!options.reduce_zero_label || number == 255 ? number : number - 1);
  }
  stored.resize(pixels);
  map.pixels = std::move(stored);
  return map;
}

/// Reads a class map, [1, H, W]. Throws `Error` if the file is missing, or as `decode_class_map_png` does.
inline Image read_class_map_png(const std::string& path, const ClassMapOptions& options = {}) {
  return decode_class_map_png(read_file<std::uint8_t>(path), path, options);
}

/// Writes a class map, atomically, as a palette file of 8 bits whose indices are the classes and whose colours are
/// `palette_colour`. Throws `Error` if it has no pixels or too many, or if the file cannot be written.
inline void write_class_map_png(const std::string& path, const ClassMapView& map) {
  if (map.height < 1 || map.width < 1 || map.height > image_pixel_limit / map.width)
    throw Error(path, std::to_string(map.height) + " x " + std::to_string(map.width) + " pixels",
                "1 to " + std::to_string(image_pixel_limit));
  detail::PngState state;
  png_image& png = state.image;
  png.height = static_cast<png_uint_32>(map.height);
  png.width = static_cast<png_uint_32>(map.width);
  png.format = PNG_FORMAT_RGB_COLORMAP;
  png.colormap_entries = 256;
  std::array<std::uint8_t, 3 * 256> palette{};
  for (std::size_t i = 0; i < 256; ++i) {
    const auto colour = palette_colour(static_cast<std::uint8_t>(i));
    std::copy(colour.begin(), colour.end(), palette.begin() + static_cast<std::ptrdiff_t>(3 * i));
  }
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
  std::vector<std::uint8_t> bytes(size);
  if (png_image_write_to_memory(&png, bytes.data(), &size, 0, map.classes, 0, palette.data()) == 0)
    throw Error(path, std::string("\"") + png.message + "\" on encoding", "a class map that libpng encodes");
  write_file(path, bytes.data(), static_cast<Index>(size));
}

}  // namespace mae
MAE_PRECISE_END
