#include <mae/plot/overlay.hpp>

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "support/error_of.hpp"

using namespace mae;
using test::error_of;

namespace {
Colour at(const Image& image, Index y, Index x) { return {image.row(0, y)[x], image.row(1, y)[x], image.row(2, y)[x]}; }
constexpr Colour white{255, 255, 255}, red{240, 60, 45};
Image plain(Index height, Index width) { return blank_image(3, height, width); }
/// The smallest box around all pixels that are not white.
Box drawn(const Image& image) {
  Box box{1e9, 1e9, -1, -1};
  for (Index y = 0; y < image.height; ++y)
    for (Index x = 0; x < image.width; ++x)
      if (at(image, y, x) != white)
        box = {std::min(box.x0, double(x)), std::min(box.y0, double(y)), std::max(box.x1, double(x + 1)),
               std::max(box.y1, double(y + 1))};
  return box;
}
}  // namespace

TEST_CASE("classes have colours of their own, twenty of them far apart") {
  CHECK(class_colour(0) == red);
  for (Index a = 0; a < 200; ++a)
    for (Index b = 0; b < a; ++b) {
      const Colour x = class_colour(a), y = class_colour(b);
      double apart = 0;
      for (std::size_t c = 0; c < 3; ++c) apart += (double(x[c]) - double(y[c])) * (double(x[c]) - double(y[c]));
      if (apart < (a < 20 ? 55 * 55 : 1)) FAIL("classes ", a, " and ", b);
    }
}

TEST_CASE("a frame lies inside its box, at whole pixels, and nothing outside of the canvas") {
  Image canvas = plain(40, 60);
  draw_box(canvas, {10, 5, 30, 25}, red);
  CHECK(drawn(canvas) == Box{10, 5, 30, 25});
  for (const auto& [y, x] : {std::pair{5, 10}, {5, 29}, {24, 10}, {24, 29}, {15, 10}, {5, 20}})
    CHECK(at(canvas, y, x) == red);
  CHECK(at(canvas, 6, 11) == white);  // a line of one pixel on a small canvas
  canvas = plain(200, 300);
  draw_box(canvas, {10, 5, 30, 25}, red);
  CHECK(at(canvas, 6, 11) == red);  // of two on a larger one
  CHECK(at(canvas, 7, 12) == white);
  canvas = plain(20, 20);
  draw_box(canvas, {-10, 12.4, 100, 12.6}, red);  // thinner than a line: one row
  CHECK(drawn(canvas) == Box{0, 12, 20, 13});
  canvas = plain(20, 20);
  draw_box(canvas, {30, 30, 50, 50}, red, "far");  // outside: no harm
  draw_box(canvas, {-9, -9, -5, -5}, red);
  canvas = plain(6, 6);
  draw_box(canvas, {1, 1, 5, 5}, red, "a long caption on a small image");
  Image none = blank_image(3, 0, 0);
  draw_box(none, {0, 0, 1, 1}, red, "x");
}

TEST_CASE("a caption stands above its box, or in it at the upper edge, and is not cut at the right one") {
  Image canvas = plain(60, 80);
  draw_box(canvas, {20, 30, 50, 50}, red, "7 0.93");
  CHECK(drawn(canvas).y0 == 30 - 9);
  CHECK(drawn(canvas).x1 == 20 + text_width("7 0.93", 1) + 1);
  canvas = plain(60, 80);
  draw_box(canvas, {60, 3, 80, 50}, red, "7 0.93");
  CHECK(drawn(canvas) == Box{80. - double(text_width("7 0.93", 1)) - 1, 3, 80, 50});
}

TEST_CASE("objects have their class's colour and name, those ignored are grey; the surest detection is on top") {
  const Image image = blank_image(1, 30, 40, 255);
  const std::vector<LabelledBox> truth{{{2, 12, 12, 25}, 0}, {{20, 12, 32, 25}, 1, true}};
  const Image shown = with_boxes(image, std::span<const LabelledBox>(truth), {}, 2);
  CHECK(shown.channels == 3);
  CHECK(shown.height == 60);
  CHECK(shown.width == 80);
  CHECK(at(shown, 24, 4) == class_colour(0));
  CHECK(at(shown, 49, 23) == class_colour(0));
  CHECK(at(shown, 24, 40) == Colour{128, 128, 128});
  CHECK(at(shown, 20, 4) == class_colour(0));  // the ground of the name
  CHECK(at(shown, 20, 42) == white);           // none there
  const std::vector<Detection> found{{{2, 12, 12, 25}, 3, 0.9}, {{2, 12, 12, 25}, 4, 0.2}};
  CHECK(at(with_boxes(image, std::span<const Detection>(found), {}, 2), 30, 4) == class_colour(3));
  // Named classes are drawn by their names: 'I' differs from '3'.
  const std::vector<std::string> names{"a", "b", "c", "I"};
  CHECK(with_boxes(image, std::span<const Detection>(found), names) !=
        with_boxes(image, std::span<const Detection>(found)));
}

TEST_CASE("a class map tints its pixels; background and pixels without a class stay") {
  const Image image = blank_image(1, 1, 4, 100);
  const std::uint8_t classes[] = {0, 1, ClassMap::ignored, 2};
  const Image shown = with_classes(image, {classes, 1, 4}, 0, 3, 0.5);
  CHECK(shown.height == 3);
  CHECK(shown.width == 12);
  CHECK(at(shown, 0, 0) == Colour{100, 100, 100});
  CHECK(at(shown, 1, 7) == Colour{100, 100, 100});
  const Colour colour = class_colour(1);
  for (std::size_t c = 0; c < 3; ++c) CHECK(std::fabs((double(colour[c]) + 100) / 2 - at(shown, 2, 3)[c]) <= 0.5);
  CHECK(at(with_classes(image, {classes, 1, 4}), 0, 0) != Colour{100, 100, 100});  // no background: class 0 too
  CHECK(error_of([&] {
          with_classes(image, {classes, 2, 2});
        }) == "mae: class map: found 2 x 2 pixels, expected 1 x 4, as the image has");
}

TEST_CASE("a grid has room for its largest images and captions") {
  const Image grey = blank_image(1, 10, 30, 0), colour = blank_image(3, 20, 5, 9);
  const Image grid = image_grid({"a", "truth"}, {{grey, colour}, {colour, grey}});
  CHECK(grid.width == 8 + 30 + 8 + 30 + 8);
  CHECK(grid.height == 8 + 8 + 8 + 20 + 8 + 20 + 8);
  CHECK(at(grid, 24, 8) == Colour{0, 0, 0});
  CHECK(at(grid, 24, 46) == Colour{9, 9, 9});
  CHECK(at(grid, 52, 8) == Colour{9, 9, 9});
  CHECK(at(grid, 52, 75) == Colour{0, 0, 0});
  CHECK(at(grid, 52, 76) == white);
  CHECK(image_grid({"reconstruction"}, {{colour}}).width == 16 + text_width("reconstruction", 1));
  CHECK(error_of([&] {
          image_grid({"a", "b"}, {{grey, grey}, {grey}});
        }) == "mae: image_grid: found 1 images in row 1, expected 2, one for each caption");
}
