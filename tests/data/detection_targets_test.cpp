#include <mae/data/detection_targets.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <mae/core/random.hpp>

#include "support/golden.hpp"

using namespace test;

namespace {

using Small = Levels<Grid<8, 12, 4>, Grid<4, 6, 8>, Grid<2, 3, 16>>;  // 32 x 48 pixels
using Single = Levels<Grid<5, 7, 3>>;

struct Targets {
  std::vector<std::int32_t> classes;
  std::vector<double> numbers;  // [places, 5]
  Index count = 0;
};
template <class L>
Targets targets_of(const std::vector<LabelledBox>& boxes) {
  Targets found{std::vector<std::int32_t>(L::places, 7), std::vector<double>(5 * L::places, 7.0)};
  found.count = detection_targets<L>(boxes, found.classes.data(), found.numbers.data());
  return found;
}

/// The rule place by place and box by box, as it is written.
template <class L>
Targets by_the_rule(const std::vector<LabelledBox>& boxes) {
  Targets found{std::vector<std::int32_t>(L::places, -1), std::vector<double>(5 * L::places)};
  for (std::size_t k = 0; k < L::all.size(); ++k)
    for (Index p = 0; p < L::all[k].places(); ++p) {
      const Level& level = L::all[k];
      const double s = double(level.stride), y = (double(p / level.columns) + 0.5) * s,
                   x = (double(p % level.columns) + 0.5) * s;
      const LabelledBox* owner = nullptr;
      bool in_ignored = false, in_other = false;
      for (const LabelledBox& one : boxes) {
        const Box& box = one.box;
        const bool inside = box.x0 < x && x < box.x1 && box.y0 < y && y < box.y1;
        (one.ignored ? in_ignored : in_other) |= inside;
        const double most = std::fmax(std::fmax(x - box.x0, box.x1 - x), std::fmax(y - box.y0, box.y1 - y));
        const bool central =
            std::fabs(x - (box.x0 + box.x1) / 2) < 1.5 * s && std::fabs(y - (box.y0 + box.y1) / 2) < 1.5 * s;
        const bool of_size =
            (k == 0 || most > 8 * double(L::all[k - 1].stride)) && (k + 1 == L::all.size() || most <= 8 * s);
        if (!one.ignored && inside && central && of_size && (!owner || box.area() < owner->box.area())) owner = &one;
      }
      const auto at = static_cast<std::size_t>(level.first + p);
      if (!owner) {
        found.classes[at] = in_ignored && !in_other ? -2 : -1;
        continue;
      }
      const Box& box = owner->box;
      const double l = x - box.x0, t = y - box.y0, r = box.x1 - x, b = box.y1 - y;
      const double numbers[] = {l / s, t / s, r / s, b / s,
                                std::sqrt(std::fmin(l, r) / std::fmax(l, r) * std::fmin(t, b) / std::fmax(t, b))};
      for (std::size_t n = 0; n < 5; ++n) found.numbers[5 * at + n] = numbers[n];
      found.classes[at] = owner->label;
      ++found.count;
    }
  return found;
}

/// Boxes on a grid of quarter pixels, so that sides and centres meet places, ranges and each other; some reach beyond
/// the image.
std::vector<LabelledBox> some_boxes(std::uint64_t seed) {
  const RandomStream stream(seed, Purpose::probe);
  std::vector<LabelledBox> boxes(stream.below(0, 9));
  std::uint32_t next = 1;
  for (LabelledBox& one : boxes) {
    const auto number = [&](std::uint32_t below) { return double(stream.below(next++, below)) / 4; };
    const double x = number(240) - 6, y = number(180) - 6;
    const std::uint32_t most = stream.below(next++, 2) ? 40 : 240;
    one = {{x, y, x + number(most), y + number(most)},
           std::int32_t(stream.below(next++, 5)),
           stream.below(next++, 4) == 0};
  }
  return boxes;
}

}  // namespace

TEST_CASE_TEMPLATE("targets are what the rule says, place by place", L, Small, Single) {
  Index positives = 0, ignored = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const std::vector<LabelledBox> boxes = some_boxes(seed);
    const Targets found = targets_of<L>(boxes), expected = by_the_rule<L>(boxes);
    INFO("seed ", seed);
    REQUIRE(found.classes == expected.classes);
    REQUIRE(found.count == expected.count);
    for (std::size_t i = 0; i < found.numbers.size(); ++i)
      REQUIRE(found.numbers[i] == doctest::Approx(expected.numbers[i]).epsilon(1e-14));
    positives += found.count;
    for (const std::int32_t c : found.classes) ignored += c == -2;
  }
  CHECK(positives > 1000);
  CHECK(ignored > 1000);
}

TEST_CASE("a box is one map's, of two boxes the smaller one has the place, of equal ones the first") {
  const auto class_at = [](const std::vector<LabelledBox>& boxes, Index place) {
    return targets_of<Small>(boxes).classes[static_cast<std::size_t>(place)];
  };
  // Around the place (18, 14) of the finest map, row 3, column 4: a farthest side of 32 is still its own.
  const Index place = 3 * 12 + 4;
  const auto box = [](double left, double right, double half) {
    return LabelledBox{{18 - left, 14 - half, 18 + right, 14 + half}, 2, false};
  };
  CHECK(class_at({box(32, 32, 5)}, place) == 2);
  CHECK(class_at({box(32, 32.25, 5)}, place) == -1);
  CHECK(targets_of<Small>({box(32, 32.25, 5)}).count > 0);  // but the next map's
  const LabelledBox large{{0, 0, 40, 30}, 0, false}, first{{10, 6, 26, 22}, 1, false}, second{{9, 7, 25, 23}, 3, false};
  CHECK(class_at({large, first, second}, place) == 1);
  CHECK(class_at({second, first, large}, place) == 3);
  LabelledBox crowd = large;
  crowd.ignored = true;
  CHECK(class_at({crowd, first}, place) == 1);
  CHECK(class_at({crowd}, place) == -2);
  CHECK(class_at({}, place) == -1);
}

TEST_CASE("numbers that are none, and boxes beyond every image, find nothing") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  for (const double bad : {nan, inf, -inf, 1e300, -1e300})
    for (int k = 0; k < 4; ++k) {
      double sides[] = {10, 10, 20, 20};
      sides[k] = bad;
      const LabelledBox odd{{sides[0], sides[1], sides[2], sides[3]}, 0, false};
      CHECK(targets_of<Small>({odd}).count == 0);
      LabelledBox crowd = odd;
      crowd.ignored = true;
      CHECK(targets_of<Small>({crowd}).count == 0);
    }
}

TEST_CASE("places are matched as torchvision's FCOS matches them") {
  const SafetensorsFile file = golden_file("detection");
  INFO("torchvision ", file.metadata("torchvision"));
  const auto counts = file.values<std::int32_t>("fcos.counts"), labels = file.values<std::int32_t>("fcos.labels"),
             expected = file.values<std::int32_t>("fcos.classes");
  const auto boxes = file.values<double>("fcos.boxes");
  std::size_t next = 0;
  std::vector<std::int32_t> found;
  for (const std::int32_t count : counts) {
    std::vector<LabelledBox> objects;
    for (std::int32_t n = 0; n < count; ++n, ++next)
      objects.push_back(
          {{boxes[4 * next], boxes[4 * next + 1], boxes[4 * next + 2], boxes[4 * next + 3]}, labels[next]});
    const Targets targets = targets_of<Small>(objects);
    found.insert(found.end(), targets.classes.begin(), targets.classes.end());
  }
  CHECK(found == expected);
}
