// JPEG images, read with libjpeg-turbo. Not part of <mae/mae.hpp>: who includes this file links with -ljpeg.
//
// Reading gives bytes as they are stored, taken for sRGB: grey files one channel, colour files three. Files of
// printers' inks (CMYK and YCCK) become colours by red = (1 - cyan) * (1 - black). They hold 255 - ink: so Adobe's
// programs write them, and so Pillow reads them, whether or not the file bears Adobe's mark. Colour profiles are not
// followed. A photograph is turned upright as its camera noted (exif.hpp).
//
// libjpeg goes on when data are damaged or end early, with grey areas in the image and a warning. Here that is an
// error, except for the warnings about what does no harm to the pixels: bytes between segments, a version number, and
// zeros that some cameras write where a plain file needs no numbers.
// It reports errors by a jump (longjmp) over the frames of its caller, so `JpegReader::run` lets only such code run
// below it that has nothing to destroy.
#pragma once
#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
// libjpeg's header needs <cstdio>.
#include <jerror.h>
#include <jpeglib.h>

#include <mae/io/files/input_file.hpp>
#include <mae/io/images/decoding.hpp>
#include <mae/io/images/exif.hpp>

MAE_PRECISE_BEGIN
namespace mae {
namespace detail {

/// One image being decoded; libjpeg's state is freed at the end of its life.
class JpegReader {
 public:
  JpegReader(std::span<const std::uint8_t> bytes, const std::string& subject) : subject_(subject) {
    info_.err = jpeg_std_error(&errors_.manager);
    errors_.manager.error_exit = leave;
    errors_.manager.emit_message = consider;
    run([&] {
      jpeg_create_decompress(&info_);
      jpeg_save_markers(&info_, JPEG_APP0 + 1, 0xffff);  // Exif and XMP
      jpeg_mem_src(&info_, bytes.data(), bytes.size());
      jpeg_read_header(&info_, TRUE);
    });
  }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  const jpeg_decompress_struct& info() const { return info_; }
  bool several_scans() { return jpeg_has_multiple_scans(&info_) != FALSE; }

  /// Makes the decoder write an image smaller by `divisor`: 1, 2, 4 or 8.
  void shrink(unsigned divisor) {
    run([&] {
      info_.scale_num = 1;
      info_.scale_denom = divisor;
      jpeg_calc_output_dimensions(&info_);
    });
  }

