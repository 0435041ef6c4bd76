#include <mae/data/evaluation_crop.hpp>

#include <doctest/doctest.h>

#include "data/test_images.hpp"

using namespace test;

namespace {

Placement seen(Index height, Index width, EvaluationCrop crop, Index to_height = 224, Index to_width = 224) {
  Augmentation view;
  view.transforms = {crop};
  return place({nullptr, 3, height, width, 0}, view, RandomStream(1, Purpose::augment), to_height, to_width);
}

}  // namespace

TEST_CASE("what a resize of the shorter side to 256 and the middle 224 x 224 show, of images of any size") {
  for (const auto& [height, width] : {std::pair(256, 256), {512, 640}, {333, 500}, {1000, 257}, {30, 30}}) {
    const CropBox box = seen(height, width, {}).box;
    // In the resized image the box is that of 224 pixels around the middle.
    const double scale = 256. / std::min(height, width);
    CHECK(std::fabs(box.height * scale - 224) <= 0.5 * scale);
    CHECK(box.height == box.width);
    CHECK(std::fabs((box.top + box.height / 2) - height / 2.) <= 0.5);
    CHECK(std::fabs((box.left + box.width / 2) - width / 2.) <= 0.5);
  }
  CHECK(seen(256, 256, {}).box.height == 224);
  const CropBox wide = seen(100, 100, {.share = 0.5}, 20, 40).box;  // of the model's aspect ratio
  CHECK(wide.height == 25);
  CHECK(wide.width == 50);
  CHECK(seen(100, 90, {.share = 1}).box.height == 90);  // as without it
  CHECK(seen(1, 1, {.share = 0.1}).box.height == 1);
}

TEST_CASE("one, five and ten crops") {
  const auto boxes = [](Index count) {
    std::vector<Placement> found;
    for (const Augmentation& view : test_crops(count, 0.5))
      found.push_back(place({nullptr, 1, 40, 60, 0}, view, RandomStream(1, Purpose::augment), 8, 8));
    return found;
  };
  REQUIRE(boxes(1).size() == 1);
  REQUIRE(boxes(5).size() == 5);
  const auto ten = boxes(10);
  REQUIRE(ten.size() == 10);
  const double tops[] = {10, 0, 0, 20, 20}, lefts[] = {20, 0, 40, 0, 40};
  for (std::size_t i = 0; i < 10; ++i) {
    CHECK(ten[i].box.top == tops[i % 5]);
    CHECK(ten[i].box.left == lefts[i % 5]);
    CHECK(ten[i].box.height == 20);
    CHECK(ten[i].mirrored == (i >= 5));
  }
  CHECK(error_of([] { test_crops(3); }) == "mae: test_crops: found 3, expected 1, 5 or 10");
  CHECK(error_of([] { test_crops(1, 0); }) ==
        "mae: evaluation_crop: found 0.000000, expected a share above 0 and at most 1");
  CHECK(error_of([] { validate({.transforms = {EvaluationCrop{.down = 2}}}); }) ==
        "mae: evaluation_crop: found 2.000000, expected a place from 0 to 1");
}
