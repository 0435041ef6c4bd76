#include <mae/data/images.hpp>

#include <doctest/doctest.h>

#include "data/test_images.hpp"

using namespace test;

TEST_CASE("a view of a collection asks the collection") {
  const Dataset set{1, 2, 2, {1, 2, 3, 4, 5, 6, 7, 8}, {2, 0}, 3};
  const Images images(set);
  CHECK(images.size() == 2);
  CHECK(images.channels() == 1);
  CHECK(images.classes() == 3);
  CHECK(images.label(0) == 2);
  int calls = 0;
  images.with_image(1, [&](const ImageView& image) {
    ++calls;
    CHECK(image.pixels == set.image(1).data());  // no copy
    CHECK(image.height == 2);
    CHECK(image.width == 2);
    CHECK(image.number == 1);
  });
  CHECK(calls == 1);
  const Images copy = images;
  CHECK(copy.label(1) == 0);
}

TEST_CASE("without labels there are no classes") {
  const Dataset set{1, 1, 1, {1, 2}, {}, 3};
  CHECK(Images(set).classes() == 0);
  CHECK(Images(set).label(1) == -1);
}

TEST_CASE("the check is the collection's own") {
  const Album empty;
  CHECK(error_of([&] { Images(empty).ensure_valid("album"); }) == "mae: album: found no images, expected at least one");
  const Dataset torn{1, 2, 2, {1, 2, 3}, {}, 0};
  CHECK(error_of([&] { Images(torn).ensure_valid("set"); }) == "mae: set: found 3 bytes of pixels, expected a multiple of 4");
}
