#include <mae/data/dataset.hpp>
#include <mae/data/subset.hpp>

#include <cmath>
#include <doctest/doctest.h>

#include "support/error_of.hpp"

using mae::Dataset, mae::Image, mae::Index, test::error_of;

namespace {

// Three images of two channels, 1 x 2 pixels.
Dataset small() { return {2, 1, 2, {0, 255, 7, 7, 255, 0, 7, 7, 0, 0, 7, 7}, {2, 0, 1}, 3}; }

}  // namespace

TEST_CASE("images, subsets and images") {
  const Dataset set = small();
  CHECK(set.size() == 3);
  CHECK(set.image_size() == 4);
  CHECK(set.copy(1) == Image{2, 1, 2, {255, 0, 7, 7}});
  const Index wanted[] = {2, 0, 0};
  const Dataset part = mae::subset(set, wanted);
  CHECK(part.pixels == std::vector<std::uint8_t>{0, 0, 7, 7, 0, 255, 7, 7, 0, 255, 7, 7});
  CHECK(part.labels == std::vector<std::int32_t>{1, 2, 2});
  CHECK(part.classes == 3);
  Dataset unlabelled = small();
  unlabelled.labels.clear();
  CHECK(mae::subset(unlabelled, wanted).labels.empty());
  const Index beyond[] = {0, 3}, negative[] = {-1};
  CHECK(error_of([&] { mae::subset(set, beyond); }) == "mae: subset: found image 3, expected a number below 3");
  CHECK(error_of([&] { mae::subset(set, negative); }) == "mae: subset: found image -1, expected a number below 3");
  CHECK(Dataset{}.size() == 0);
}

TEST_CASE("a set that is not whole is refused") {
  const auto refused = [](const auto& change) {
    Dataset set = small();
    change(set);
    return error_of([&] { mae::validate(set, "x"); });
  };
  CHECK(refused([](Dataset&) {}) == "");
  CHECK(refused([](Dataset& set) { set.labels.clear(); }) == "");
  CHECK(refused([](Dataset& set) { set.width = 0; }) ==
        "mae: x: found images of 2 x 1 x 0, expected at least one channel, row and column");
  CHECK(refused([](Dataset& set) { set.pixels.clear(); }) == "mae: x: found no images, expected at least one");
  CHECK(refused([](Dataset& set) { set.pixels.pop_back(); }) ==
        "mae: x: found 11 bytes of pixels, expected a multiple of 4");
  CHECK(refused([](Dataset& set) { set.labels.pop_back(); }) ==
        "mae: x: found 2 labels for 3 images, expected one for each");
  CHECK(refused([](Dataset& set) { set.labels[1] = 3; }) == "mae: x: found the label 3, expected labels from 0 to 2");
  CHECK(refused([](Dataset& set) { set.labels[1] = -1; }) == "mae: x: found the label -1, expected labels from 0 to 2");
}
