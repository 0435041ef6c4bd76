// JPEG pictures, read with libjpeg-turbo. Not part of <mae/mae.hpp>: who includes this file links with -ljpeg.
//
// Reading gives bytes in sRGB: grey files one channel, colour files three. Files of printers' inks (CMYK, and Adobe's
// YCCK, which stores them inverted) become colours by red = (1 - cyan) * (1 - black); colour profiles are not followed.
// A photograph is turned upright as its camera noted (picture.hpp).
//
// libjpeg goes on when data are damaged or end early, with grey areas in the picture and a warning. Here that is an
// error, except for the warnings about what does no harm to the pixels: bytes between segments, a version number, and
// zeros that some cameras write where a plain file needs no numbers.
// It reports errors by a jump (longjmp) over the frames of its caller, so `JpegReader::run` lets only such code run
// below it that has nothing to destroy.
#pragma once
#include <csetjmp>
#include <cstdio>
#include <cstring>
// libjpeg's header needs <cstdio>.
#include <jerror.h>
#include <jpeglib.h>

#include <mae/io/input_file.hpp>
#include <mae/io/picture.hpp>

MAE_PRECISE_BEGIN
namespace mae {
namespace detail {

/// One picture being decoded; libjpeg's state is freed at the end of its life.
class JpegReader {
 public:
  JpegReader(std::span<const std::uint8_t> bytes, const std::string& subject) : subject_(subject) {
    info_.err = jpeg_std_error(&errors_.manager);
    errors_.manager.error_exit = leave;
    errors_.manager.emit_message = consider;
    run([&] {
      jpeg_create_decompress(&info_);
      jpeg_save_markers(&info_, JPEG_APP0 + 1, 0xffff);  // Exif
      jpeg_mem_src(&info_, bytes.data(), bytes.size());
      jpeg_read_header(&info_, TRUE);
    });
  }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  const jpeg_decompress_struct& info() const { return info_; }

  /// Makes the decoder write a picture smaller by `divisor`: 1, 2, 4 or 8.
  void shrink(unsigned divisor) {
    run([&] {
      info_.scale_num = 1;
      info_.scale_denom = divisor;
      jpeg_calc_output_dimensions(&info_);
    });
  }

  /// Decodes to `to`, which has room for the picture, with the colours of a pixel together.
  void decode(J_COLOR_SPACE colours, std::uint8_t* to) {
    run([&] {
      info_.out_color_space = colours;
      jpeg_start_decompress(&info_);
      const std::size_t stride = std::size_t{info_.output_width} * static_cast<std::size_t>(info_.output_components);
      while (info_.output_scanline < info_.output_height) {
        JSAMPROW row = to + info_.output_scanline * stride;
        jpeg_read_scanlines(&info_, &row, 1);
      }
      jpeg_finish_decompress(&info_);
    });
  }

 private:
  struct Errors {
    jpeg_error_mgr manager{};  // first, so that its address is this one's
    std::jmp_buf back;
    char message[JMSG_LENGTH_MAX] = {};
  };
  [[noreturn]] static void leave(j_common_ptr info) {
    auto* const errors = reinterpret_cast<Errors*>(info->err);
    errors->manager.format_message(info, errors->message);
    std::longjmp(errors->back, 1);
  }
  static void consider(j_common_ptr info, int level) {
    const int code = info->err->msg_code;
    const bool harmless = code == JWRN_EXTRANEOUS_DATA || code == JWRN_NOT_SEQUENTIAL || code == JWRN_JFIF_MAJOR ||
                          code == JWRN_ADOBE_XFORM;
    if (level < 0 && !harmless) leave(info);
  }
  /// Calls `step`, which must have nothing to destroy. Throws `Error` if libjpeg jumps out of it.
  template <class Step>
  void run(const Step& step) {
    if (setjmp(errors_.back) != 0)
      throw Error(subject_, std::string("\"") + errors_.message + "\"", "a whole JPEG file");
    step();
  }

  struct State : jpeg_decompress_struct {
    State() : jpeg_decompress_struct{} {}
    ~State() { jpeg_destroy_decompress(this); }
  };

