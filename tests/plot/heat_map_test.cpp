#include <mae/plot/heat_map.hpp>

#include <doctest/doctest.h>

using namespace mae;

TEST_CASE("colours go from dark blue to yellow and grow lighter all the way") {
  CHECK(heat_colour(0) == Colour{68, 1, 84});
  CHECK(heat_colour(-3) == heat_colour(0));
  CHECK(heat_colour(0.5) == Colour{33, 144, 141});
  CHECK(heat_colour(1) == Colour{253, 231, 37});
  CHECK(heat_colour(7) == heat_colour(1));
  CHECK(heat_colour(1. / 16) == Colour{70, 23, 103});  // halfway between two stops, rounded
  double last = 0;
  for (int i = 0; i <= 100; ++i) {
    const Colour c = heat_colour(i / 100.);
    const double lightness = 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
    CHECK(lightness >= last - 1);
    last = lightness;
  }
}

TEST_CASE("a map has a pixel for each value, a bar all values") {
  const Image map = heat_map({0, 1, 2, 4, 3, 8}, 3, 4);
  CHECK(map.height == 2);
  CHECK(map.width == 3);
  const auto at = [](const Image& image, Index y, Index x) {
    return Colour{image.row(0, y)[x], image.row(1, y)[x], image.row(2, y)[x]};
  };
  CHECK(at(map, 0, 0) == heat_colour(0));
  CHECK(at(map, 0, 2) == heat_colour(0.5));
  CHECK(at(map, 1, 0) == heat_colour(1));
  CHECK(at(map, 1, 1) == heat_colour(0.75));
  CHECK(at(map, 1, 2) == heat_colour(1));
  const Image bar = heat_bar(2, 10);
  CHECK(at(bar, 0, 0) == heat_colour(0.05));
  CHECK(at(bar, 1, 9) == heat_colour(0.95));
}
