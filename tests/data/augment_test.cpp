#include <mae/data/augment.hpp>
#include <mae/data/subset.hpp>

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "data/test_images.hpp"

using namespace test;

TEST_CASE("random crops: whole pixels inside the image, area and aspect in their ranges, everything reached") {
  const RandomResizedCrop crop{.min_crop_scale = 0.2};
  const Index height = 60, width = 100;
  double least = 1, most = 0, narrowest = 9, max_aspect_ratio = 0, top = 0, bottom = 0, left = 0, right = 0;
  for (std::uint64_t sample = 0; sample < 3000; ++sample) {
    const CropBox box = crop.random_box({RandomStream(1, Purpose::augment, 0, sample), 0, 40}, height, width);
    CHECK(box.top >= 0);
    CHECK(box.left >= 0);
    CHECK(box.top + box.height <= 60);
    CHECK(box.left + box.width <= 100);
    for (const double edge : {box.top, box.left, box.height, box.width}) CHECK(edge == std::floor(edge));
    const double area = box.height * box.width / 6000, aspect = box.width / box.height;
    least = std::fmin(least, area), most = std::fmax(most, area);
    narrowest = std::fmin(narrowest, aspect), max_aspect_ratio = std::fmax(max_aspect_ratio, aspect);
    top += box.top == 0, bottom += box.top + box.height == 60;
    left += box.left == 0, right += box.left + box.width == 100;
  }
  // Sides are rounded to whole pixels; a crop of aspect 4/3 and full height has 4/5 of the area.
  CHECK(least > 0.19);
  CHECK(least < 0.22);
  CHECK(most > 0.75);
  CHECK(most < 0.82);
  CHECK(narrowest > 0.72);
  CHECK(narrowest < 0.78);
  CHECK(max_aspect_ratio > 1.28);
  CHECK(max_aspect_ratio < 1.38);
  for (const double edge : {top, bottom, left, right}) CHECK(edge > 20);
}

TEST_CASE("where no random crop fits: the largest box at the centre whose aspect is in range") {
  struct Case {
    Index height, width;
    double max_aspect_ratio;
    CropBox expected;
  };
  const Case cases[] = {{1, 100, 4. / 3, {0, 49, 1, 1}},  {100, 1, 4. / 3, {49, 0, 1, 1}},
                        {30, 101, 4. / 3, {0, 30, 30, 40}}, {101, 30, 4. / 3, {30, 0, 40, 30}},
                        {50, 200, 1, {0, 75, 50, 50}},    {40, 50, 4. / 3, {0, 0, 40, 50}}};
  for (const Case& now : cases) {
    INFO(now.height, " x ", now.width);
    // Crops of the whole area: none of another shape fits.
    const RandomResizedCrop crop{.min_crop_scale = 0.999, .max_aspect_ratio = now.max_aspect_ratio};
    const CropBox box = crop.random_box({RandomStream(1, Purpose::augment), 0, 40}, now.height, now.width);
    CHECK(box.top == now.expected.top);
    CHECK(box.left == now.expected.left);
    CHECK(box.height == now.expected.height);
    CHECK(box.width == now.expected.width);
  }
}

TEST_CASE("augmentations out of range are named") {
  auto error_with = [](const Augmentation& options) { return error_of([&] { validate(options); }); };
  CHECK(error_with({}) == "");
  CHECK(error_with({.shift = 1 << 20, .min_crop_scale = 1e-6, .max_aspect_ratio = 1}) == "");
  for (const Index shift : {Index{-1}, Index{1 << 20} + 1, Index{1} << 40})
    CHECK(error_with({.shift = shift}) ==
          "mae: shift: found " + std::to_string(shift) + ", expected pixels from 0 to 1048576");
  for (const double share : {0., -0.5, 1.5, double(NAN)})
    CHECK(error_with({.min_crop_scale = share}) ==
          "mae: min_crop_scale: found " + std::to_string(share) + ", expected a share above 0 and at most 1");
  for (const double max_aspect_ratio : {0.9, -1., double(INFINITY), double(NAN)})
    CHECK(error_with({.max_aspect_ratio = max_aspect_ratio}) == "mae: max_aspect_ratio: found " +
                                                                    std::to_string(max_aspect_ratio) +
                                                                    ", expected an aspect ratio of at least 1");
}

TEST_CASE("a crop of a sample is the resized box of each channel") {
  const Dataset set = random_images(4);
  const Augmentation options{.min_crop_scale = 0.3};
  for (Index i = 0; i < 4; ++i) {
    const auto found = loaded(set, i, options, 3, 2);
    const CropBox box = RandomResizedCrop{.min_crop_scale = 0.3}.random_box(
        {RandomStream(3, Purpose::augment, 2, std::uint64_t(i)), 0, 40}, 6, 9);
    for (std::size_t c = 0; c < 2; ++c) {
      std::vector<float> expected(54);
      resize(set.image(i).data() + 54 * c, 1, 6, 9, box, expected.data(), 6, 9);
      for (std::size_t at = 0; at < 54; ++at) CHECK(found[54 * c + at] == doctest::Approx(double(expected[at])));
    }
  }
}

