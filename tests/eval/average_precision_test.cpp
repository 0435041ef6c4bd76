// COCO's average precision: pycocotools' numbers, properties, and what is refused.
#include <mae/eval/average_precision.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include <mae/data/polygon.hpp>

#include "support/error_of.hpp"
#include "support/golden.hpp"
#include "support/splitmix.hpp"

using namespace mae;
using test::SplitMix, test::error_of;

namespace {

constexpr Index side = 160;  // of an image

/// In quarters of a pixel, and what the mask in this box is.
struct QuarterBox {
  Index x, y, width, height, kind;
};
QuarterBox random_shape(SplitMix& random) {
  const Index extents[] = {40, 160, 600}, extent = extents[random.below(3)];
  const Index x = random.between(-20, 600), y = random.between(-20, 600);
  const Index width = random.between(1, extent), height = random.between(1, extent);
  return {x, y, width, height, random.below(3)};
}
QuarterBox moved(SplitMix& random, QuarterBox shape) {
  const Index steps[] = {0, 1, 8, 40}, most = steps[random.below(4)];
  for (Index* number : {&shape.x, &shape.y, &shape.width, &shape.height}) *number += random.between(-most, most);
  shape.width = std::max(shape.width, Index{1});
  shape.height = std::max(shape.height, Index{1});
  return shape;
}

template <class Shape>
Shape shape_of(const QuarterBox& quarters) {
  const double x = static_cast<double>(quarters.x) / 4, y = static_cast<double>(quarters.y) / 4;
  const double w = static_cast<double>(quarters.width) / 4, h = static_cast<double>(quarters.height) / 4;
  if constexpr (std::same_as<Shape, CocoBox>) {
    return {x, y, w, h};
  } else {
    const std::vector<double> corners[] = {{x, y, x + w, y, x + w, y + h, x, y + h},
                                           {x, y, x + w, y, x + w / 2, y + h},
                                           {x + w / 2, y, x + w, y + h / 2, x + w / 2, y + h, x, y + h / 2}};
    return polygon_mask(side, side, corners[quarters.kind]);
  }
}

template <class Shape>
struct Set {
  Index images = 0, categories = 0;
  std::vector<GroundTruth<Shape>> truths;
  std::vector<DetectionResult<Shape>> detections;

