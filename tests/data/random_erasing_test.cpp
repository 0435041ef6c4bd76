#include <mae/data/random_erasing.hpp>

#include <algorithm>

#include <doctest/doctest.h>

#include "data/test_images.hpp"

using namespace test;

namespace {

Draws draws_of(std::uint64_t sample, std::uint32_t from = 43) {
  return {RandomStream(7, Purpose::augment, 1, sample), from, RandomErasing::draws};
}

}  // namespace

TEST_CASE("the box: how often, how large, what shape, and where") {
  constexpr Index H = 96, W = 64;
  constexpr int samples = 20000;
  int erased = 0, low_area = 0, tall = 0, at_edge = 0;
  for (std::uint64_t sample = 0; sample < samples; ++sample) {
    const ErasedBox box = RandomErasing{}.box(draws_of(sample), H, W);
    if (box.height == 0) continue;
    ++erased;
    CHECK(box.top >= 0);
    CHECK(box.left >= 0);
    CHECK(box.top + box.height <= H);
    CHECK(box.left + box.width <= W);
    CHECK(box.height < H);
    CHECK(box.width < W);
    const double share = double(box.height * box.width) / double(H * W), ratio = double(box.height) / double(box.width);
    CHECK(share > 0.015);
    CHECK(share < 0.345);
    CHECK(ratio > 0.25);
    CHECK(ratio < 4);
    low_area += share < 0.02 + (1. / 3 - 0.02) / 4;
    tall += ratio > 1;
    at_edge += box.top == 0 || box.top + box.height == H;
  }
  CHECK(std::abs(erased - samples / 4) < 200);
  // Uniform area: a quarter of the boxes in the lowest quarter, and some more, for large ones are refused more often.
  CHECK(low_area > erased * 0.23);
  CHECK(low_area < erased * 0.32);
  CHECK(tall > erased * 0.45);
  CHECK(tall < erased * 0.62);
  CHECK(at_edge > erased * 0.01);
  CHECK(RandomErasing{.probability = 0}.box(draws_of(1), H, W).height == 0);
  CHECK(RandomErasing{.probability = 1}.box(draws_of(1), 1, 1).height == 0);  // nothing is smaller than this image
}

TEST_CASE("the definition, written down again") {
  const RandomErasing always{.probability = 1};
  for (std::uint64_t sample = 0; sample < 200; ++sample) {
    const Draws random = draws_of(sample);
    const ErasedBox found = always.box(random, 20, 31);
    std::uint32_t at = 1;
    for (;; at += 4) {
      const double area = 20 * 31 * (0.02 + (1. / 3 - 0.02) * double(random.uniform(at)));
      const double ratio = std::pow(0.3, 1 - 2 * double(random.uniform(at + 1)));
      const long h = std::lround(std::sqrt(area * ratio)), w = std::lround(std::sqrt(area / ratio));
      if (h >= 20 || w >= 31) continue;
      CHECK(found.height == h);
      CHECK(found.width == w);
      CHECK(found.top == Index(double(random.stream.bits(43 + at + 2)) * double(20 - h + 1) / 4294967296.));
      CHECK(found.left == Index(double(random.stream.bits(43 + at + 3)) * double(31 - w + 1) / 4294967296.));
      break;
    }
  }
}

TEST_CASE("what is erased is normal noise to the model, all else is as it was") {
  Dataset set{2, 40, 50, {}, {}, 0};
  set.pixels.resize(30 * 4000);
  for (std::size_t i = 0; i < set.pixels.size(); ++i) set.pixels[i] = static_cast<std::uint8_t>(i * 7 % 256);
  const Normalization normalization{{0.4, 0.3}, {0.5, 0.2}};
  Augmentation augmentation;
  double sum = 0, squares = 0;
  int count = 0;
  for (Index i = 0; i < set.size(); ++i) {
    augmentation.transforms = {};
    const auto before = loaded(set, i, augmentation, 3, 2, normalization, 40, 50);
    augmentation.transforms = {RandomErasing{.probability = 1}};
    const auto after = loaded(set, i, augmentation, 3, 2, normalization, 40, 50);
    const Draws random{RandomStream(3, Purpose::augment, 2, static_cast<std::uint64_t>(i)), 43, RandomErasing::draws};
    const ErasedBox box = RandomErasing{.probability = 1}.box(random, 40, 50);
    std::uint32_t next = 42;
    for (Index c = 0; c < 2; ++c)
      for (Index y = 0; y < 40; ++y)
        for (Index x = 0; x < 50; ++x) {
          const auto k = static_cast<std::size_t>((c * 40 + y) * 50 + x);
          const bool inside = y >= box.top && y < box.top + box.height && x >= box.left && x < box.left + box.width;
          const double expected = inside ? random.normal(next) : double(before[k]);
          if (inside) next += 2, sum += expected, squares += expected * expected, ++count;
          if (std::fabs(double(after[k]) - expected) > 1e-5) CHECK(double(after[k]) == expected);
        }
  }
  CHECK(count > 5000);
  CHECK(std::fabs(sum / count) < 0.05);
  CHECK(std::fabs(squares / count - 1) < 0.05);
  CHECK(!Transform(RandomErasing{}).moves_pixels());
}

TEST_CASE("options that make no sense are named") {
  const auto error = [](RandomErasing erasing) { return error_of([&] { validate({.transforms = {erasing}}); }); };
  CHECK(error({}) == "");
  CHECK(error({.probability = 1.5}) ==
        "mae: random_erasing: probability: found 1.500000, expected a share from 0 to 1");
  CHECK(error({.smallest = 0.5}) ==
        "mae: random_erasing: smallest: found 0.500000, expected a share above 0 and at most the largest");
  CHECK(error({.largest = 2}) ==
        "mae: random_erasing: largest: found 2.000000, expected a share above 0 and at most 1");
  CHECK(error({.aspect = 0}) == "mae: random_erasing: aspect: found 0.000000, expected a ratio above 0 and at most 1");
}
