#include <mae/plot/confusion_image.hpp>

#include <doctest/doctest.h>

using namespace mae;

namespace {

Colour at(const Image& image, Index y, Index x) { return {image.row(0, y)[x], image.row(1, y)[x], image.row(2, y)[x]}; }

/// How many pixels have this colour.
Index pixels(const Image& image, Colour colour) {
  Index found = 0;
  for (Index y = 0; y < image.height; ++y)
    for (Index x = 0; x < image.width; ++x) found += at(image, y, x) == colour;
  return found;
}

}  // namespace

TEST_CASE("cells have the colours of their shares of the row; the row of a class that does not occur is empty") {
  ConfusionMatrix matrix(3);
  for (int i = 0; i < 3; ++i) matrix.add(0, 0);
  matrix.add(0, 2);
  matrix.add(2, 1);
  const Image image = confusion_image(matrix, {"cat", "a name that is longer than there is room for"});
  CHECK(image.channels == 3);
  // Found from the right: the first cell of the first row is the only one of three quarters.
  const Index cell = 39 * 39;
  CHECK(pixels(image, heat_colour(0.75)) > cell * 3 / 4);
  CHECK(pixels(image, heat_colour(0.75)) <= cell + 8 * 2);  // and a stripe of the scale
  CHECK(pixels(image, heat_colour(1)) > cell * 3 / 4);
  CHECK(pixels(image, heat_colour(0)) > 3 * cell * 9 / 10);  // 0, 1 and both others of class 2
  CHECK(pixels(image, heat_colour(0)) <= 3 * cell + 8 * 2);
  CHECK(image.height == 10 + 2 * 12 + 3 * 40 + 10 + 12 + 10);
}

TEST_CASE("any number of classes has a readable size") {
  for (const Index classes : {1, 2, 12, 13, 40, 41, 1000, 1500}) {
    ConfusionMatrix matrix(classes);
    for (Index c = 0; c < classes; ++c) matrix.add(c, (c * c) % classes);
    const Image image = confusion_image(matrix);
    CHECK(image.height < 1700);
    CHECK(image.width < 1700);
    CHECK(image.width > classes);
  }
}