  DetectionScores scores(const AveragePrecisionOptions& options = {}) const {
    return average_precision(images, categories, truths, detections, options);
  }
};

/// `random_set` of tests/golden/average_precision.py.
template <class Shape>
Set<Shape> random_set(std::uint64_t number) {
  SplitMix random(std::uint64_t{4} << 32 | number);
  Set<Shape> set;
  set.images = random.between(1, 6), set.categories = random.between(1, 4);
  for (Index i = 0; i < set.images + set.categories; ++i) random.between(1, 9);  // the gaps between ids
  std::vector<QuarterBox> truths;
  for (Index image = 0; image < set.images; ++image) {
    const std::size_t first = truths.size();
    const bool many = random.below(12) == 0;
    for (Index n = many ? 10 + random.below(30) : random.below(8); n > 0; --n) {
      const QuarterBox shape = random_shape(random);
      const Index category = many ? 0 : random.below(set.categories);
      double area = static_cast<double>(shape.width * shape.height * 3) / 64;
      const double areas[] = {0, 1024, 9216, 1024.5};
      if (random.below(5) == 0) area = areas[random.below(4)];
      truths.push_back(shape);
      set.truths.push_back({image, category, shape_of<Shape>(shape), area, random.below(6) == 0});
    }
    const Index mine = static_cast<Index>(truths.size() - first);
    for (Index n = many ? 100 + random.below(60) : random.below(12); n > 0; --n) {
      Index category = random.below(set.categories);
      QuarterBox shape;
      if (mine > 0 && random.below(3) > 0) {
        const std::size_t base = first + static_cast<std::size_t>(random.below(mine));
        shape = moved(random, truths[base]);
        if (random.below(8) > 0) category = set.truths[base].category;
      } else {
        shape = random_shape(random);
      }
      const double score = random.below(2) == 0 ? static_cast<double>(random.below(17)) / 16
                                                : static_cast<double>(random.next() >> 11) * 0x1p-53;
      set.detections.push_back({image, many ? 0 : category, shape_of<Shape>(shape), score});
    }
  }
  for (Index i = static_cast<Index>(set.detections.size()) - 1; i > 0; --i)
    std::swap(set.detections[static_cast<std::size_t>(i)],
              set.detections[static_cast<std::size_t>(random.below(i + 1))]);
  return set;
}

template <class Shape>
void compare(const SafetensorsFile& file, std::size_t form) {
  INFO("pycocotools ", file.metadata("pycocotools"));
  const auto arrays = file.values<std::int64_t>("arrays");
  const auto sums = file.values<double>("sums"), stats = file.values<double>("stats");
  REQUIRE(arrays.size() == 200);
  REQUIRE(sums.size() == 2000);
  REQUIRE(stats.size() == 50 * 2 * 12);
  for (std::size_t block = 0; block < 100; ++block) {
    test::NumberChecksum bits;
    for (std::size_t number = 10 * block; number < 10 * block + 10; ++number) {
      const DetectionScores scores = random_set<Shape>(number).scores();
      for (const double value : scores.precisions()) bits.add(value);
      for (const double value : scores.last_recalls()) bits.add(value);
      const auto summary = scores.summary();
      REQUIRE(summary.size() == 12);
      double sum = 0;
      for (std::size_t i = 0; i < 12; ++i) {
        sum += static_cast<double>(i + 1) * summary[i].value;
        if (number >= 50) continue;
        const double expected = stats[(number * 2 + form) * 12 + i];
        INFO("set ", number, ", ", summary[i].name);
        REQUIRE(std::fabs(summary[i].value - expected) < 1e-12);
        REQUIRE((summary[i].value == -1) == (expected == -1));
      }
      REQUIRE(std::fabs(sum - sums[number * 2 + form]) < 1e-12);
    }
    REQUIRE(static_cast<std::int64_t>(bits.value()) == arrays[block * 2 + form]);
  }
}

}  // namespace

TEST_CASE("a thousand random sets of boxes: pycocotools' precisions and recalls to the bit, its twelve numbers") {
  compare<CocoBox>(test::golden_file("average_precision"), 0);
}

TEST_CASE("a thousand random sets of masks: the same") {
  compare<RunLengthMask>(test::golden_file("average_precision"), 1);
}

TEST_CASE("other numbers of detections: AP looks at the largest, and the summary says so") {
  const auto expected = test::golden_file("average_precision").values<double>("many");
  AveragePrecisionOptions options;
  options.most = {2, 5, 200};
  const Set<CocoBox> set = random_set<CocoBox>(8);
  const auto summary = set.scores(options).summary();
  REQUIRE(summary.size() == 12);
  CHECK(expected[0] == -1);  // pycocotools looks for 100 there
  CHECK(summary[0].value > 0);
  for (std::size_t i = 1; i < 12; ++i) CHECK(std::fabs(summary[i].value - expected[i]) < 1e-12);
  CHECK(summary[0].text() ==
        "AP " + decimal_text(summary[0].value, 3) + "  (IoU 0.50:0.95, area all, at most 200 detections)");
  CHECK(summary[1].text().find("AP50 ") == 0);
  CHECK(summary[1].of == "IoU 0.50, area all, at most 200 detections");
  CHECK(summary[6].name == "AR2");
  CHECK(summary[11].name == "AR large");
  options.most = {1, 10, 100};
  CHECK(set.scores(options).average_precision() != summary[0].value);  // the set has more than a hundred
}

