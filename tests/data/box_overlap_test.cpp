// Overlaps of boxes are torchvision's.
#include <mae/data/box_overlap.hpp>

#include <doctest/doctest.h>

#include "support/golden.hpp"

using namespace mae;

TEST_CASE("IoU, GIoU, DIoU and CIoU of pairs, equal, touching, inside and apart, are torchvision's") {
  const SafetensorsFile file = test::golden_file("boxes");
  INFO("torchvision ", file.metadata("torchvision"));
  const auto numbers = file.values<double>("boxes");
  std::vector<Box> boxes;
  for (std::size_t i = 0; i < numbers.size(); i += 4)
    boxes.push_back({numbers[i], numbers[i + 1], numbers[i + 2], numbers[i + 3]});
  const auto differ = [&](const char* name, double (*overlap)(const Box&, const Box&)) {
    std::vector<double> found;
    for (const Box& a : boxes)
      for (const Box& b : boxes) found.push_back(overlap(a, b));
    return test::distance(found, file.values<double>(name));
  };
  CHECK(differ("iou", box_iou) < 1e-14);
  CHECK(differ("giou", generalized_box_iou) < 1e-14);
  CHECK(differ("diou", distance_box_iou) < 1e-14);
  CHECK(differ("ciou", complete_box_iou) < 1e-14);
}

TEST_CASE("boxes without area overlap nothing, and no number is NaN") {
  const Box none{3, 3, 3, 3}, line{1, 1, 1, 5}, turned{4, 4, 2, 2}, some{0, 0, 4, 4};
  for (const Box& a : {none, line, turned})
    for (const Box& b : {none, line, turned, some}) CHECK(box_iou(a, b) == 0);
  CHECK(generalized_box_iou(none, none) == 0);
  CHECK(distance_box_iou(none, none) == 0);
  CHECK(generalized_box_iou(none, some) == 0);  // nothing is outside both
  CHECK(generalized_box_iou(none, line) == -1);
  CHECK(complete_box_iou(some, some) == 1);
  CHECK(enclosing_box(none, some) == some);
}
