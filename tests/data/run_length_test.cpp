// Run-length masks: bit for bit those of pycocotools, checked when they are read, and true to the pixels.
#include <mae/data/run_length.hpp>

#include <doctest/doctest.h>

#include <array>

#include "support/error_of.hpp"
#include "support/golden.hpp"
#include "support/splitmix.hpp"

using namespace mae;
using test::Checksum, test::SplitMix, test::error_of;

namespace {

/// The pixels of `mask_pixels` in tests/golden/run_length.py.
std::vector<std::uint8_t> mask_pixels(SplitMix& random, Index height, Index width) {
  const Index kind = random.below(6), count = height * width;
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(count));
  if (kind == 0) {
    std::fill(pixels.begin(), pixels.end(), static_cast<std::uint8_t>(random.below(2)));
  } else if (kind == 1) {
    const Index x = random.below(width), y = random.below(height);
    const Index bottom = std::min(height, y + 1 + random.below(height));
    const Index right = std::min(width, x + 1 + random.below(width));
    for (Index row = y; row < bottom; ++row)
      for (Index column = x; column < right; ++column) pixels[static_cast<std::size_t>(row * width + column)] = 1;
  } else {
    for (Index i = 0; i < count; i += 64) {
      std::uint64_t word = random.next();
      if (kind == 3) word &= random.next();
      if (kind == 4) word |= random.next();
      for (Index k = 0; k < 64 && i + k < count; ++k)
        pixels[static_cast<std::size_t>(i + k)] = word >> (kind == 5 ? k / 16 : k) & 1;
    }
  }
  return pixels;
}

/// The text and the area that a mask should have: column by column, the plain way.
std::vector<Index> plain_counts(const std::vector<std::uint8_t>& pixels, Index height, Index width) {
  std::vector<Index> counts{0};
  for (Index i = 0; i < height * width; ++i) {
    const bool one = pixels[static_cast<std::size_t>(i % height * width + i / height)] != 0;
    if (one != (counts.size() % 2 == 0)) counts.push_back(0);
    ++counts.back();
  }
  return counts;
}

}  // namespace

TEST_CASE("ten thousand pairs of masks: pycocotools' texts, areas, boxes, IoU to the last bit, and merges") {
  const SafetensorsFile file = test::golden_file("run_length");
  INFO("pycocotools ", file.metadata("pycocotools"));
  const auto expected = file.values<std::int64_t>("masks");
  REQUIRE(expected.size() == 100);
  for (std::size_t block = 0; block < expected.size(); ++block) {
    Checksum sums;
    for (std::uint64_t i = 0; i < 100; ++i) {
      SplitMix random(std::uint64_t{1} << 32 | (block * 100 + i));
      const Index height = random.between(1, 24), width = random.between(1, 24);
      std::vector<RunLengthMask> masks;
      for (int k = 0; k < 2; ++k) {
        const auto pixels = mask_pixels(random, height, width);
        masks.push_back(RunLengthMask::from_pixels(height, width, pixels));
        const RunLengthMask& mask = masks.back();
        REQUIRE(mask.pixels() == pixels);
        REQUIRE(RunLengthMask::from_counts(height, width, plain_counts(pixels, height, width)) == mask);
        REQUIRE(RunLengthMask::from_text(height, width, mask.text()) == mask);
        const Box box = mask.box();
        sums.add(mask.text());
        for (const double number : {static_cast<double>(mask.area()), box.x0, box.y0, box.width(), box.height()})
          sums.add(number);
      }
      sums.add(mask_iou(masks[0], masks[1]));
      sums.add(mask_iou(masks[0], masks[1], true));
      sums.add(union_of(masks).text());
      sums.add(intersection_of(masks).text());
    }
    REQUIRE(static_cast<std::int64_t>(sums.value()) == expected[block]);
  }
}

TEST_CASE("counts as numbers, with runs of nothing") {
  const auto expected = test::golden_file("run_length").values<std::int64_t>("counts");
  REQUIRE(expected.size() == 10);
  for (std::size_t block = 0; block < expected.size(); ++block) {
    Checksum sums;
    for (std::uint64_t i = 0; i < 100; ++i) {
      SplitMix random(std::uint64_t{2} << 32 | (block * 100 + i));
      const Index height = random.between(1, 4095), width = random.between(1, 4095);
      Index rest = height * width;
      std::vector<Index> counts;
      for (Index k = random.between(1, 12); k > 0; --k) {
        counts.push_back(random.below(4) == 0 ? 0 : random.below(rest + 1));
        rest -= counts.back();
      }
      counts.push_back(rest);
      const RunLengthMask mask = RunLengthMask::from_counts(height, width, counts);
      REQUIRE(RunLengthMask::from_text(height, width, mask.text()) == mask);
      sums.add(mask.text());
      sums.add(static_cast<double>(mask.area()));
    }
    REQUIRE(static_cast<std::int64_t>(sums.value()) == expected[block]);
  }
}

TEST_CASE("the largest image, whose counts need seven characters") {
  for (const std::vector<Index>& counts : std::vector<std::vector<Index>>{
           {0, mask_pixel_limit}, {mask_pixel_limit}, {0, 0, 0, mask_pixel_limit}, {1, mask_pixel_limit - 2, 0, 1}}) {
    const RunLengthMask mask = RunLengthMask::from_counts(1, mask_pixel_limit, counts);
    CHECK(RunLengthMask::from_text(1, mask_pixel_limit, mask.text()) == mask);
  }
}