TEST_CASE("the plain way gives the same at one threshold, without crowds and ranges") {
  for (std::uint64_t number = 0; number < 60; ++number) {
    Set<CocoBox> set = random_set<CocoBox>(number);
    for (auto& truth : set.truths) truth.crowd = false;
    AveragePrecisionOptions options;
    options.thresholds = {.5};
    options.areas = {{"all", -1, 1e10}};
    options.most = {1000};
    const DetectionScores scores = set.scores(options);
    for (Index k = 0; k < set.categories; ++k) {
      // Every detection of the category, the best first.
      std::vector<std::size_t> order;
      std::vector<bool> taken(set.truths.size());
      for (std::size_t i = 0; i < set.detections.size(); ++i)
        if (set.detections[i].category == k) order.push_back(i);
      std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const auto &p = set.detections[a], &q = set.detections[b];
        return p.score > q.score || (p.score == q.score && p.image < q.image);
      });
      const auto truths =
          std::count_if(set.truths.begin(), set.truths.end(), [&](const auto& one) { return one.category == k; });
      CHECK(scores.truths(k) == truths);
      if (truths == 0) {
        CHECK(scores.average_precision({.category = k}) == -1);
        continue;
      }
      std::vector<double> precision, recall;
      double right = 0;
      for (const std::size_t i : order) {
        const auto& one = set.detections[i];
        double best = .5;
        std::size_t found = set.truths.size();
        for (std::size_t g = 0; g < set.truths.size(); ++g) {
          const auto& truth = set.truths[g];
          if (truth.image != one.image || truth.category != k || taken[g]) continue;
          if (const double much = overlap(one.shape, truth.shape, false); much >= best) best = much, found = g;
        }
        if (found < set.truths.size()) taken[found] = true, ++right;
        precision.push_back(right / static_cast<double>(precision.size() + 1));
        recall.push_back(right / static_cast<double>(truths));
      }
      double sum = 0;
      for (Index r = 0; r <= 100; ++r) {
        double best = 0;
        for (std::size_t i = 0; i < recall.size(); ++i)
          if (recall[i] >= DetectionScores::recall_point(r)) best = std::max(best, precision[i]);
        sum += best;
      }
      CHECK(scores.average_precision({.category = k}) == doctest::Approx(sum / 101).epsilon(1e-12));
    }
  }
}

TEST_CASE("images in another order, truths and detections given in another order: the same but for ties") {
  for (std::uint64_t number = 0; number < 40; ++number) {
    Set<CocoBox> set = random_set<CocoBox>(number);
    for (std::size_t i = 0; i < set.detections.size(); ++i)  // no two alike
      set.detections[i].score += static_cast<double>(i) * 0x1p-40;
    for (std::size_t i = 0; i < set.truths.size(); ++i) set.truths[i].shape.x += static_cast<double>(i) * 0x1p-30;
    const DetectionScores scores = set.scores();
    for (auto& truth : set.truths) truth.image = set.images - 1 - truth.image;
    for (auto& one : set.detections) one.image = set.images - 1 - one.image;
    std::reverse(set.truths.begin(), set.truths.end());
    std::reverse(set.detections.begin(), set.detections.end());
    const DetectionScores turned = set.scores();
    REQUIRE(scores.precisions() == turned.precisions());
    REQUIRE(scores.last_recalls() == turned.last_recalls());
  }
}

TEST_CASE("a detection below all others never raises the precision at a recall that is reached") {
  for (std::uint64_t number = 0; number < 40; ++number) {
    Set<CocoBox> set = random_set<CocoBox>(number);
    AveragePrecisionOptions options;
    options.most = {1000};
    const DetectionScores before = set.scores(options);
    SplitMix random(number);
    set.detections.push_back(
        {random.below(set.images), random.below(set.categories), shape_of<CocoBox>(random_shape(random)), -1});
    const DetectionScores after = set.scores(options);
    const Index t = 3;
    for (Index k = 0; k < set.categories; ++k)
      for (Index r = 0; r <= 100; ++r)
        if (DetectionScores::recall_point(r) <= before.recall(t, k, 0, 0)) {
          REQUIRE(after.precision(t, r, k, 0, 0) <= before.precision(t, r, k, 0, 0));
          REQUIRE(after.recall(t, k, 0, 0) >= before.recall(t, k, 0, 0));
        }
  }
}