TEST_CASE("nothing but bytes without augmentation, and of images of another size the middle is resized") {
  const Dataset set = random_images(2);
  const auto bytes = set.image(1);
  check_close(loaded(set, 1, {}), std::vector<float>(bytes.begin(), bytes.end()), 1e-4);
  const auto found = loaded(set, 1, {}, 1, 0, plain, 12, 4);
  std::vector<float> expected(96);
  resize(bytes.data(), 2, 6, 9, {0, 3, 6, 2}, expected.data(), 12, 4);
  check_close(found, expected, 1e-3);
}

TEST_CASE("the centre crop is the largest box of the model's aspect ratio") {
  struct Case {
    Index image_height, image_width, height, width;
    CropBox expected;
  };
  const Case cases[] = {{6, 9, 6, 9, {0, 0, 6, 9}},
                        {60, 90, 6, 9, {0, 0, 60, 90}},
                        {100, 100, 32, 32, {0, 0, 100, 100}},
                        {100, 131, 32, 32, {0, 15, 100, 100}},
                        {131, 100, 32, 32, {15, 0, 100, 100}},
                        {1, 50, 8, 8, {0, 24, 1, 1}},
                        {1, 50, 50, 1, {0, 24, 1, 1}},
                        {40, 30, 10, 20, {12, 0, 15, 30}}};
  for (const Case& now : cases) {
    INFO(now.image_height, " x ", now.image_width, " for ", now.height, " x ", now.width);
    const CropBox box = centre_crop({nullptr, 1, now.image_height, now.image_width, 0}, now.height, now.width);
    CHECK(box.top == now.expected.top);
    CHECK(box.left == now.expected.left);
    CHECK(box.height == now.expected.height);
    CHECK(box.width == now.expected.width);
  }
}

TEST_CASE("flip: left and right, every other time") {
  const Dataset set = random_images(200);
  int flipped = 0;
  for (Index i = 0; i < 200; ++i) {
    std::vector<double> kept(set.image(i).begin(), set.image(i).end()), mirrored = kept;
    for (auto row = mirrored.begin(); row != mirrored.end(); row += 9) std::reverse(row, row + 9);
    const auto found = loaded(set, i, {.flip = true});
    auto shows = [&](std::size_t at) { return std::fabs(double(found[at]) - mirrored[at]) < 1e-3; };
    const bool flips = shows(0) && shows(1);
    flipped += flips;
    check_close(found, flips ? mirrored : kept, 1e-4);
  }
  CHECK(flipped > 75);
  CHECK(flipped < 125);
}

TEST_CASE("shift: every step of the reach is taken, edges are repeated, channels move together") {
  const Dataset set = random_images(300);
  int count[5][5] = {};
  for (Index i = 0; i < 300; ++i) {
    const auto found = loaded(set, i, {.shift = 2});
    const auto bytes = set.image(i);
    int matches = 0;
    for (int down = -2; down <= 2; ++down)
      for (int right = -2; right <= 2; ++right) {
        bool same = true;
        for (int c = 0; c < 2; ++c)
          for (int y = 0; y < 6; ++y)
            for (int x = 0; x < 9; ++x) {
              const int from_y = std::clamp(y - down, 0, 5), from_x = std::clamp(x - right, 0, 8);
              const double value = bytes[static_cast<std::size_t>((c * 6 + from_y) * 9 + from_x)];
              same = same && std::fabs(double(found[static_cast<std::size_t>((c * 6 + y) * 9 + x)]) - value) < 1e-3;
            }
        matches += same;
        count[down + 2][right + 2] += same;
      }
    CHECK(matches == 1);
  }
  for (const auto& row : count)
    for (const int times : row) CHECK(times >= 2);  // 12 expected
}

TEST_CASE("a sample follows from seed, epoch and its number") {
  const Dataset set = random_images(6);
  const Augmentation options{.shift = 1, .flip = true, .min_crop_scale = 0.4};
  CHECK(loaded(set, 3, options, 1, 2) == loaded(set, 3, options, 1, 2));
  CHECK(loaded(set, 3, options, 1, 2) != loaded(set, 3, options, 1, 3));
  CHECK(loaded(set, 3, options, 1, 2) != loaded(set, 3, options, 2, 2));
  const Index twice[] = {3, 3};
  const Dataset copies = subset(set, twice);
  CHECK(loaded(copies, 0, options) != loaded(copies, 1, options));  // the number counts, not the image
}
