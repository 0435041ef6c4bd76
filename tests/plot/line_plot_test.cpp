#include <mae/plot/line_plot.hpp>

#include <doctest/doctest.h>

using mae::Curve, mae::draw_plot, mae::Image, mae::Index;

namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

std::string numbers(double low, double high, double most) {
  std::string text;
  for (const auto& [value, number] : mae::detail::ticks({low, high}, most)) text += number + " ";
  return text;
}

// The rows in which column `x` shows exactly the colour of curve `number`.
std::vector<Index> rows_of_curve(const Image& image, Index x, std::size_t number) {
  const mae::Colour colour = mae::detail::curve_colour(number);
  std::vector<Index> rows;
  for (Index y = 60; y < image.height; ++y)  // below the legend
    if (image.row(0, y)[x] == colour[0] && image.row(1, y)[x] == colour[1] && image.row(2, y)[x] == colour[2])
      rows.push_back(y);
  return rows;
}

}  // namespace

TEST_CASE("ticks are round numbers with the decimals they need") {
  CHECK(numbers(0, 1, 5) == "0.0 0.2 0.4 0.6 0.8 1.0 ");
  CHECK(numbers(-3, 42, 5) == "0 10 20 30 40 ");
  CHECK(numbers(0.231, 0.248, 4) == "0.235 0.240 0.245 ");
  CHECK(numbers(0, 400, 8) == "0 50 100 150 200 250 300 350 400 ");
  CHECK(numbers(1e-6, 3e-6, 3) == "1e-06 2e-06 3e-06 ");
  CHECK(numbers(-2e8, 2e8, 2) == "-2e+08 0 2e+08 ");
}

TEST_CASE("curves run from the left to the right end, the higher value above, with gaps where not finite") {
  const Curve falling{"falling", {0, 1}, {1, 0}}, gap{"gap", {0, 0.4, 0.5, 0.6, 1}, {0.2, 0.2, undefined, 0.2, 0.2}};
  const Image image = draw_plot({"title", "x", "y", {falling, gap}});
  CHECK(image.channels == 3);
  CHECK(image.height == 480);
  CHECK(image.width == 800);
  const auto left = rows_of_curve(image, 80, 0), right = rows_of_curve(image, 750, 0);
  REQUIRE(!left.empty());
  REQUIRE(!right.empty());
  CHECK(left.front() < 150);
  CHECK(right.front() > 380);
  const Index middle = 408;  // of the x axis
  CHECK(rows_of_curve(image, 80, 1).size() == 2);
  CHECK(rows_of_curve(image, middle, 1).empty());
  CHECK(!rows_of_curve(image, middle, 0).empty());
}

TEST_CASE("a single point, constant curves and wide numbers are drawn") {
  for (const double value : {0.0, 5.0, -1234567.0, 1e-320, 1e299}) {
    const Image image = draw_plot({"", "", "", {{"", {value}, {value}}}, 200, 300});
    Index coloured = 0;
    for (Index x = 0; x < image.width; ++x) coloured += static_cast<Index>(rows_of_curve(image, x, 0).size());
    CHECK(coloured >= 1);
  }
  const Curve wide{"wide", {0, 1}, {-1e299, 1e299}};
  CHECK(draw_plot({"", "", "", {wide}}).width == 800);
}

TEST_CASE("what cannot be drawn is named") {
  using mae::Error;
  CHECK_THROWS_WITH_AS(draw_plot({"", "", "", {{"a", {1, 2}, {1}}}}),
                       "mae: draw_plot: curve 'a': found 2 x for 1 y, expected as many", Error);
  CHECK_THROWS_WITH_AS(draw_plot({}), "mae: draw_plot: found no finite point, expected at least one", Error);
  CHECK_THROWS_AS(draw_plot({"", "", "", {{"a", {1}, {undefined}}}}), Error);
  CHECK_THROWS_AS(draw_plot({"", "", "", {{"a", {1}, {1e301}}}}), Error);
  CHECK_THROWS_AS(draw_plot({"", "", "", {{"a", {1}, {1}}}, 100, 300}), Error);
}
