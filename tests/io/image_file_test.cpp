#include <mae/io/images/image_file.hpp>

#include <doctest/doctest.h>

#include <mae/io/images/jpeg.hpp>
#include <mae/io/images/png.hpp>

#include <support/temporary.hpp>

using mae::Image, mae::read_image, mae::with_channels;
using test::contains, test::error_of;

namespace {

using Both = mae::Decoders<mae::Png, mae::Jpeg>;
using OnlyPng = mae::Decoders<mae::Png>;
const std::string jpeg = test::beside(__FILE__, "jpeg_python/rgb.jpg");
const std::string png = test::beside(__FILE__, "png_python/rgb.png");

}  // namespace

TEST_CASE("an image is read by what it is, whatever its name") {
  CHECK(read_image<Both>(png) == mae::read_png(png));
  CHECK(read_image<Both>(jpeg) == mae::read_jpeg(jpeg));
  const test::TemporaryDirectory folder;
  test::write_text(folder / "wrong.png", test::read_text(jpeg));
  CHECK(read_image<Both>(folder / "wrong.png") == mae::read_jpeg(jpeg));
}

TEST_CASE("grey becomes colour and colour grey, as asked for") {
  const Image grey{1, 1, 2, {0, 200}}, colour{3, 1, 2, {255, 10, 0, 20, 0, 30}};
  CHECK(with_channels(grey, 3) == Image{3, 1, 2, {0, 200, 0, 200, 0, 200}});
  CHECK(with_channels(colour, 1) == Image{1, 1, 2, {76, 18}});
  CHECK(with_channels(with_channels(grey, 3), 1) == grey);
  CHECK(read_image<Both>(png, 1).channels == 1);
  CHECK(read_image<Both>(test::beside(__FILE__, "png_python/grey.png"), 3).channels == 3);
  CHECK(contains(error_of([] { read_image<Both>(png, 2); }), "found 2 channels asked for, expected 1 (grey) or 3"));
}

TEST_CASE("a format that the program cannot read is named, and so is what it can") {
  CHECK(contains(error_of([] { read_image<OnlyPng>(jpeg); }),
                 "rgb.jpg: found a JPEG image, expected PNG; this program was built without libjpeg"));
  CHECK(contains(error_of([] { read_image<mae::Decoders<mae::Jpeg>>(png); }),
                 "found a PNG image, expected JPEG; this program was built without libpng"));
  const test::TemporaryDirectory folder;
  const auto reading = [&](const std::string& text) {
    test::write_text(folder / "x", text);
    return error_of([&] { read_image<Both>(folder / "x"); });
  };
  CHECK(contains(reading("GIF89a..."), "x: found a GIF image, expected PNG or JPEG"));
  CHECK(contains(reading("RIFF....WEBP"), "found a WebP image"));
  CHECK(contains(reading(std::string("II*\0....", 8)), "found a TIFF image"));
  CHECK(contains(reading("BM......"), "found a BMP image"));
  CHECK(contains(reading("....ftypheic"), "found a HEIF or AVIF image"));
  CHECK(contains(reading("some text"), "found no image, expected one: PNG or JPEG"));
  CHECK(contains(reading(""), "found an empty file, expected an image: PNG or JPEG"));
  CHECK(contains(reading(test::read_text(jpeg).substr(0, 300)), "x: found \""));
  CHECK(contains(error_of([&] { read_image<Both>(folder / "none"); }), "No such file or directory"));
  CHECK(contains(error_of([&] { read_image<Both>(folder.path); }), "found a directory, expected a file"));
}
