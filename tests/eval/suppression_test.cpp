// Which detections are kept: torchvision's, and those of the definition.
#include <mae/eval/suppression.hpp>

#include <doctest/doctest.h>

#include <limits>

#include "support/error_of.hpp"
#include "support/golden.hpp"
#include "support/splitmix.hpp"

using namespace mae;

TEST_CASE("torchvision's nms and batched_nms keep the same") {
  const SafetensorsFile file = test::golden_file("boxes");
  INFO("torchvision ", file.metadata("torchvision"));
  for (const std::string name : {"nms.0.", "nms.1.", "nms.2."}) {
    const auto boxes = file.values<double>(name + "boxes"), scores = file.values<double>(name + "scores");
    const auto labels = file.values<std::int32_t>(name + "labels");
    std::vector<Detection> detections;
    for (std::size_t i = 0; i < scores.size(); ++i)
      detections.push_back(
          {{boxes[4 * i], boxes[4 * i + 1], boxes[4 * i + 2], boxes[4 * i + 3]}, labels[i], scores[i]});
    for (const bool across : {true, false}) {
      const auto expected = file.values<std::int32_t>(name + (across ? "nms" : "batched"));
      std::vector<Index> kept{expected.begin(), expected.end()};
      CHECK(suppress(detections, {.iou_threshold = .5, .most = 1000, .across_classes = across}) == kept);
      if (kept.size() > 7) kept.resize(7);
      CHECK(suppress(detections, {.iou_threshold = .5, .most = 7, .across_classes = across}) == kept);
    }
  }
}

TEST_CASE("equal scores go in order, equal overlaps stay, and what is left suppresses nothing itself") {
  // 0 and 1 tie; 2 overlaps 1 alone, by exactly 1/2.
  const std::vector<Detection> detections{{{0, 0, 4, 4}, 0, .5}, {{0, 0, 4, 3}, 0, .5}, {{0, 1, 4, 3}, 0, .4}};
  CHECK(suppress(detections) == std::vector<Index>{0, 2});
  CHECK(suppress(detections, {.iou_threshold = .49}) == std::vector<Index>{0});
  CHECK(suppress({}).empty());
  CHECK(suppress(detections, {.most = 0}).empty());
}

TEST_CASE("random detections: each is kept, or overlaps one that is kept and no worse") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    test::SplitMix random(seed);
    std::vector<Detection> detections;
    for (Index n = random.below(60); n > 0; --n) {
      const auto x = static_cast<double>(random.below(20)), y = static_cast<double>(random.below(20));
      const Box box{x, y, x + static_cast<double>(random.below(12)), y + static_cast<double>(random.below(12))};
      detections.push_back({box, static_cast<std::int32_t>(random.below(2)), static_cast<double>(random.below(9)) / 8});
    }
    const auto kept = suppress(detections);
    std::vector<bool> is_kept(detections.size());
    for (const Index i : kept) is_kept[static_cast<std::size_t>(i)] = true;
    const auto better = [&](std::size_t a, std::size_t b) {
      const double p = detections[a].score, q = detections[b].score;
      return p > q || (p == q && a < b);
    };
    for (std::size_t i = 0; i < detections.size(); ++i) {
      bool told = false;
      for (std::size_t k = 0; k < detections.size(); ++k)
        told = told || (is_kept[k] && better(k, i) && detections[k].label == detections[i].label &&
                        box_iou(detections[k].box, detections[i].box) > .5);
      REQUIRE(told == !is_kept[i]);
    }
    for (std::size_t k = 1; k < kept.size(); ++k)
      REQUIRE(better(static_cast<std::size_t>(kept[k - 1]), static_cast<std::size_t>(kept[k])));
  }
}

TEST_CASE("a score that is not finite is told") {
  const std::vector<Detection> detections{{{0, 0, 4, 4}, 0, .5},
                                          {{0, 0, 4, 3}, 0, std::numeric_limits<double>::quiet_NaN()}};
  CHECK(test::error_of([&] { suppress(detections); }) ==
        "mae: detection 1: found a score that is not finite, expected a number");
}
