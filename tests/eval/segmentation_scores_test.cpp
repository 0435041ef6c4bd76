// Scores of class maps: torchmetrics' counts, and their means.
#include <mae/eval/segmentation_scores.hpp>

#include <doctest/doctest.h>

#include "support/error_of.hpp"
#include "support/golden.hpp"
#include "support/splitmix.hpp"

using namespace mae;
using test::error_of;

namespace {

using Map = std::vector<std::uint8_t>;

}  // namespace

TEST_CASE("counts of torchmetrics over several images, and NumPy's means of them") {
  const SafetensorsFile file = test::golden_file("segmentation_scores");
  INFO("torchmetrics ", file.metadata("torchmetrics"));
  SegmentationScores scores(9), single(9);
  for (std::uint64_t image = 0; image < 6; ++image) {
    test::SplitMix random(std::uint64_t{5} << 32 | image);
    Map truth, found;
    for (int i = 0; i < 1200; ++i) {
      const Index c = random.below(7);
      truth.push_back(static_cast<std::uint8_t>(random.below(10) == 0 ? 255 : c != 3 || image == 4 ? c : 2));
      found.push_back(static_cast<std::uint8_t>(random.below(3) > 0 ? c : random.below(8)));
    }
    scores.add(truth, found);
    for (std::size_t i = 0; i < truth.size(); ++i)
      if (truth[i] != 255) single.add(truth[i], found[i]);
  }
  CHECK(scores.count == file.values<Index>("confusion"));
  CHECK(single.count == scores.count);
  const auto iou = file.values<double>("iou"), recall = file.values<double>("recall");
  const auto means = file.values<double>("means");
  for (Index c = 0; c < 9; ++c) {
    const auto i = static_cast<std::size_t>(c);
    CHECK(is_finite(iou[i]) == is_finite(scores.iou(c)));
    CHECK(is_finite(recall[i]) == is_finite(scores.recall(c)));
    if (is_finite(iou[i])) CHECK(scores.iou(c) == iou[i]);
    if (is_finite(recall[i])) CHECK(scores.recall(c) == recall[i]);
  }
  CHECK(scores.mean_iou() == doctest::Approx(means[0]).epsilon(1e-15));
  CHECK(scores.mean_accuracy() == doctest::Approx(means[1]).epsilon(1e-15));
  CHECK(scores.pixel_accuracy() == means[2]);
}

TEST_CASE("nothing counted is no number; another class is refused") {
  SegmentationScores scores(3);
  CHECK(!is_finite(scores.mean_iou()));
  CHECK(!is_finite(scores.mean_accuracy()));
  CHECK(!is_finite(scores.pixel_accuracy()));
  const auto error = [&](const Map& truth, const Map& found) { return error_of([&] { scores.add(truth, found); }); };
  CHECK(error({255, 255}, {7, 255}) == "");
  CHECK(!is_finite(scores.pixel_accuracy()));
  CHECK(error({2, 1}, {2, 0}) == "");
  CHECK(scores.pixel_accuracy() == .5);
  CHECK(error({3}, {0}) == "mae: true classes: found class 3, expected classes below 3");
  CHECK(error({0}, {255}) == "mae: predicted classes: found class 255, expected classes below 3");
  CHECK(error({0, 1}, {0}) == "mae: predicted classes: found 1 pixels, expected 2");
}
