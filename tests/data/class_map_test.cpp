#include <mae/data/class_map.hpp>

#include <doctest/doctest.h>

#include <mae/data/batches.hpp>

#include "data/test_images.hpp"

using namespace test;

namespace {

/// Each pixel's level is ten times its class.
SegmentationSet painted(Index count, Index height, Index width) {
  SegmentationSet set{{1, height, width, {}, {}, 0}, {}, 20};
  const RandomStream stream(3, Purpose::probe);
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(count * height * width); ++i) {
    set.maps.push_back(static_cast<std::uint8_t>(stream.below(i, 20)));
    set.images.pixels.push_back(static_cast<std::uint8_t>(10 * set.maps.back()));
  }
  return set;
}

struct Geometry {
  static constexpr Index height = 12, width = 18, values = height * width;
  using Pixels = Shape<dyn, 1, height, width>;
};
const Normalization bytes{{0}, {1. / 255}};

/// Gives maps of a size of its own.
struct Misfit : SegmentationSet {
  Index rows, columns;
  void with_target(Index, const auto& use) const { use(ClassMapView{maps.data(), rows, columns}); }
};

}  // namespace

TEST_CASE("a map follows its image: where nothing is resized every pixel has the class that it shows") {
  const SegmentationSet set = painted(30, 12, 18);
  Batch<Geometry, float, ClassMap> batch(30);
  batch.samples = shuffled(30, 1, 0);
  for (const Augmentation& augmentation :
       {Augmentation{}, Augmentation{.shift = 3}, Augmentation{.flip = true}, Augmentation{.shift = 2, .flip = true}}) {
    load_batch<Serial>(set, bytes, augmentation, 7, batch, 1);
    for (Index b = 0; b < 30; ++b)
      for (Index p = 0; p < Geometry::values; ++p)
        CHECK(std::round(double(batch.images.data()[b * Geometry::values + p])) ==
              10 * batch.targets[static_cast<std::size_t>(b)][static_cast<std::size_t>(p)]);
  }
}

TEST_CASE("a map is resized to the nearest pixel, as Pillow's nearest does it, and never blended") {
  // What Pillow 13 makes of range(5) in steps of one row, by Image.resize((n, 1), NEAREST, box=(1, 0, 5, 1)).
  const std::uint8_t row[] = {0, 1, 2, 3, 4};
  const auto resized = [&](Index to, bool mirrored) {
    Placement placement{1, to, {0, 1, 1, 4}};
    if (mirrored) placement.mirror();
    ClassMap::Placed placed;
    ClassMap::place({row, 1, 5}, placement, placed);
    return placed;
  };
  CHECK(resized(4, false) == ClassMap::Placed{1, 2, 3, 4});
  CHECK(resized(8, false) == ClassMap::Placed{1, 1, 2, 2, 3, 3, 4, 4});
  CHECK(resized(3, false) == ClassMap::Placed{1, 3, 4});
  CHECK(resized(2, false) == ClassMap::Placed{2, 4});
  CHECK(resized(7, false) == ClassMap::Placed{1, 1, 2, 3, 3, 4, 4});
  CHECK(resized(7, true) == ClassMap::Placed{4, 4, 3, 3, 2, 1, 1});
  ClassMap::Placed placed;
  CHECK(error_of([&] {
          ClassMap::place({row, 1, 4}, {1, 4, {0, 1, 1, 4}}, placed);
        }) == "mae: class map: found 1 x 4 pixels, expected as many as its image has");
}

TEST_CASE("a map that is larger or smaller than its image is told") {
  for (const auto& [height, width] : {std::pair<Index, Index>{13, 18}, {12, 19}, {24, 36}, {11, 18}}) {
    Misfit set{painted(3, 12, 18), height, width};
    Batch<Geometry, float, ClassMap> batch(1);
    batch.samples = {0};
    for (const Augmentation& augmentation : {Augmentation{}, Augmentation{.min_crop_scale = 0.3}})
      CHECK(error_of([&] { load_batch<Serial>(set, bytes, augmentation, 7, batch, 1); }) ==
            "mae: class map: found " + std::to_string(height) + " x " + std::to_string(width) +
                " pixels, expected as many as its image has");
  }
}

TEST_CASE("a set that is not whole is told") {
  const auto error = [](const auto& edit) {
    SegmentationSet set = painted(2, 3, 4);
    edit(set);
    return error_of([&] { validate(set, "set"); });
  };
  CHECK(error([](auto&) {}) == "");
  CHECK(error([](auto& set) { set.maps[5] = ClassMap::ignored; }) == "");
  CHECK(error([](auto& set) { set.maps[17] = 20; }) ==
        "mae: set: found class 20 in the map of image 1, expected classes below 20, or 255 for none");
  CHECK(error([](auto& set) { set.maps.pop_back(); }) ==
        "mae: set: found 23 bytes of class maps, expected 24, one for each pixel");
  CHECK(error([](auto& set) { set.classes = 0; }) == "mae: set: found 0 classes, expected 1 to 255");
  CHECK(error([](auto& set) { set.classes = 256; }) == "mae: set: found 256 classes, expected 1 to 255");
  CHECK(error([](auto& set) { set.images.pixels.clear(); }) == "mae: set: found no images, expected at least one");
}
