#include <mae/data/to_tensor.hpp>

#include <doctest/doctest.h>

#include <mae/model/geometry.hpp>

#include "data/test_images.hpp"

using namespace test;

namespace {
using Same = ImageShape<2, 6, 9, 3>;
using Smaller = ImageShape<2, 4, 4, 2>;
}  // namespace

TEST_CASE("every image is in its place, as it is loaded without augmentation, resized or not, from any threads") {
  const Dataset set = random_images(5);
  const Normalization own = Normalization::of(set);
  auto check = [&]<class Geometry>(const Geometry&) {
    for (const int threads : {1, 3}) {
      const auto all = to_tensor<Geometry, float, Serial>(set, own, threads);
      REQUIRE(all.batch() == 5);
      static_assert(std::is_same_v<typename decltype(all)::Shape, typename Geometry::Pixels>);
      for (Index i = 0; i < 5; ++i) {
        const auto one = loaded(set, i, {}, 1, 0, own, Geometry::height, Geometry::width);
        const float* const found = &all(i, 0, 0, 0);
        check_close(std::vector<float>(found, found + Geometry::values), one, 0);
      }
    }
  };
  check(Same{});
  check(Smaller{});
  CHECK(to_tensor<Same, double>(set, plain)(0, 0, 0, 1) == doctest::Approx(set.pixels[1]));
}

TEST_CASE("images that are not there, have other channels or cannot be read are errors") {
  CHECK(error_of([] {
          to_tensor<Same>(Dataset{2, 6, 9, {}, {}, 0}, plain);
        }) == "mae: images: found no images, expected at least one");
  const Dataset set = random_images(1);
  CHECK(error_of([&] { to_tensor<ImageShape<3, 6, 9, 3>>(set, plain); }) ==
        "mae: images: found 2 channels, expected the model's 3");
  CHECK(error_of([&] {
          to_tensor<Same>(set, {{0}, {1}});
        }) == "mae: normalization: found statistics of 1 channels, expected the model's 2");
  Album album{{{2, 6, 9, std::vector<std::uint8_t>(108)}, {2, 6, 9, std::vector<std::uint8_t>(108)}}};
  album.broken = 1;
  CHECK(error_of([&] { to_tensor<Same>(album, plain); }) == "mae: image 1: found nothing, expected an image");
}
