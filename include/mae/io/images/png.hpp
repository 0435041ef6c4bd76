// PNG images, read and written with libpng. Not part of <mae/mae.hpp>: who includes this file links with -lpng.
//
// Reading gives bytes in sRGB: grey files one channel, colour and palette files three. How each sample becomes a byte,
// which is what Pillow gives unless a line says otherwise:
//
//   1 to 8 bits   spread over 0..255
//   16 bits       rounded to the nearest of 256 levels (Pillow cuts: at most one level less); a file whose white is a
//                 lower level, as of a scanner of 12 bits, needs `DecodeOptions::sixteen_bit_white`
//   gAMA          a file that names another gamma than sRGB's 1/2.2 (by 5 % or more) is converted to that, as PNG's
//                 standard and browsers have it (Pillow does not); a chunk sRGB overrules it
//   iCCP, cHRM    not followed
//   transparency  then laid on white paper, or as `DecodeOptions::alpha` says; alpha is not rounded before
//   orientation   turned upright by the chunk eXIf, ImageMagick's text "Raw profile type exif", or XMP (exif.hpp)
//
// libpng reports errors by a jump (longjmp) over the frames of its caller, so `PngReader::run` lets only such code run
// below it that has nothing to destroy. Its simplified interface would hide the jumps, but in many of its releases it
// mixes up the pixels of interlaced files of 16 bits, which says nothing and looks like noise.
#pragma once
#include <png.h>
#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <mae/io/files/atomic_file.hpp>
#include <mae/io/files/input_file.hpp>
#include <mae/io/images/decoding.hpp>
#include <mae/io/images/exif.hpp>
#include <mae/io/images/png_samples.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

/// What libpng takes for writing, freed at the end of its life.
struct PngState {
  png_image image{};
  PngState() { image.version = PNG_IMAGE_VERSION; }
  PngState(const PngState&) = delete;
  PngState& operator=(const PngState&) = delete;
  ~PngState() { png_image_free(&image); }
};

/// Throws `Error` unless `bytes` begin with the signature and the header: from byte 16 on width, height, bits of a
/// sample, and kind of colours.
inline void check_png_start(const std::string& subject, std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 8 || png_sig_cmp(bytes.data(), 0, 8) != 0) throw Error(subject, "no PNG signature", "a PNG file");
  if (bytes.size() < 26) throw Error(subject, "a file that ends within a chunk", "a whole PNG file");
  if (std::memcmp(bytes.data() + 8, "\0\0\0\x0dIHDR", 8) != 0)
    throw Error(subject, "another chunk where the header should be", "a PNG file");
}

/// Walks over the chunks of `bytes` to see that each lies within the file and that the last is the end mark. libpng
/// stops at the last pixel, and before that takes memory for whatever length a chunk claims.
inline void check_png_chunks(const std::string& subject, std::span<const std::uint8_t> bytes) {
  check_png_start(subject, bytes);
  for (std::size_t at = 8; bytes.size() - at >= 12;) {
    const std::size_t length = png_get_uint_32(bytes.data() + at);
    if (length > bytes.size() - at - 12) break;
    if (std::memcmp(bytes.data() + at + 4, "IEND", 4) == 0) return;
    at += length + 12;
  }
  throw Error(subject, "a file that ends within a chunk", "a whole PNG file");
}

/// One image being decoded; libpng's state is freed at the end of its life.
class PngReader {
 public:
  /// Reads up to the pixels.
  PngReader(std::span<const std::uint8_t> bytes, const std::string& subject) : subject_(subject), left_(bytes) {
    if (!state_.create(this, leave, [](png_structp, png_const_charp) {}))
      throw Error(subject, "no memory or another libpng than at compile time", "libpng " PNG_LIBPNG_VER_STRING);
    run([&] {
      png_set_read_fn(state_.png, this, read);
      png_set_option(state_.png, PNG_MAXIMUM_INFLATE_WINDOW, PNG_OPTION_ON);  // some optimisers name a smaller one
      png_set_user_limits(state_.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);      // `max_pixels` is the limit
      png_set_read_user_chunk_fn(state_.png, this, take_chunk);
      constexpr png_byte own[] = "eXIf\0iCCP";
      png_set_keep_unknown_chunks(state_.png, PNG_HANDLE_CHUNK_IF_SAFE, own, 2);
      png_read_info(state_.png, state_.info);
    });
  }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  Index height() const { return Index{png_get_image_height(state_.png, state_.info)}; }
  Index width() const { return Index{png_get_image_width(state_.png, state_.info)}; }

