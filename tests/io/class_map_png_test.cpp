#include <mae/io/annotations/class_map_png.hpp>

#include <doctest/doctest.h>

#include <numeric>

#include <support/png_file.hpp>
#include <support/temporary.hpp>

using mae::Image, mae::Index, mae::read_class_map_png;
using test::contains, test::error_of, test::png_chunk, test::png_file;

namespace {

using Bytes = std::vector<std::uint8_t>;

// What Pillow 13.0.0 wrote, by class_map_python.py: [3, 5].
Bytes python(const std::string& name, const mae::ClassMapOptions& options = {}) {
  const Image map = read_class_map_png(test::beside(__FILE__, "class_map_python/" + name), options);
  CHECK(map.channels == 1);
  CHECK(map.height == 3);
  CHECK(map.width == 5);
  return map.pixels;
}
Image decode(const std::string& file, const mae::ClassMapOptions& options = {}) {
  return mae::decode_class_map_png({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()}, "map.png",
                                   options);
}
Bytes up_to(unsigned levels) {
  Bytes bytes(15);
  for (std::size_t i = 0; i < 15; ++i) bytes[i] = static_cast<std::uint8_t>(i % levels);
  return bytes;
}

}  // namespace

TEST_CASE("the class is the index of a palette or the level of grey, in every depth, as Pillow stored it") {
  CHECK(python("palette1.png") == up_to(2));
  CHECK(python("palette2.png") == up_to(4));
  CHECK(python("palette4.png") == up_to(16));
  CHECK(python("palette8.png") == up_to(256));
  CHECK(python("palette_transparent.png") == up_to(4));
  CHECK(python("palette_short.png") == Bytes{0, 20, 255, 0, 20, 255, 0, 20, 255, 0, 20, 255, 0, 20, 255});
  CHECK(python("grey1.png") == up_to(2));
  Bytes fourteen = up_to(14);
  fourteen[14] = 255;
  CHECK(python("grey8_gamma.png") == fourteen);
  CHECK(python("grey16.png") == fourteen);
}

TEST_CASE(
    "grey of two and four bits, a transparent level, an opaque alpha, and a camera's turn are the levels stored") {
  CHECK(decode(png_file(2, 3, 2, 0, {0, 1, 2, 3, 2, 1})).pixels == Bytes{0, 1, 2, 3, 2, 1});
  CHECK(decode(png_file(2, 3, 4, 0, {0, 9, 15, 3, 14, 1})).pixels == Bytes{0, 9, 15, 3, 14, 1});
  const std::string transparent = png_chunk("tRNS", std::string("\0\7", 2));
  CHECK(decode(png_file(1, 3, 8, 0, {0, 7, 9}, transparent)).pixels == Bytes{0, 7, 9});
  CHECK(decode(png_file(1, 3, 8, 4, {0, 255, 7, 255, 9, 255})).pixels == Bytes{0, 7, 9});
  CHECK(decode(png_file(1, 2, 16, 4, {3, 65535, 255, 65535})).pixels == Bytes{3, 255});
  // Orientation 6, to be turned right: the map stands as its pixels do.
  const std::string turn = std::string("MM\0\x2a\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0", 26);
  CHECK(decode(png_file(1, 3, 8, 0, {0, 7, 9}, png_chunk("eXIf", turn))) == Image{1, 1, 3, {0, 7, 9}});
}

TEST_CASE("with reduce_zero_label 0 is no class and the others begin at 0") {
  CHECK(python("palette_short.png", {.reduce_zero_label = true}) ==
        Bytes{255, 19, 255, 255, 19, 255, 255, 19, 255, 255, 19, 255, 255, 19, 255});
  CHECK(decode(png_file(1, 4, 8, 0, {0, 1, 254, 255}), {.reduce_zero_label = true}).pixels == Bytes{255, 0, 253, 255});
}

TEST_CASE("what says no class is an error that names the first colour or place") {
  CHECK(error_of([] {
          python("colours.png");
        }).find("colours.png: found the colour (128, 64, 3) at row 1, column 2, expected a class map") !=
        std::string::npos);
  CHECK(contains(error_of([] {
                   decode(png_file(1, 2, 16, 2, {0, 0, 0, 300, 1, 2}));
                 }),
                 "map.png: found the colour (300, 1, 2) at row 0, column 1"));
  CHECK(contains(error_of([] { decode(png_file(1, 1, 8, 6, {0, 0, 0, 255})); }), "the colour (0, 0, 0) at row 0"));
  CHECK(contains(error_of([] {
                   decode(png_file(2, 2, 16, 0, {0, 255, 1, 256}));
                 }),
                 "map.png: found level 256 at row 1, column 1, expected classes up to 254, or 255 for none"));
  CHECK(contains(error_of([] {
                   decode(png_file(1, 2, 8, 4, {1, 255, 2, 254}));
                 }),
                 "found a transparent pixel at row 0, column 1"));
  CHECK(contains(error_of([] { decode(png_file(1, 1, 16, 4, {1, 65534})); }), "found a transparent pixel at row 0"));
}

TEST_CASE("a file that is cut, no PNG or too large is an error") {
  const std::string whole = png_file(2, 3, 8, 0, {0, 1, 2, 3, 4, 5});
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
    CHECK(contains(error_of([&] { decode(whole.substr(0, bytes)); }), "map.png: found "));
  CHECK(contains(error_of([] { decode("\xff\xd8\xff\xe0 a photograph of a mask"); }), "no PNG signature"));
  CHECK(contains(error_of([&] { decode(whole, {.max_pixels = 5}); }), "2 x 3 pixels, expected at most 5"));
  CHECK(contains(error_of([] { read_class_map_png("nowhere.png"); }), "nowhere.png"));
}

TEST_CASE("a map survives a round trip, and its file has the colours of Pascal VOC") {
  using Colour = std::array<std::uint8_t, 3>;
  CHECK(mae::palette_colour(0) == Colour{0, 0, 0});
  CHECK(mae::palette_colour(1) == Colour{128, 0, 0});
  CHECK(mae::palette_colour(15) == Colour{192, 128, 128});  // VOC's person
  CHECK(mae::palette_colour(20) == Colour{0, 64, 128});     // its last class
  CHECK(mae::palette_colour(255) == Colour{224, 224, 192});
  const test::TemporaryDirectory folder;
  for (const auto& [height, width] : {std::pair<Index, Index>{1, 1}, {16, 16}, {7, 300}}) {
    Bytes classes(static_cast<std::size_t>(height * width));
    std::iota(classes.begin(), classes.end(), std::uint8_t{0});
    mae::write_class_map_png(folder / "map.png", {classes.data(), height, width});
    CHECK(read_class_map_png(folder / "map.png") == Image{1, height, width, classes});
    const Image seen = mae::read_png(folder / "map.png");
    REQUIRE(seen.channels == 3);
    bool same = true;
    for (std::size_t i = 0; i < classes.size(); ++i)
      for (Index c = 0; c < 3; ++c)
        same = same && seen.row(c, 0)[i] == mae::palette_colour(classes[i])[static_cast<std::size_t>(c)];
    CHECK(same);
  }
  CHECK(contains(error_of([&] { mae::write_class_map_png(folder / "map.png", {nullptr, 0, 3}); }), "0 x 3 pixels"));
  CHECK(contains(error_of([&] {
                   mae::write_class_map_png(folder / "no/map.png", {Bytes{1}.data(), 1, 1});
                 }),
                 "no/map"));
}
