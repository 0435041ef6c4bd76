#include <algorithm>
#include <cmath>

#include <mae/io/images/jpeg.hpp>

#include <doctest/doctest.h>

#include <mae/io/images/png.hpp>

#include <support/temporary.hpp>

using mae::Image, mae::Index, mae::read_jpeg;
using test::contains, test::error_of;

namespace {

std::string python(const std::string& name) { return test::beside(__FILE__, "jpeg_python/" + name); }

// The largest difference of two images' bytes; 256 if their extents differ.
int difference(const Image& a, const Image& b) {
  if (a.channels != b.channels || a.height != b.height || a.width != b.width) return 256;
  int largest = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) largest = std::max(largest, std::abs(a.pixels[i] - b.pixels[i]));
  return largest;
}

// A file of pixels of one value each component, encoded by libjpeg.
std::string encode(const std::vector<std::uint8_t>& pixel, J_COLOR_SPACE given, J_COLOR_SPACE stored, bool adobe,
                   unsigned width = 8, unsigned height = 8, bool arithmetic = false) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_width = width;
  info.image_height = height;
  info.input_components = static_cast<int>(pixel.size());
  info.in_color_space = given;
  jpeg_set_defaults(&info);
  jpeg_set_colorspace(&info, stored);
  jpeg_set_quality(&info, 100, TRUE);
  info.write_Adobe_marker = adobe ? TRUE : FALSE;
  info.arith_code = arithmetic ? TRUE : FALSE;
  jpeg_start_compress(&info, TRUE);
  std::vector<std::uint8_t> row;
  for (unsigned x = 0; x < width; ++x) row.insert(row.end(), pixel.begin(), pixel.end());
  for (unsigned y = 0; y < height; ++y) {
    JSAMPROW rows = row.data();
    jpeg_write_scanlines(&info, &rows, 1);
  }
  jpeg_finish_compress(&info);
  const std::string text(bytes, bytes + size);
  jpeg_destroy_compress(&info);
  std::free(bytes);
  return text;
}
Image of_one_colour(const std::vector<std::uint8_t>& colour) {
  Image image = mae::blank_image(static_cast<Index>(colour.size()), 8, 8);
  for (std::size_t c = 0; c < colour.size(); ++c) std::fill_n(image.row(static_cast<Index>(c), 0), 64, colour[c]);
  return image;
}
Image decode(const std::string& text) {
  return mae::decode_jpeg({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, "memory");
}

}  // namespace

TEST_CASE("all kinds of JPEG are read as Pillow reads them, up to the last bits of the transform") {
  for (const char* name : {"grey", "rgb", "halved", "progressive"}) {
    CAPTURE(name);
    CHECK(difference(read_jpeg(python(std::string(name) + ".jpg")),
                     mae::read_png(python(std::string(name) + ".png"))) <= 2);
  }
  CHECK(difference(read_jpeg(python("cmyk.jpg")), mae::read_png(python("cmyk.png"))) <= 3);
}

TEST_CASE("a photograph is turned upright, whichever way the camera was held") {
  for (int number = 1; number <= 8; ++number) {
    CAPTURE(number);
    const std::string name = "turned" + std::to_string(number);
    CHECK(difference(read_jpeg(python(name + ".jpg")), mae::read_png(python(name + ".png"))) <= 2);
  }
}

TEST_CASE("printers' inks become colours, stored inverted with Adobe's mark and without") {
  const std::vector<std::uint8_t> inverted{55, 155, 255, 204};  // of inks 200, 100, 0, 51
  const Image expected = of_one_colour({44, 124, 204});         // (255 - ink) * (255 - 51) / 255
  CHECK(difference(decode(encode(inverted, JCS_CMYK, JCS_CMYK, false)), expected) <= 2);
  CHECK(difference(decode(encode(inverted, JCS_CMYK, JCS_CMYK, true)), expected) <= 2);
  CHECK(difference(decode(encode(inverted, JCS_CMYK, JCS_YCCK, true)), expected) <= 3);
  CHECK(difference(decode(encode({10, 20, 30}, JCS_RGB, JCS_RGB, true)), of_one_colour({10, 20, 30})) <= 1);
  CHECK(contains(error_of([] {
                   decode(encode({1, 2}, JCS_UNKNOWN, JCS_UNKNOWN, false));
                 }),
                 "memory: found 2 colours of unknown kind, expected grey, RGB or CMYK"));
}