TEST_CASE("truths found exactly: all is 1; none: 0; nothing to find: -1") {
  const std::vector<GroundTruth<CocoBox>> truths{{0, 0, {1, 1, 40, 40}, 1600, false}, {2, 0, {5, 5, 9, 9}, 81, false}};
  const std::vector<DetectionResult<CocoBox>> found{{2, 0, {5, 5, 9, 9}, .5}, {0, 0, {1, 1, 40, 40}, .25}};
  const auto summary = average_precision(3, 2, truths, found).summary();
  for (const std::size_t i : {0u, 1u, 2u, 3u, 4u, 6u, 7u, 8u, 9u, 10u}) CHECK(summary[i].value > .9999999);
  CHECK(summary[5].name == "AP large");
  CHECK(summary[5].value == -1);
  CHECK(average_precision(3, 2, truths, std::vector<DetectionResult<CocoBox>>{}).average_precision() == 0);
  CHECK(average_precision(3, 2, std::vector<GroundTruth<CocoBox>>{}, found).average_precision() == -1);
  CHECK(average_precision(0, 0, std::vector<GroundTruth<CocoBox>>{}, std::vector<DetectionResult<CocoBox>>{})
            .summary()[0]
            .value == -1);
}

TEST_CASE("a table of categories") {
  const std::vector<GroundTruth<CocoBox>> truths{{0, 0, {1, 1, 40, 40}, 1600, false}, {1, 0, {5, 5, 9, 9}, 81, false}};
  const std::vector<DetectionResult<CocoBox>> found{{1, 0, {5, 5, 9, 9}, .5}, {1, 1, {5, 5, 9, 9}, .5}};
  const DetectionScores scores = average_precision(2, 2, truths, found);
  const std::vector<std::string> names{"a black cat", "dog"};
  CHECK(scores.table(names) ==
        "category      truths      AP    AP50      AR\n"
        "a black cat        2   0.505   0.505   0.500\n"
        "dog                0       -       -       -\n");
  CHECK(error_of([&] { scores.table({}); }) == "mae: names of categories: found 0, expected 2");
}

TEST_CASE("bad input is refused, and says which") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto error = [](std::vector<GroundTruth<CocoBox>> truths, std::vector<DetectionResult<CocoBox>> found) {
    return error_of([&] { average_precision(2, 3, truths, found); });
  };
  CHECK(error({{0, 0, {}, 0, false}}, {{1, 2, {}, 0}}) == "");
  CHECK(error({{0, 0, {}, 0, false}, {2, 0, {}, 0, false}}, {}) ==
        "mae: truth 1: found image 2, expected one of 2, numbered from 0");
  CHECK(error({{0, -1, {}, 0, false}}, {}).find("truth 0: found category -1, expected one of 3") != std::string::npos);
  CHECK(error({{0, 0, {}, nan, false}}, {}).find("truth 0: found a number that is not finite") != std::string::npos);
  CHECK(error({}, {{0, 3, {}, 0}}).find("detection 0: found category 3") != std::string::npos);
  CHECK(error({}, {{0, 0, {}, nan}}).find("detection 0: found a number that is not finite") != std::string::npos);
  CHECK(error({}, {{0, 0, {0, 0, HUGE_VAL, 0}, 1}}) != "");
  for (const auto& [thresholds, most] : std::vector<std::pair<std::vector<double>, std::vector<Index>>>{
           {{}, {100}}, {{.5}, {}}, {{.5}, {0, 3}}, {{.5}, {10, 1}}}) {
    AveragePrecisionOptions options;
    options.thresholds = thresholds, options.most = most;
    CHECK(error_of([&] { random_set<CocoBox>(0).scores(options); }).find("options that leave nothing") !=
          std::string::npos);
  }
  const std::vector<GroundTruth<RunLengthMask>> masks{{0, 0, RunLengthMask(2, 3), 0, false}};
  const std::vector<DetectionResult<RunLengthMask>> other{{0, 0, RunLengthMask(3, 2), 1}};
  CHECK(error_of([&] { average_precision(1, 1, masks, other); }).find("found 3 x 2 pixels, expected 2 x 3") !=
        std::string::npos);
}