  const std::string& subject_;
  Errors errors_;
  State info_;
};

/// The number in 1..8 that a camera's notes (Exif: a small TIFF file) give for how to turn the picture; else 1.
inline int exif_orientation(std::span<const std::uint8_t> notes) {
  if (notes.size() < 14 || std::memcmp(notes.data(), "Exif\0\0", 6) != 0) return 1;
  const auto tiff = notes.subspan(6);
  const bool little = tiff[0] == 'I';
  const auto number = [&](std::size_t at, std::size_t bytes) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | tiff[at + (little ? bytes - 1 - i : i)];
    return value;
  };
  const std::size_t directory = number(4, 4);
  if (directory > tiff.size() - 2) return 1;
  for (std::size_t entry = directory + 2, left = number(directory, 2); left > 0; --left, entry += 12) {
    if (entry + 12 > tiff.size()) return 1;
    if (number(entry, 2) != 0x0112) continue;
    const std::size_t value = number(entry + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

/// Inks to colours, in place: four bytes a pixel become three. Adobe's programs store 255 - ink.
inline void inks_to_colours(std::vector<std::uint8_t>& pixels, bool inverted) {
  const int flip = inverted ? 0 : 255;
  for (std::size_t i = 0; i < pixels.size() / 4; ++i)
    for (std::size_t c = 0; c < 3; ++c)
      pixels[3 * i + c] =
          static_cast<std::uint8_t>(((pixels[4 * i + c] ^ flip) * (pixels[4 * i + 3] ^ flip) + 127) / 255);
  pixels.resize(pixels.size() / 4 * 3);
}

}  // namespace detail

/// Decodes the bytes of a JPEG file to a picture of one or three channels. With `side`, a large picture comes out two,
/// four or eight times smaller, as small as leaves its shorter side at least twice as long as `side`: that is much
/// faster, for the transform of each block is cut down. Throws `Error` about `subject` if the bytes are truncated,
/// damaged, too large a picture, or of other colours than grey, RGB and CMYK.
inline Image decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& subject, Index side = 0) {
  detail::JpegReader reader(bytes, subject);
  const jpeg_decompress_struct& info = reader.info();
  const J_COLOR_SPACE stored = info.jpeg_color_space;
  const bool inks = stored == JCS_CMYK || stored == JCS_YCCK;
  const Index channels = stored == JCS_GRAYSCALE ? 1 : 3;
  if (stored == JCS_UNKNOWN)
    throw Error(subject, std::to_string(info.num_components) + " colours of unknown kind", "grey, RGB or CMYK");
  // A block of 64 pixels takes one bit at least.
  detail::check_pixel_count(subject, Index{info.image_height}, Index{info.image_width},
                            static_cast<Index>(bytes.size()), 8 * 64);
  unsigned divisor = 1;
  while (side > 0 && divisor < 8 && Index{std::min(info.image_height, info.image_width)} >= 4 * side * divisor)
    divisor *= 2;
  reader.shrink(divisor);
  const Index height = Index{info.output_height}, width = Index{info.output_width};
  std::vector<std::uint8_t> together(static_cast<std::size_t>(height * width * (inks ? 4 : channels)));  // [H, W, C]
  int orientation = 1;
  for (jpeg_saved_marker_ptr marker = info.marker_list; marker != nullptr && orientation == 1; marker = marker->next)
    orientation = detail::exif_orientation({marker->data, marker->data_length});
  reader.decode(inks ? JCS_CMYK : channels == 1 ? JCS_GRAYSCALE : JCS_RGB, together.data());
  if (inks) detail::inks_to_colours(together, info.saw_Adobe_marker != FALSE);
  return detail::to_planes(together, channels, height, width, orientation);
}

/// Reads a picture of one or three channels. Throws `Error` if the file is missing, or as `decode_jpeg` does.
inline Image read_jpeg(const std::string& path) { return decode_jpeg(read_file<std::uint8_t>(path), path); }

/// JPEG as one of the formats that a program reads (image_file.hpp).
struct Jpeg {
  static constexpr const char* name = "JPEG";
  static Image decode(std::span<const std::uint8_t> bytes, const std::string& subject, Index side) {
    return decode_jpeg(bytes, subject, side);
  }
};

}  // namespace mae
MAE_PRECISE_END
