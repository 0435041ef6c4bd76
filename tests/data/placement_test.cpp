#include <mae/data/canvas.hpp>
#include <mae/data/placement.hpp>

#include <doctest/doctest.h>

#include "data/test_images.hpp"

using namespace test;

namespace {
const Augmentation everything{.shift = 2, .flip = true, .min_crop_scale = 0.3};
Placement placement_of(Index height, Index width, std::uint64_t sample, Index to_height, Index to_width) {
  return place({nullptr, 1, height, width, 0}, everything, RandomStream(1, Purpose::augment, 0, sample), to_height,
               to_width);
}
}  // namespace

TEST_CASE("a point that goes from the image to the input comes back, and the other way") {
  for (std::uint64_t sample = 0; sample < 50; ++sample) {
    const Placement placement = placement_of(60, 100, sample, 32, 48);
    for (const Point p : {Point{0, 0}, Point{17.5, 3.25}, Point{60, 100}}) {
      const Point there = placement.to_image(placement.to_input(p));
      const Point back = placement.to_input(placement.to_image(p));
      for (const Point& q : {there, back}) {
        CHECK(q.y == doctest::Approx(p.y).epsilon(1e-12));
        CHECK(q.x == doctest::Approx(p.x).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("the image lies where its placement says") {
  // Level 10 y + x at pixel (y, x), smooth, so that an enlarged crop shows at each place nearly what is there.
  Album album;
  album.images.push_back(blank_image(1, 10, 12));
  for (Index y = 0; y < 10; ++y)
    for (Index x = 0; x < 12; ++x) album.images[0].row(0, y)[x] = static_cast<std::uint8_t>(10 * y + 5 * x);
  const Normalization bytes{{0}, {1. / 255}};
  int mirrored = 0, moved = 0, looked_at = 0;
  for (std::uint64_t epoch = 0; epoch < 60; ++epoch) {
    std::vector<float> out(20 * 24);
    Placement placement;
    load_sample(album, 0, bytes, everything, 1, epoch, out.data(), 20, 24,
                [&](Index, const Placement& told) { placement = told; });
    CHECK(placement.height == 20);
    CHECK(placement.width == 24);
    mirrored += placement.mirrored, moved += placement.down != 0 || placement.right != 0;
    for (Index y = 3; y < 17; ++y)
      for (Index x = 3; x < 21; ++x) {
        const Point p = placement.to_image({double(y) + 0.5, double(x) + 0.5});
        const CropBox& box = placement.box;
        // Near the crop's edge the kernel has no pixels beyond it.
        if (p.y < box.top + 1.5 || p.x < box.left + 1.5 || p.y > box.top + box.height - 1.5 ||
            p.x > box.left + box.width - 1.5)
          continue;
        ++looked_at;
        CHECK(double(out[static_cast<std::size_t>(24 * y + x)]) ==
              doctest::Approx(10 * (p.y - 0.5) + 5 * (p.x - 0.5)).epsilon(0.01));
        CHECK(placement.column(x) == (placement.mirrored ? 23 - x : x) - placement.right);
        CHECK(placement.row(y) == y - placement.down);
      }
  }
  CHECK(mirrored > 15);
  CHECK(mirrored < 45);
  CHECK(moved > 30);
  CHECK(looked_at > 3000);
}

TEST_CASE("moves and mirrors in any order: each acts on what is seen so far") {
  Placement placement{10, 10, {0, 0, 10, 10}};
  placement.move(1, 2);
  placement.mirror();
  placement.move(1, 3);  // to the right, in what is seen
  const Point p = placement.to_input({4, 4});
  CHECK(p.y == 4 + 1 + 1);
  CHECK(p.x == 10 - (4 + 2) + 3);
  CHECK(placement.column(5) == 10 - 1 - 5 + 3 - 2);
}
