#include <mae/eval/detections.hpp>

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "support/error_of.hpp"

using namespace mae;

namespace {

using Maps = Levels<Grid<4, 6, 8>, Grid<2, 3, 16>>;  // 32 x 48 pixels
constexpr Index classes = 2, width = classes + 5;
const Box whole{0, 0, 48, 32};

double logit(double p) { return std::log(p / (1 - p)); }

/// What a detector says that sees nothing, and then of some places something.
struct Outputs {
  std::vector<double> numbers = std::vector<double>(Maps::places * width, -20);

  void say(Index place, Index label, double probability, double central, const double (&distances)[4]) {
    double* const at = numbers.data() + place * width;
    at[label] = logit(probability), at[classes + 4] = logit(central);
    for (int k = 0; k < 4; ++k) at[classes + k] = std::log(distances[k]);
  }
  std::vector<Detection> found(const DetectionOptions& options = {}, const Box& shown = whole) const {
    return detections_of<Maps>(numbers.data(), classes, shown, options);
  }
};

}  // namespace

TEST_CASE("a place gives a box of its class, in strides of its map, with the mean of what it says as its score") {
  Outputs outputs;
  outputs.say(6 + 2, 1, 0.64, 0.25, {1.5, 0.5, 2, 1});        // of the first map: centre (20, 12), stride 8
  outputs.say(24 + 3 + 1, 0, 0.81, 0.81, {0.5, 0.25, 1, 5});  // of the second: centre (24, 24), stride 16
  const std::vector<Detection> found = outputs.found();
  REQUIRE(found.size() == 2);
  CHECK(found[0].label == 0);
  CHECK(found[0].score == doctest::Approx(0.81).epsilon(1e-12));
  CHECK(found[0].box.x0 == doctest::Approx(16).epsilon(1e-12));
  CHECK(found[0].box.y0 == doctest::Approx(20).epsilon(1e-12));
  CHECK(found[0].box.x1 == doctest::Approx(40).epsilon(1e-12));
  CHECK(found[0].box.y1 == 32);  // the image ends here
  CHECK(found[1].label == 1);
  CHECK(found[1].score == doctest::Approx(0.4).epsilon(1e-12));
  CHECK(found[1].box.x0 == doctest::Approx(8).epsilon(1e-12));
  CHECK(found[1].box.y0 == doctest::Approx(8).epsilon(1e-12));
  CHECK(found[1].box.x1 == doctest::Approx(36).epsilon(1e-12));
  CHECK(found[1].box.y1 == doctest::Approx(20).epsilon(1e-12));
  // Where the image takes a part of the input: what lies outside is nothing.
  CHECK(outputs.found({}, {0, 0, 16, 20}).size() == 1);
  CHECK(outputs.found({}, {0, 0, 16, 20})[0].box.x1 == 16);
}

TEST_CASE("scores below the least, more than a map's best and more than an image's are left out") {
  Outputs outputs;
  const double sides[] = {0.4, 0.4, 0.4, 0.4};  // apart from each other
  for (Index place = 0; place < 24; ++place) outputs.say(place, place % 2, 0.3 + 0.02 * double(place), 1 - 1e-9, sides);
  CHECK(outputs.found().size() == 24);
  CHECK(outputs.found({.least_score = 0.59}).size() == 21);  // √0.36 is the fourth
  CHECK(outputs.found({.per_level = 5}).size() == 5);
  CHECK(outputs.found({.per_level = 5})[4].score == doctest::Approx(std::sqrt(0.3 + 0.02 * 19)).epsilon(1e-6));
  CHECK(outputs.found({.most = 3}).size() == 3);
  CHECK(outputs.found({.most = 3})[0].score == outputs.found({.per_level = 5})[0].score);
  // Equal scores: the order of places.
  for (Index place = 0; place < 24; ++place) outputs.say(place, place % 2, 0.5, 0.5, sides);
  const std::vector<Detection> found = outputs.found({.most = 2});
  CHECK(found[0].label == 0);
  CHECK(found[0].box.x0 < 4);
  CHECK(found[1].label == 1);
}

TEST_CASE("of boxes of one class that overlap the best stays; another class is another object") {
  Outputs outputs;
  outputs.say(8, 0, 0.9, 0.9, {1, 1, 1, 1});
  outputs.say(9, 0, 0.8, 0.9, {2, 1, 0.1, 1});   // almost the same box
  outputs.say(14, 1, 0.7, 0.9, {1, 2, 1, 0.1});  // of another class
  CHECK(outputs.found().size() == 2);
  CHECK(outputs.found({.iou_threshold = 0.99}).size() == 3);
  CHECK(outputs.found()[1].label == 1);
}

TEST_CASE("scores that are no numbers are an error, distances find nothing; those without end end at the image") {
  Outputs outputs;
  outputs.say(8, 0, 0.9, 0.9, {1, 1, 1, 1});
  for (int k = 0; k < 4; ++k) outputs.numbers[std::size_t(8 * width + classes + k)] = 1e30;
  REQUIRE(outputs.found().size() == 1);
  CHECK(outputs.found()[0].box == whole);
  for (const Index at : {0, 2, 6}) {
    Outputs other = outputs;
    other.numbers[std::size_t(8 * width + at)] = std::numeric_limits<double>::quiet_NaN();
    if (at == 2) CHECK(other.found().empty());
    else CHECK(test::error_of([&] { other.found(); }).find("a score that is no number") != std::string::npos);
  }
}

TEST_CASE("options out of range are told") {
  const auto error = [](const DetectionOptions& options) {
    return test::error_of([&] { DetectionOptions::each(options, CheckOption{}); });
  };
  CHECK(error({}) == "");
  CHECK(error({.least_score = 1}) == "mae: least_score: found 1.000000, expected a number in [0, 1)");
  CHECK(error({.per_level = 0}) == "mae: per_level: found 0, expected a whole number from 1");
  CHECK(error({.iou_threshold = -0.1}) == "mae: iou_threshold: found -0.100000, expected a number in [0, 1)");
  CHECK(error({.most = 0}) == "mae: most: found 0, expected a whole number from 1");
}
