// Polygons become the masks that pycocotools makes of them, bit for bit; those that are none are refused.
#include <mae/data/polygon.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "support/error_of.hpp"
#include "support/golden.hpp"
#include "support/splitmix.hpp"

using namespace mae;
using test::Checksum, test::SplitMix, test::error_of;

namespace {

using Polygon = std::vector<double>;

/// `coordinate`, `polygon` and `polygon_case` of tests/golden/run_length.py.
double coordinate(SplitMix& random, Index kind, Index extent) {
  const auto whole = [](Index value) { return static_cast<double>(value); };
  if (kind == 0) return whole(random.below(100 * extent + 1)) / 100;
  if (kind == 1) return whole(random.between(-2, extent + 2));
  if (kind == 2) return whole(random.between(-20, 10 * extent + 20)) / 10;
  if (kind == 3) return whole(random.between(-4000, 4000)) / 7;
  if (kind == 4) return whole(extent) / 2 + whole(random.between(-300, 300)) / 256;
  const Index number = random.between(-1'000'000'000, 1'000'000'000);
  return whole(number) / whole(Index{1} << random.between(20, 29));
}

Polygon polygon(SplitMix& random, Index height, Index width) {
  const Index kind = random.below(6), corners = random.between(3, 3 + random.below(30));
  Polygon numbers;
  for (Index i = 0; i < corners; ++i) {
    const Index again = i > 0 && random.below(8) == 0 ? random.below(3) : 3;
    numbers.push_back(again == 1 || again == 3 ? coordinate(random, kind, width) : numbers.end()[-2]);
    numbers.push_back(again == 2 || again == 3 ? coordinate(random, kind, height) : numbers.end()[-2]);
  }
  return numbers;
}

std::string polygon_case(std::uint64_t number) {
  SplitMix random(std::uint64_t{3} << 32 | number);
  const Index height = random.between(1, 60), width = random.between(1, 60);
  if (random.below(10) == 0) {
    const Index kind = random.below(6);
    const double x = coordinate(random, kind, width), y = coordinate(random, kind, height);
    const double w = coordinate(random, kind, width), h = coordinate(random, kind, height);
    return box_mask(height, width, {x, y, x + w, y + h}).text() + "\n";
  }
  std::vector<Polygon> parts(static_cast<std::size_t>(1 + random.below(4) / 2));
  for (Polygon& part : parts) part = polygon(random, height, width);
  return polygons_mask(height, width, parts).text() + "\n";
}

}  // namespace

TEST_CASE("ten thousand polygons, of ties, of corners outside and of corners twice: pycocotools' texts") {
  const SafetensorsFile file = test::golden_file("run_length");
  INFO("pycocotools ", file.metadata("pycocotools"));
  const auto bytes = file.values<std::uint8_t>("texts");
  std::string texts;
  for (std::uint64_t i = 0; i < 40; ++i) texts += polygon_case(i);
  CHECK(texts == std::string(bytes.begin(), bytes.end()));

  const auto expected = file.values<std::int64_t>("polygons");
  REQUIRE(expected.size() == 100);
  for (std::size_t block = 0; block < expected.size(); ++block) {
    Checksum sums;
    for (std::uint64_t i = 0; i < 100; ++i) sums.add(polygon_case(block * 100 + i));
    REQUIRE(static_cast<std::int64_t>(sums.value()) == expected[block]);
  }
}

TEST_CASE("a rectangle of whole pixels is those pixels; one corner given twice changes nothing") {
  const auto pixels = [](const Polygon& polygon) { return polygon_mask(5, 7, polygon).pixels(); };
  std::vector<std::uint8_t> expected(35);
  for (const std::size_t row : {1u, 2u})
    for (std::size_t column = 2; column < 6; ++column) expected[row * 7 + column] = 1;
  CHECK(pixels({2, 1, 6, 1, 6, 3, 2, 3}) == expected);
  CHECK(pixels({2, 3, 6, 3, 6, 1, 2, 1}) == expected);  // the other way round
  CHECK(pixels({2, 1, 2, 1, 6, 1, 6, 3, 6, 3, 2, 3}) == expected);
  CHECK(box_mask(5, 7, {2, 1, 6, 3}).pixels() == expected);
  CHECK(box_mask(5, 7, {-1e6, -1e6, 1e6, 1e6}).area() == 35);
}

TEST_CASE("what is no polygon is refused, and says why") {
  const auto error = [](const Polygon& polygon) {
    return error_of([&] { polygon_mask(5, 7, polygon, "annotation 7"); });
  };
  CHECK(error({1, 1, 5, 5}) ==
        "mae: annotation 7: found a polygon of 4 numbers, expected x and y of at least three corners");
  CHECK(error({1, 1, 5, 5, 2, 3, 4}).find("a polygon of 7 numbers") != std::string::npos);
  CHECK(error({}).find("a polygon of 0 numbers") != std::string::npos);
  CHECK(error({1, 1, 5, 5, 2, std::numeric_limits<double>::quiet_NaN()}).find("a corner at nan") != std::string::npos);
  CHECK(error({1, 1, 5, 5, -HUGE_VAL, 3}).find("a corner at -inf") != std::string::npos);
  CHECK(error({1, 1, 5, 5, 2e7, 3}).find("a corner at 2e+07, expected from -10000000 to 10000000 pixels") !=
        std::string::npos);
  CHECK(error_of([] { polygons_mask(5, 7, {}); }) == "mae: polygons: found no polygon, expected at least one");
  CHECK(error_of([] { polygons_mask(0, 7, std::vector<Polygon>{{1, 1, 2, 2, 3, 1}}); }) != "");
}

TEST_CASE("ten million corners: an outline is drawn, a tangle refused") {
  Polygon outline;
  const int corners = 10'000'000;
  outline.reserve(std::size_t{2} * corners);
  for (int i = 0; i < corners; ++i) {
    const double angle = 2 * 3.14159265358979 * i / corners;
    outline.push_back(500 + 400 * std::cos(angle));
    outline.push_back(500 + 400 * std::sin(angle));
  }
  const auto area = static_cast<double>(polygon_mask(1000, 1000, outline).area());
  CHECK(std::fabs(area - 3.14159265358979 * 400 * 400) < 1000);
  // Every second corner on the other side.
  for (std::size_t i = 0; i < outline.size(); i += 4) outline[i] = 1000 - outline[i];
  CHECK(error_of([&] {
          polygon_mask(1000, 1000, outline, "annotation 7");
        }).find("annotation 7: found polygons that cross more than") != std::string::npos);
}
