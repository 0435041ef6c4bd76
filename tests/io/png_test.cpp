#include <mae/io/png.hpp>

#include <doctest/doctest.h>

#include "temporary.hpp"

using mae::Image, mae::Index, mae::read_png, mae::write_png;
using test::contains, test::error_of;

namespace {

// A picture in which every byte differs from its neighbours.
Image pattern(Index channels, Index height, Index width) {
  Image image = mae::blank_image(channels, height, width);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(i * 37 + i / 256);
  return image;
}

Image python(const std::string& name) { return read_png(test::beside(__FILE__, "png_python/" + name)); }

const Image grey{1, 3, 2, {0, 50, 100, 150, 200, 255}};
const Image rgb{3, 3, 2, {255, 0, 0, 10, 128, 255, 0, 255, 0, 20, 128, 255, 0, 0, 255, 30, 128, 255}};

}  // namespace

TEST_CASE("a picture survives a round trip, grey and colour, whatever its extents") {
  const test::TemporaryDirectory folder;
  for (const Index channels : {1, 3})
    for (const auto& [height, width] : {std::pair<Index, Index>{1, 1}, {3, 2}, {17, 5}, {64, 200}}) {
      const Image image = pattern(channels, height, width);
      write_png(folder / "x.png", image);
      CHECK(read_png(folder / "x.png") == image);
    }
}

TEST_CASE("all kinds of PNG are read; transparent pixels are white, sixteen bits become eight") {
  CHECK(python("grey.png") == grey);
  CHECK(python("grey16.png") == grey);
  CHECK(python("rgb.png") == rgb);
  CHECK(python("rgb16.png") == rgb);
  CHECK(python("palette.png") == rgb);
  CHECK(python("bits.png") == Image{1, 3, 2, {0, 255, 255, 0, 255, 0}});
  CHECK(python("grey_alpha.png") == Image{1, 3, 2, {0, 255, 100, 150, 255, 255}});
  Image on_white = rgb;
  for (Index c = 0; c < 3; ++c) on_white.row(c, 0)[1] = on_white.row(c, 2)[0] = 255;
  CHECK(python("alpha.png") == on_white);
  CHECK(python("alpha16.png") == on_white);
  CHECK(python("palette_alpha.png") == on_white);
}

TEST_CASE("a file cut at any byte is refused") {
  const test::TemporaryDirectory folder;
  write_png(folder / "x.png", pattern(3, 6, 7));
  const std::string whole = test::read_text(folder / "x.png");
  std::size_t refused = 0;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    test::write_text(folder / "cut.png", whole.substr(0, length));
    refused += contains(error_of([&] { read_png(folder / "cut.png"); }), "/cut.png: found ") ? 1 : 0;
  }
  CHECK(refused == whole.size());
}

TEST_CASE("a damaged byte gives an error or a picture, never a crash; damaged pixels give an error") {
  const test::TemporaryDirectory folder;
  const Image image = pattern(3, 6, 7);
  write_png(folder / "x.png", image);
  const std::string whole = test::read_text(folder / "x.png");
  std::size_t wrong = 0;
  for (std::size_t place = 0; place < whole.size(); ++place)
    for (const int flip : {1, 0x40, 0xff}) {
      std::string text = whole;
      text[place] = static_cast<char>(text[place] ^ flip);
      test::write_text(folder / "bad.png", text);
      Image read = image;
      const std::string error = error_of([&] { read = read_png(folder / "bad.png"); });
      wrong += error.empty() && read != image ? 1 : 0;
    }
  CHECK(wrong == 0);
}

TEST_CASE("a chunk that claims more than the file has is refused before memory is taken for it") {
  const test::TemporaryDirectory folder;
  write_png(folder / "x.png", pattern(1, 1, 1));
  std::string claims = test::read_text(folder / "x.png");
  claims.insert(33, std::string("\x06\x74\0\0eXIf", 8));  // a chunk of 108 MB after the header
  test::write_text(folder / "claims.png", claims);
  CHECK(contains(error_of([&] { read_png(folder / "claims.png"); }),
                 "/claims.png: found a file that ends within a chunk, expected a whole PNG file"));
}

TEST_CASE("what is no picture is named") {
  const test::TemporaryDirectory folder;
  test::write_text(folder / "text.png", "not a picture at all");
  CHECK(contains(error_of([&] { read_png(folder / "text.png"); }),
                 "/text.png: found no PNG signature, expected a PNG file"));
  CHECK(contains(error_of([&] { read_png(folder / "none.png"); }), "No such file or directory"));
  CHECK(contains(error_of([&] { read_png(folder.path); }), "found a directory"));
  write_png(folder / "x.png", pattern(1, 1, 1));
  // The header says 40,000 x 40,000 pixels, with the right checksum.
  std::string huge = test::read_text(folder / "x.png");
  huge.replace(16, 8, std::string("\0\0\x9c\x40\0\0\x9c\x40", 8));
  huge.replace(29, 4, "\x74\x67\x51\xd9");
  test::write_text(folder / "huge.png", huge);
  CHECK(contains(error_of([&] { read_png(folder / "huge.png"); }), "found 40000 x 40000 pixels, expected at most"));
}

TEST_CASE("what cannot be a PNG is not written") {
  const test::TemporaryDirectory folder;
  const auto writing = [&](const Image& image) { return error_of([&] { write_png(folder / "x.png", image); }); };
  CHECK(contains(writing(pattern(2, 3, 3)), "found a picture of 2 x 3 x 3 in 18 bytes, expected 1 or 3 channels"));
  CHECK(contains(writing(pattern(3, 0, 3)), "found a picture of 3 x 0 x 3"));
  CHECK(contains(writing({3, 2, 2, {1, 2, 3}}), "in 3 bytes"));
  CHECK(folder.entries() == 0);
  CHECK(contains(error_of([&] { write_png(folder / "none/x.png", grey); }), "No such file or directory"));
}