  /// Decodes row after row, with the colours of a pixel together: calls room(y), which says where row `y` goes, and
  /// then taken(y). Neither may have anything to destroy.
  template <class Room, class Taken>
  void decode(J_COLOR_SPACE colours, const Room& room, const Taken& taken) {
    run([&] {
      info_.out_color_space = colours;
      jpeg_start_decompress(&info_);
      while (info_.output_scanline < info_.output_height) {
        const Index y = Index{info_.output_scanline};
        JSAMPROW row = room(y);
        jpeg_read_scanlines(&info_, &row, 1);
        taken(y);
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

/// How the image is to be turned, 1 to 8, by the notes in its segments. Several segments of Exif are one, in pieces.
inline int jpeg_orientation(const jpeg_decompress_struct& info) {
  constexpr std::string_view xmp_mark{"http://ns.adobe.com/xap/1.0/\0", 29};
  std::vector<std::uint8_t> exif;
  std::string_view xmp;
  for (jpeg_saved_marker_ptr marker = info.marker_list; marker != nullptr; marker = marker->next) {
    const std::span<const std::uint8_t> notes(marker->data, marker->data_length);
    if (begins_with(notes, exif_mark)) {
      const auto more = notes.subspan(exif_mark.size());
      exif.insert(exif.end(), more.begin(), more.end());
    } else if (begins_with(notes, xmp_mark)) {
      xmp = {reinterpret_cast<const char*>(marker->data) + xmp_mark.size(), notes.size() - xmp_mark.size()};
    }
  }
  return orientation_of(exif_orientation(exif), xmp);
}

/// Inks to colours, in place: four bytes a pixel, each 255 - ink, become three.
inline void inks_to_colours(std::vector<std::uint8_t>& pixels) {
  for (std::size_t i = 0; i < pixels.size() / 4; ++i)
    for (std::size_t c = 0; c < 3; ++c)
      pixels[3 * i + c] = static_cast<std::uint8_t>((pixels[4 * i + c] * pixels[4 * i + 3] + 127) / 255);
  pixels.resize(pixels.size() / 4 * 3);
}

inline bool has_inks(const jpeg_decompress_struct& info) {
  return info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
}
/// Of the image that the file becomes.
inline Index jpeg_channels(const jpeg_decompress_struct& info) {
  return info.jpeg_color_space == JCS_GRAYSCALE ? 1 : 3;
}

/// Chooses the size to decode to; throws `Error` if the image is too large or its colours are unknown.
inline void prepare_jpeg(JpegReader& reader, const std::string& subject, Index side, const DecodeOptions& options) {
  const jpeg_decompress_struct& info = reader.info();
  if (info.jpeg_color_space == JCS_UNKNOWN)
    throw Error(subject, std::to_string(info.num_components) + " colours of unknown kind", "grey, RGB or CMYK");
  check_pixel_limit(subject, Index{info.image_height}, Index{info.image_width}, options.max_pixels);
  unsigned divisor = 1;
  while (side > 0 && divisor < 8 && Index{(std::min)(info.image_height, info.image_width)} >= 4 * side * divisor)
    divisor *= 2;
  reader.shrink(divisor);
}

}  // namespace detail

/// Decodes the bytes of a JPEG file to an image of one or three channels. With `side`, a large image comes out two,
/// four or eight times smaller, as small as leaves its shorter side at least twice as long as `side`: that is much
/// faster, for the transform of each block is cut down. Throws `Error` about `subject` if the bytes are truncated,
/// damaged, too large an image, or of other colours than grey, RGB and CMYK.
inline Image decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& subject, Index side = 0,
                         const DecodeOptions& options = {}) {
  options.ensure_valid();
  detail::JpegReader reader(bytes, subject);
  const jpeg_decompress_struct& info = reader.info();
  detail::prepare_jpeg(reader, subject, side, options);
  // Of Huffman's code a block of 64 pixels takes one bit at least; of the arithmetic one it may take next to nothing.
  if (!info.arith_code)
    detail::check_pixel_count(subject, Index{info.image_height}, Index{info.image_width},
                              static_cast<Index>(bytes.size()), 8 * 64);
  const bool inks = detail::has_inks(info);
  const Index channels = detail::jpeg_channels(info);
  const Index height = Index{info.output_height}, width = Index{info.output_width};
  const int orientation = detail::jpeg_orientation(info);
  if (channels == 3 && !inks && orientation == 1) {  // most photographs: each row is taken apart while it is at hand
    Image image = blank_image(channels, height, width);
    std::vector<std::uint8_t> row(static_cast<std::size_t>(width * channels));
    std::uint8_t *const together = row.data(), *const planes = image.pixels.data();
    reader.decode(
        JCS_RGB, [=](Index) { return together; },
        [=](Index y) { cpu::SplitColours<isa::Best>::run(together, width, planes + y * width, height * width); });
    return image;
  }
  const Index stride = width * (inks ? 4 : channels);
  std::vector<std::uint8_t> together(static_cast<std::size_t>(height * stride));  // [H, W, C]
  std::uint8_t* const rows = together.data();
  reader.decode(
      inks            ? JCS_CMYK
      : channels == 1 ? JCS_GRAYSCALE
                      : JCS_RGB,
      [=](Index y) { return rows + y * stride; }, [](Index) {});
  if (inks) detail::inks_to_colours(together);
  return detail::to_planes(together, channels, height, width, orientation);
}

/// Reads an image of one or three channels. Throws `Error` if the file is missing, or as `decode_jpeg` does.
inline Image read_jpeg(const std::string& path, const DecodeOptions& options = {}) {
  return decode_jpeg(read_file<std::uint8_t>(path), path, 0, options);
}

/// JPEG as one of the formats that a program reads (image_file.hpp).
struct Jpeg {
  static constexpr const char* name = "JPEG";
  static Image decode(std::span<const std::uint8_t> bytes, const std::string& subject, Index side,
                      const DecodeOptions& options) {
    return decode_jpeg(bytes, subject, side, options);
  }
  static Index decoding_bytes(std::span<const std::uint8_t> start, const std::string& subject, Index side,
                              const DecodeOptions& options) {
    detail::JpegReader reader(start, subject);
    detail::prepare_jpeg(reader, subject, side, options);
    const jpeg_decompress_struct& info = reader.info();
    const Index channels = detail::jpeg_channels(info), each = (detail::has_inks(info) ? 4 : channels) + channels;
    // Pixels and planes; or planes of grey and of colour, one made from the other.
    Index bytes = Index{info.output_height} * Index{info.output_width} * std::max<Index>(each, 1 + 3);
    // An image of several scans is kept as coefficients of two bytes until the last has been read.
    if (reader.several_scans())
      for (int c = 0; c < info.num_components; ++c)
        bytes += Index{info.comp_info[c].width_in_blocks} * Index{info.comp_info[c].height_in_blocks} * 64 * 2;
    return bytes;
  }
};

}  // namespace mae
MAE_PRECISE_END