  /// Chooses what `decode` writes: samples of 8 bits, or of 16 if the file has them; colours of a palette; alpha where
  /// there is transparency, unless it is dropped.
  PngSamples prepare(bool drop_alpha) {
    run([&] {
      const bool plain = png_get_bit_depth(state_.png, state_.info) >= 8 &&
                         png_get_color_type(state_.png, state_.info) != PNG_COLOR_TYPE_PALETTE &&
                         png_get_valid(state_.png, state_.info, PNG_INFO_tRNS) == 0;
      if (!plain) png_set_expand(state_.png);
      if (drop_alpha) png_set_strip_alpha(state_.png);
      passes_ = png_set_interlace_handling(state_.png);
      png_read_update_info(state_.png, state_.info);
    });
    const Index samples = png_get_channels(state_.png, state_.info);
    return {height() * width(), samples <= 2 ? 1 : 3, samples % 2 == 0,
            png_get_bit_depth(state_.png, state_.info) == 16, gamma()};
  }

  /// Decodes to `to`, which has room for the image, and reads what follows the pixels.
  void decode(std::uint8_t* to) {
    run([&] {
      const png_size_t stride = png_get_rowbytes(state_.png, state_.info);
      const png_uint_32 rows = png_get_image_height(state_.png, state_.info);
      for (int pass = 0; pass < passes_; ++pass)
        for (png_uint_32 y = 0; y < rows; ++y) png_read_row(state_.png, to + y * stride, nullptr);
      png_read_end(state_.png, state_.info);
    });
  }

  /// How the image is to be turned, 1 to 8; known after `decode`.
  int orientation() const {
    png_textp texts = nullptr;
    const int count = png_get_text(state_.png, state_.info, &texts, nullptr);
    std::string_view xmp, profile;
    for (int i = 0; i < count; ++i) {
      const std::string_view key = texts[i].key;
      const bool international = texts[i].compression >= PNG_ITXT_COMPRESSION_NONE;
      const std::string_view text(texts[i].text, international ? texts[i].itxt_length : texts[i].text_length);
      if (key == "XML:com.adobe.xmp") xmp = text;
      else if (key == "Raw profile type exif") profile = text;
    }
    return orientation_of(has_exif_ ? exif_ : exif_orientation(bytes_of_profile(profile)), xmp);
  }

 private:
  struct State {
    png_structp png = nullptr;
    png_infop info = nullptr;
    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { png_destroy_read_struct(&png, &info, nullptr); }
    bool create(void* owner, png_error_ptr error, png_error_ptr warning) {
      png = png_create_read_struct(PNG_LIBPNG_VER_STRING, owner, error, warning);
      if (png != nullptr) info = png_create_info_struct(png);
      return info != nullptr;
    }
  };

  /// The file's gamma times 2.2, where it is one that matters; else 1.
  double gamma() const {
    png_fixed_point gamma = 0;
    if (png_get_valid(state_.png, state_.info, PNG_INFO_sRGB) != 0 ||
        png_get_gAMA_fixed(state_.png, state_.info, &gamma) == 0)
      return 1;
    const double product = 2.2e-5 * gamma;
    return product > 0.95 && product < 1.05 ? 1 : product;
  }
  /// ImageMagick's way to write bytes into a text: a line without words, one of a name, one of a length, and digits.
  static std::vector<std::uint8_t> bytes_of_profile(std::string_view text) {
    for (int line = 0; line < 3; ++line) text.remove_prefix((std::min)(text.find('\n'), text.size() - 1) + 1);
    std::vector<std::uint8_t> bytes;
    int digits = 0;
    for (const char c : text) {
      if (c == '\n' || c == ' ') continue;
      const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
      const int digit = c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
      if (digit < 0) return {};
      if (digits++ % 2 == 0) bytes.push_back(static_cast<std::uint8_t>(digit << 4));
      else bytes.back() = static_cast<std::uint8_t>(bytes.back() | digit);
    }
    return bytes;
  }

  [[noreturn]] static void leave(png_structp png, png_const_charp message) {
    auto* const self = static_cast<PngReader*>(png_get_error_ptr(png));
    std::strncpy(self->message_, message, sizeof self->message_ - 1);
    std::longjmp(self->back_, 1);
  }
  static void read(png_structp png, png_bytep to, png_size_t count) {
    auto* const self = static_cast<PngReader*>(png_get_io_ptr(png));
    if (count > self->left_.size()) png_error(png, "the file ends");
    std::memcpy(to, self->left_.data(), count);
    self->left_ = self->left_.subspan(count);
  }
  /// Looks at a chunk that libpng does not take: positive if it need not be known.
  static int take_chunk(png_structp png, png_unknown_chunkp chunk) noexcept {
    auto* const self = static_cast<PngReader*>(png_get_user_chunk_ptr(png));
    if (std::memcmp(chunk->name, "eXIf", 4) == 0) {
      self->has_exif_ = true;
      self->exif_ = exif_orientation({chunk->data, chunk->size});
    }
    return (chunk->name[0] & 0x20) != 0 ? 1 : -1;  // a small letter: who does not know it can do without
  }
  /// Calls `step`, which must have nothing to destroy. Throws `Error` if libpng jumps out of it.
  template <class Step>
  void run(const Step& step) {
    if (setjmp(back_) != 0) throw Error(subject_, std::string("\"") + message_ + "\"", "a whole PNG file");
    step();
  }

