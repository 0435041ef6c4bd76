#include <mae/data/boxes.hpp>

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include <mae/data/batches.hpp>

#include "data/test_images.hpp"

using namespace test;

namespace {

Boxes::Placed placed(const std::vector<LabelledBox>& boxes, const Placement& placement) {
  Boxes::Placed to{{{9, 9, 9, 9}, 9, true}};  // of another image: to be forgotten
  Boxes::place(boxes, placement, to);
  return to;
}
DetectionSet whole() {
  DetectionSet set{{1, 6, 9, std::vector<std::uint8_t>(108), {}, 0}, {}, 3};
  set.boxes = {{{{0, 0, 9, 6}, 2}, {{1, 2, 3, 4}, 0, true}}, {}};
  return set;
}
struct Geometry {
  static constexpr Index height = 6, width = 9, values = height * width;
  using Pixels = Shape<dyn, 1, height, width>;
};

}  // namespace

TEST_CASE("boxes follow a crop, a move and a mirror, end where the image does, and keep their order") {
  const Placement crop{10, 20, {5, 5, 5, 10}};  // rows 5-10, columns 5-15, twice as large
  const std::vector<LabelledBox> boxes{{{6, 6, 8, 9}, 1}, {{0, 0, 4, 4}, 2}, {{4, 4, 10, 8}, 3, true}};
  CHECK(placed(boxes, crop) == Boxes::Placed{{{2, 2, 6, 8}, 1}, {{0, 0, 10, 6}, 3, true}});
  Placement other = crop;
  other.mirror();
  CHECK(placed(boxes, other) == Boxes::Placed{{{14, 2, 18, 8}, 1}, {{10, 0, 20, 6}, 3, true}});
  other.move(-3, 1);  // what was at the right edge is cut off
  CHECK(placed(boxes, other) == Boxes::Placed{{{15, 0, 19, 5}, 1}, {{11, 0, 20, 3}, 3, true}});
}

TEST_CASE("an object is one as long as a quarter of it and a pixel are seen; less is ignored, nothing left out") {
  const Placement half{8, 8, {0, 0, 16, 16}};  // the upper left 16 x 16 pixels, half as large
  const auto ignored = [&](const Box& box) {
    const auto found = placed({{box, 0}}, half);
    return found.empty() ? -1 : int(found[0].ignored);
  };
  CHECK(ignored({12, 0, 28, 4}) == 0);  // exactly a quarter
  CHECK(ignored({12.01, 0, 28.01, 4}) == 1);
  CHECK(ignored({15.9, 0, 40, 4}) == 1);
  CHECK(ignored({16, 0, 40, 4}) == -1);
  CHECK(ignored({3, 3, 5, 5}) == 0);  // exactly a pixel of the input
  CHECK(ignored({3, 3, 4.9, 9}) == 1);
  CHECK(ignored({3, 3, 9, 4.9}) == 1);
  CHECK(ignored({-40, -40, -1, -1}) == -1);
}