TEST_CASE("runs of nothing join their neighbours") {
  const RunLengthMask split = RunLengthMask::from_counts(2, 4, std::vector<Index>{2, 1, 0, 2, 0, 0, 3});
  const RunLengthMask whole = RunLengthMask::from_counts(2, 4, std::vector<Index>{2, 3, 3});
  CHECK(split.pixels() == whole.pixels());
  CHECK(split.area() == 3);
  CHECK(split.box() == whole.box());
  CHECK(shared_area(split, whole) == 3);
  CHECK(mask_iou(split, whole) == 1);
  CHECK(union_of(std::vector{split, whole}) == whole);
}

TEST_CASE("merges of several masks are those of their pixels") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SplitMix random(seed);
    const Index height = random.between(1, 9), width = random.between(1, 9);
    std::vector<RunLengthMask> masks;
    std::vector<std::uint8_t> any(static_cast<std::size_t>(height * width), 0), all(any.size(), 1);
    for (Index k = random.between(1, 5); k > 0; --k) {
      const auto pixels = mask_pixels(random, height, width);
      masks.push_back(RunLengthMask::from_pixels(height, width, pixels));
      for (std::size_t p = 0; p < pixels.size(); ++p) any[p] |= pixels[p], all[p] &= pixels[p];
    }
    REQUIRE(union_of(masks) == RunLengthMask::from_pixels(height, width, any));
    REQUIRE(intersection_of(masks) == RunLengthMask::from_pixels(height, width, all));
  }
}

TEST_CASE("a mask without ones") {
  const RunLengthMask none(3, 5);
  CHECK(none.area() == 0);
  CHECK(none.box() == Box{});
  CHECK(mask_iou(none, none) == 0);
  CHECK(mask_iou(none, none, true) == 0);
  CHECK(none == RunLengthMask::from_text(3, 5, none.text()));
}

TEST_CASE("what does not add up is refused, and says how") {
  const auto counts = [](std::vector<Index> given) {
    return error_of([&] { RunLengthMask::from_counts(3, 4, given, "annotation 7"); });
  };
  CHECK(counts({5, 7}) == "");
  CHECK(counts({5, 6}) == "mae: annotation 7: found runs of 11 pixels altogether, expected 12, the pixels of 3 x 4");
  CHECK(counts({5, 8}) == "mae: annotation 7: found runs of more pixels altogether, expected 12, the pixels of 3 x 4");
  CHECK(counts({5, 8, -1}).find("found runs of more") != std::string::npos);
  CHECK(counts({-1, 13}).find("found a run of -1 pixels, expected 0 or more") != std::string::npos);
  CHECK(counts({INT64_MAX, INT64_MAX, 14}).find("found runs of more") != std::string::npos);
  CHECK(counts({}).find("found runs of 0 pixels") != std::string::npos);

  const auto text = [](const std::string& given) {
    return error_of([&] { RunLengthMask::from_text(3, 4, given, "annotation 7"); });
  };
  CHECK(text("57") == "");
  CHECK(text("56").find("found runs of 11 pixels") != std::string::npos);
  CHECK(text("").find("found runs of 0 pixels") != std::string::npos);
  CHECK(text("5W").find("an end within a number") != std::string::npos);
  CHECK(text("5/").find("the character 47 at position 1") != std::string::npos);
  CHECK(text("5p").find("the character 112 at position 1") != std::string::npos);
  CHECK(text("5\xff").find("the character 255 at position 1") != std::string::npos);
  CHECK(text(std::string("5\0", 2)).find("the character 0 at position 1") != std::string::npos);
  CHECK(text("5" + std::string(12, 'P') + "0").find("more than 12 groups") != std::string::npos);
  CHECK(text("5W" + std::string(10, 'P') + "0") == "");  // long-winded, and the number 7
  CHECK(text("O=").find("a run of -1 pixels") != std::string::npos);
  CHECK(text("5" + std::string(11, 'o') + "?").find("pixels, expected a number of pixels") != std::string::npos);

  CHECK(error_of([] { RunLengthMask(0, 4); }).find("found 0 x 4 pixels") != std::string::npos);
  CHECK(error_of([] { RunLengthMask(-2, -3); }) != "");
  CHECK(error_of([] { RunLengthMask(46341, 46341); }) != "");
  CHECK(error_of([] { RunLengthMask(INT64_MAX, INT64_MAX); }) != "");
  CHECK(error_of([] { RunLengthMask(46340, 46340); }) == "");
  CHECK(error_of([] { RunLengthMask::from_pixels(2, 2, std::vector<std::uint8_t>(3)); }) != "");
  CHECK(error_of([] { RunLengthMask::from_changes(2, 2, std::vector<Index>{2, 1}); }) != "");
  CHECK(error_of([] { RunLengthMask::from_changes(2, 2, std::vector<Index>{5}); }) != "");
  CHECK(error_of([] { RunLengthMask::from_changes(2, 2, std::vector<Index>{-1}); }) != "");

  const std::vector<RunLengthMask> other{RunLengthMask(2, 3), RunLengthMask(3, 2)};
  CHECK(error_of([&] { union_of(other); }) == "mae: masks: found 3 x 2 pixels, expected 2 x 3 as the first");
  CHECK(error_of([&] { shared_area(other[0], other[1]); }) != "");
  CHECK(error_of([&] { mask_iou(other[0], other[1]); }) != "");
  CHECK(error_of([] { union_of({}); }) == "mae: masks: found none, expected at least one");
}
