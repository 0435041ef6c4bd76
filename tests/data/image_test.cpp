#include <mae/data/canvas.hpp>

#include <doctest/doctest.h>

using mae::blank_image, mae::crop, mae::Image, mae::paste, mae::upscale;

TEST_CASE("crop takes a rectangle of every channel") {
  const Image image{2, 2, 3, {0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15}};
  CHECK(crop(image, 0, 1, 2, 2) == Image{2, 2, 2, {1, 2, 4, 5, 11, 12, 14, 15}});
  CHECK(crop(image, 0, 0, 2, 3) == image);
  CHECK(crop(image, 2, 3, 0, 0) == Image{2, 0, 0, {}});
  CHECK_THROWS_WITH_AS(crop(image, 1, 1, 1, 3),
                       "mae: crop: found 1 x 3 pixels at (1, 1), expected a rectangle inside 2 x 3", mae::Error);
  CHECK_THROWS_AS(crop(image, -1, 0, 1, 1), mae::Error);
  CHECK_THROWS_AS(crop(image, 0, 0, 1, -1), mae::Error);
  CHECK_THROWS_AS(crop(image, 1, 0, mae::Index{1} << 40, 1), mae::Error);
}

TEST_CASE("paste copies onto the canvas; grey fills every channel") {
  Image canvas = blank_image(2, 2, 3, 9);
  paste(canvas, {2, 1, 2, {1, 2, 3, 4}}, 1, 1);
  CHECK(canvas == Image{2, 2, 3, {9, 9, 9, 9, 1, 2, 9, 9, 9, 9, 3, 4}});
  paste(canvas, {1, 2, 1, {5, 6}}, 0, 0);
  CHECK(canvas == Image{2, 2, 3, {5, 9, 9, 6, 1, 2, 5, 9, 9, 6, 3, 4}});
  CHECK_THROWS_AS(paste(canvas, blank_image(2, 1, 2), 0, 2), mae::Error);
  CHECK_THROWS_WITH_AS(paste(canvas, blank_image(3, 1, 1), 0, 0), "mae: paste: found 3 channels, expected 1 or 2",
                       mae::Error);
}

TEST_CASE("upscale repeats pixels") {
  CHECK(upscale({1, 1, 2, {1, 2}}, 2) == Image{1, 2, 4, {1, 1, 2, 2, 1, 1, 2, 2}});
  CHECK(upscale({2, 1, 1, {1, 2}}, 1) == Image{2, 1, 1, {1, 2}});
  CHECK_THROWS_AS(upscale({1, 1, 1, {1}}, 0), mae::Error);
  CHECK_THROWS_AS(blank_image(1, -1, 1), mae::Error);
}