TEST_CASE("a white page takes almost no bytes in arithmetic code, and is read") {
  const std::string page = encode({255}, JCS_GRAYSCALE, JCS_GRAYSCALE, false, 2480, 3508, true);
  CHECK(page.size() < 2480 * 3508 / (8 * 64));
  CHECK(decode(page) == mae::blank_image(1, 3508, 2480));
  mae::DecodeOptions options;
  options.max_pixels = 2480 * 3508 - 1;
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(page.data()), page.size());
  CHECK(contains(error_of([&] { mae::decode_jpeg(bytes, "page", 0, options); }),
                 "page: found 3508 x 2480 pixels, expected at most 8699839, which is max_pixels"));
  options.max_pixels = 0;
  CHECK(contains(error_of([&] { mae::decode_jpeg(bytes, "page", 0, options); }), "max_pixels: found 0, expected 1 to"));
}

TEST_CASE("a file cut at any byte is refused, progressive or not") {
  const test::TemporaryDirectory folder;
  for (const char* name : {"rgb.jpg", "progressive.jpg"}) {
    const std::string whole = test::read_text(python(name));
    std::size_t refused = 0;
    for (std::size_t length = 0; length < whole.size(); ++length) {
      test::write_text(folder / "cut.jpg", whole.substr(0, length));
      refused += contains(error_of([&] { read_jpeg(folder / "cut.jpg"); }), "/cut.jpg: found \"") ? 1 : 0;
    }
    CHECK(refused == whole.size());
  }
  test::write_text(folder / "cut.jpg", test::read_text(python("rgb.jpg")).substr(0, 700));
  CHECK(contains(error_of([&] { read_jpeg(folder / "cut.jpg"); }), "expected a whole JPEG file"));
}

TEST_CASE("a damaged byte gives an error or an image, never a crash") {
  const std::string whole = test::read_text(python("halved.jpg"));
  std::size_t errors = 0, images = 0;
  for (std::size_t place = 0; place < whole.size(); ++place)
    for (const int flip : {1, 0x40, 0xff}) {
      std::string text = whole;
      text[place] = static_cast<char>(text[place] ^ flip);
      Image image;
      (error_of([&] { image = decode(text); }).empty() ? images : errors) += 1;
    }
  CHECK(errors > 0);
  CHECK(images > 0);
}

TEST_CASE("bytes after the image or between segments do no harm, nor do numbers that nobody needs") {
  const std::string whole = test::read_text(python("rgb.jpg"));
  CHECK(decode(whole + "trailing bytes") == decode(whole));
  std::string zeros = whole;
  zeros[whole.find("\xff\xda") + 12] = 0;  // the last coefficient of a scan of all
  CHECK(decode(zeros) == decode(whole));
  CHECK(decode(whole.substr(0, whole.size() - 2) + "xyz" + whole.substr(whole.size() - 2)) == decode(whole));
}

TEST_CASE("a large image comes out smaller where less will do, and shows the same") {
  const std::string whole = test::read_text(python("rgb.jpg"));  // 12 x 20
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(whole.data()), whole.size());
  const Image large = decode(whole);
  for (const auto& [side, height] : {std::pair<Index, Index>{4, 12}, {3, 6}, {2, 6}, {1, 3}}) {
    const Index asked = side;
    CAPTURE(asked);
    const Image small = mae::decode_jpeg(bytes, "memory", side);
    REQUIRE(small.height == height);
    const Index divisor = 12 / height;
    CHECK(small.width == 20 / divisor);
    // A pixel is the mean of those it stands for, nearly.
    int difference = 0;
    for (Index c = 0; c < 3; ++c)
      for (Index y = 0; y < small.height; ++y)
        for (Index x = 0; x < small.width; ++x) {
          int sum = 0;
          for (Index i = 0; i < divisor * divisor; ++i)
            sum += large.row(c, y * divisor + i / divisor)[x * divisor + i % divisor];
          difference = std::max(difference, std::abs(sum / static_cast<int>(divisor * divisor) - small.row(c, y)[x]));
        }
    CHECK(difference <= 4);
  }
}

TEST_CASE("what is no image is named") {
  const test::TemporaryDirectory folder;
  CHECK(contains(error_of([] { decode("not an image at all"); }), "memory: found \"Not a JPEG file"));
  CHECK(contains(error_of([] { decode(""); }), "memory: found \""));
  CHECK(contains(error_of([&] { read_jpeg(folder / "none.jpg"); }), "No such file or directory"));
  // The header says 40,000 x 40,000 pixels.
  std::string huge = encode({7}, JCS_GRAYSCALE, JCS_GRAYSCALE, false);
  const auto frame = huge.find("\xff\xc0");
  huge.replace(frame + 5, 4, "\x9c\x40\x9c\x40");
  CHECK(contains(error_of([&] { decode(huge); }), "memory: found 40000 x 40000 pixels, expected at most"));
  huge.replace(frame + 5, 4, "\x04\x01\x04\x01");
  CHECK(contains(error_of([&] { decode(huge); }), "memory: found 1025 x 1025 pixels, expected at most"));
}
