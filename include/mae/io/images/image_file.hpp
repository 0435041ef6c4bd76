// Reading an image of whatever format: which ones a program can read is a type.
//
//   #include <mae/io/images/jpeg.hpp>
//   #include <mae/io/images/png.hpp>
//   const Image photo = read_image<Decoders<Png, Jpeg>>("cat.jpg", 3);
//
// A file is known by its first bytes, not by its name: downloads are often named wrongly. This header needs no third
// party; each format's own header brings its library, so a program links what it lists and nothing else.
#pragma once
#include <algorithm>
#include <cstring>
#include <string_view>

#include <mae/io/files/image_kind.hpp>
#include <mae/io/files/input_file.hpp>
#include <mae/io/images/decoding.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The formats that a program reads, each a type with `name` and `decode(bytes, subject, side, options)`: an image
/// whose shorter side is longer than twice `side`, if that is not 0, may come out smaller, but not below that; and with
/// `decoding_bytes(start, subject, side, options)`: the memory which that takes at its largest, beside the file's
/// bytes, told from the start of a file. Both throw `Error` about `subject` if they cannot.
template <class... Formats>
struct Decoders {
  static_assert(sizeof...(Formats) > 0, "mae::Decoders: list at least one format, such as mae::Png");
  /// "PNG or JPEG".
  static std::string names() {
    std::string text;
    ((text += (text.empty() ? "" : " or ") + std::string(Formats::name)), ...);
    return text;
  }
};

/// The image in `channels` channels, 1 or 3. Grey becomes colour by three equal planes; colour becomes grey by
/// 0.299 red + 0.587 green + 0.114 blue of the bytes as they are (luma of ITU-R BT.601, what Pillow's "L" is).
inline Image with_channels(Image image, Index channels) {
  if (image.channels == channels) return image;
  Image other = blank_image(channels, image.height, image.width);
  if (image.channels == 1) {
    paste(other, image, 0, 0);
    return other;
  }
  const std::size_t plane = other.pixels.size();
  for (std::size_t i = 0; i < plane; ++i) {
    const unsigned red = image.pixels[i], green = image.pixels[i + plane], blue = image.pixels[i + 2 * plane];
    other.pixels[i] = static_cast<std::uint8_t>((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16);
  }
  return other;
}

namespace detail {
/// Calls `use(Format{})` with the format called `name`, if it is among them.
template <class... Formats, class Use>
bool with_format(Decoders<Formats...>, std::string_view name, const Use& use) {
  return ((name == Formats::name && (use(Formats{}), true)) || ...);
}
}  // namespace detail

/// Decodes the bytes of an image file. `channels` is 1 or 3, or 0 for as many as the file has; for `side` see
/// `Decoders`. Throws `Error` about
/// `subject` if it is no image, of a format that the program cannot read, or damaged.
template <class Formats>
Image decode_image(std::span<const std::uint8_t> bytes, Index channels, const std::string& subject, Index side = 0,
                   const DecodeOptions& options = {}) {
  if (channels != 0 && channels != 1 && channels != 3)
    throw Error(subject, std::to_string(channels) + " channels asked for", "1 (grey) or 3 (colour)");
  if (bytes.empty()) throw Error(subject, "an empty file", "an image: " + Formats::names());
  const ImageKind* const kind = image_kind(bytes);
  if (kind == nullptr) throw Error(subject, "no image", "one: " + Formats::names());
  Image image;
  const auto decode = [&](auto format) { image = format.decode(bytes, subject, side, options); };
  if (!detail::with_format(Formats{}, kind->name, decode))
    throw Error(subject, std::string("a ") + kind->name + " image",
                Formats::names() +
                    (kind->library == nullptr ? "" : "; this program was built without " + std::string(kind->library)));
  return channels == 0 ? image : with_channels(std::move(image), channels);
}

/// Reads an image file. Throws `Error` if it is missing, or as `decode_image` does.
template <class Formats>
Image read_image(const std::string& path, Index channels = 0, Index side = 0, const DecodeOptions& options = {}) {
  return decode_image<Formats>(read_file<std::uint8_t>(path), channels, path, side, options);
}

/// Bytes of memory that `read_image` takes for this file at its largest, told from its header. Throws `Error` if it has
/// none that can be decoded.
template <class Formats>
Index decoding_bytes(const std::string& path, Index side = 0, const DecodeOptions& options = {}) {
  const InputFile file(path);
  const auto told_by = [&](Index bytes) {
    std::vector<std::uint8_t> start = detail::room_for<std::uint8_t>(path, bytes);
    file.read(0, start.data(), bytes);
    const ImageKind* const kind = image_kind(start);
    Index found = 0;
    const auto ask = [&](auto format) { found = format.decoding_bytes(start, path, side, options); };
    if (kind == nullptr || !detail::with_format(Formats{}, kind->name, ask))
      throw Error(path, "no image", "one: " + Formats::names());
    return file.size() + found;
  };
  // Before the extents of a photograph stand its notes and profiles: where they are long, all of the file is read.
  const Index start = (std::min)(file.size(), Index{1} << 16);
  try {
    return told_by(start);
  } catch (const Error&) {
    if (start == file.size()) throw;
  }
  return told_by(file.size());
}

}  // namespace mae
MAE_PRECISE_END