  const std::string& subject_;
  std::span<const std::uint8_t> left_;  // what libpng has not read yet
  std::jmp_buf back_;
  char message_[128] = {};
  int passes_ = 1;
  bool has_exif_ = false;
  std::optional<std::uint32_t> exif_;
  State state_;
};

}  // namespace detail

/// Decodes the bytes of a PNG file to an image of one or three channels. Throws `Error` about `subject` if they are
/// truncated, damaged or too large an image, or have levels above the white of the options.
inline Image decode_png(std::span<const std::uint8_t> bytes, const std::string& subject,
                        const DecodeOptions& options = {}) {
  options.ensure_valid();
  detail::check_png_chunks(subject, bytes);
  detail::PngReader reader(bytes, subject);
  const Index height = reader.height(), width = reader.width();
  detail::check_pixel_limit(subject, height, width, options.max_pixels);
  // Deflate shrinks 1032 times at best and a pixel has one bit at least.
  detail::check_pixel_count(subject, height, width, static_cast<Index>(bytes.size()), 8 * 1032);
  const detail::PngSamples have = reader.prepare(options.alpha == Alpha::drop);
  std::vector<std::uint8_t> together(static_cast<std::size_t>(  // [H, W, C]
      have.pixels * (have.channels + (have.alpha ? 1 : 0)) * (have.wide ? 2 : 1)));
  reader.decode(together.data());
  detail::png_samples_to_bytes(together, have, subject, options);
  const int orientation = reader.orientation();
  if (orientation == 1) return detail::to_planes(together, have.channels, height, width);  // on its own: faster
  return detail::to_planes(together, have.channels, height, width, orientation);
}

/// Reads an image of one or three channels. Throws `Error` if the file is missing, or as `decode_png` does.
inline Image read_png(const std::string& path, const DecodeOptions& options = {}) {
  return decode_png(read_file<std::uint8_t>(path), path, options);
}

/// PNG as one of the formats that a program reads (image_file.hpp).
struct Png {
  static constexpr const char* name = "PNG";
  static Image decode(std::span<const std::uint8_t> bytes, const std::string& subject, Index,
                      const DecodeOptions& options) {
    return decode_png(bytes, subject, options);
  }
  static Index decoding_bytes(std::span<const std::uint8_t> start, const std::string& subject, Index,
                              const DecodeOptions& options) {
    detail::check_png_start(subject, start);
    const Index width = Index{png_get_uint_32(&start[16])}, height = Index{png_get_uint_32(&start[20])};
    detail::check_pixel_limit(subject, height, width, options.max_pixels);
    const Index channels = (start[25] & PNG_COLOR_MASK_COLOR) != 0 ? 3 : 1, bytes = start[24] > 8 ? 2 : 1;
    const Index each = (channels + 1) * bytes + channels;  // samples, maybe with alpha, and planes
    return height * width * std::max<Index>(each, 1 + 3);  // or planes of grey and of colour, one made from the other
  }
};

/// Writes an image of one or three channels, atomically. Throws `Error` if it has others, no pixels or too many, or
/// if the file cannot be written.
inline void write_png(const std::string& path, const Image& image) {
  const Index pixels = image.height * image.width;
  if ((image.channels != 1 && image.channels != 3) || image.height < 1 || image.width < 1 ||
      pixels > image_pixel_limit || static_cast<Index>(image.pixels.size()) != image.channels * pixels)
    throw Error(path,
                "an image of " + std::to_string(image.channels) + " x " + std::to_string(image.height) + " x " +
                    std::to_string(image.width) + " in " + std::to_string(image.pixels.size()) + " bytes",
                "1 or 3 channels and 1 to " + std::to_string(image_pixel_limit) + " pixels");
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
    throw Error(path, std::string("\"") + png.message + "\" on encoding", "an image that libpng encodes");
  write_file(path, bytes.data(), static_cast<Index>(size));
}

}  // namespace mae
MAE_PRECISE_END