TEST_CASE("what is seen of a box, counted point by point") {
  // Points of a fine grid in each box; those whose place in the input lies in what is shown are seen.
  const RandomStream random(4, Purpose::probe);
  std::uint32_t next = 0;
  const auto between = [&](double low, double high) { return low + (high - low) * double(random.uniform(next++)); };
  int kept = 0, ignored = 0, gone = 0;
  for (int i = 0; i < 2000; ++i) {
    Placement placement{24, 32};
    const double top = std::floor(between(0, 30)), left = std::floor(between(0, 50));
    const CropBox box{top, left, std::floor(between(1, 41 - top)), std::floor(between(1, 61 - left))};
    placement.box = box;
    if (i % 2 == 0) placement.mirror();
    if (i % 3 == 0) placement.rows = Index(between(1, 25)), placement.columns = Index(between(1, 33));
    placement.move(Index(between(-4, 5)), Index(between(-4, 5)));
    const double y0 = between(0, 39), x0 = between(0, 59);
    const Box of_image{x0, y0, x0 + between(0.5, 60 - x0), y0 + between(0.5, 40 - y0)};
    constexpr int fine = 60;
    int seen = 0;
    double low_x = 1e9, high_x = -1e9, low_y = 1e9, high_y = -1e9;
    const Box shown = mae::shown(placement);
    for (int r = 0; r < fine; ++r)
      for (int c = 0; c < fine; ++c) {
        const Point p = placement.to_input(Point{of_image.y0 + (r + 0.5) / fine * of_image.height(),
                                                 of_image.x0 + (c + 0.5) / fine * of_image.width()});
        if (p.x < shown.x0 || p.x >= shown.x1 || p.y < shown.y0 || p.y >= shown.y1) continue;
        ++seen;
        low_x = std::min(low_x, p.x), high_x = std::max(high_x, p.x);
        low_y = std::min(low_y, p.y), high_y = std::max(high_y, p.y);
      }
    const auto found = placed({{of_image, 5}}, placement);
    const double share = double(seen) / (fine * fine);
    const Box there = to_input(placement, of_image);
    const double step_x = there.width() / fine, step_y = there.height() / fine;
    if (found.empty()) {
      CHECK(share < 2. / fine);
      ++gone;
      continue;
    }
    const Box& b = found[0].box;
    CHECK(b.area() / there.area() == doctest::Approx(share).epsilon(0.04));
    if (seen > 0) {
      CHECK(std::fabs(b.x0 - low_x) <= step_x);
      CHECK(std::fabs(b.x1 - high_x) <= step_x);
      CHECK(std::fabs(b.y0 - low_y) <= step_y);
      CHECK(std::fabs(b.y1 - high_y) <= step_y);
    }
    const bool doubtful =
        std::fabs(share - 0.25) < 0.04 || std::fabs(b.width() - 1) < step_x || std::fabs(b.height() - 1) < step_y;
    if (!doubtful) CHECK(found[0].ignored == (share < 0.25 || b.width() < 1 || b.height() < 1));
    (found[0].ignored ? ignored : kept) += 1;
  }
  CHECK(kept > 200);
  CHECK(ignored > 300);
  CHECK(gone > 300);
}

TEST_CASE("boxes go there and back, and twice mirrored is not mirrored") {
  for (const bool mirrored : {false, true}) {
    Placement placement{24, 32, {3, 7, 20, 31}, 2, -5, mirrored, 20, 30};
    const Box box{8, 4, 21.5, 13};
    const Box back = to_image(placement, to_input(placement, box));
    for (const double error : {back.x0 - box.x0, back.x1 - box.x1, back.y0 - box.y0, back.y1 - box.y1})
      CHECK(std::fabs(error) < 1e-12);
    const auto once = placed({{box, 1}}, placement);
    placement.mirror();
    placement.mirror();
    CHECK(placed({{box, 1}}, placement) == once);
  }
}

TEST_CASE("a batch has the boxes of its images") {
  const DetectionSet set = whole();
  CHECK(Images(set).gives<Boxes>());
  CHECK(Images(set).classes() == 3);
  Batch<Geometry, float, Boxes> batch(2);
  batch.samples = {1, 0};
  load_batch<Serial>(set, {{0}, {1}}, {}, 1, batch, 1);
  CHECK(batch.targets[0].empty());
  CHECK(batch.targets[1] == set.boxes[0]);
}

TEST_CASE("a set that is not whole is told") {
  const auto error = [](const auto& edit) {
    DetectionSet set = whole();
    edit(set);
    return error_of([&] { validate(set, "set"); });
  };
  CHECK(error([](auto&) {}) == "");
  CHECK(error([](auto& set) { set.boxes.pop_back(); }) ==
        "mae: set: found 1 lists of boxes, expected 2, one for each image");
  CHECK(error([](auto& set) { set.classes = 0; }) == "mae: set: found 0 classes, expected at least one");
  CHECK(error([](auto& set) { set.boxes[0][1].label = 3; }) ==
        "mae: set: found class 3 in box 1 of image 0, expected classes below 3");
  CHECK(error([](auto& set) { set.boxes[0][1].label = -1; }) ==
        "mae: set: found class -1 in box 1 of image 0, expected classes below 3");
  CHECK(error([](auto& set) {
          set.boxes[1].push_back({{2, 1, 9.5, 3}, 0});
        }) ==
        "mae: set: found (2.000000, 1.000000) to (9.500000, 3.000000) in box 0 of image 1, expected a rectangle "
        "inside the 9 x 6 pixels");
  for (const Box& bad : {Box{2, 1, 2, 3}, Box{2, 3, 4, 1}, Box{-1, 1, 2, 3}, Box{0, 0, 9, 7}, Box{NAN, 0, 3, 3},
                         Box{0, 0, 3, double(INFINITY)}})
    CHECK(error([&](auto& set) { set.boxes[0][0].box = bad; }) != "");
  CHECK(error([](auto& set) { set.images.pixels.clear(); }) == "mae: set: found no images, expected at least one");
}
