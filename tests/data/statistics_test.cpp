#include <mae/data/statistics.hpp>

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>
#include <mae/data/augment.hpp>
#include <mae/data/dataset.hpp>

#include "data/test_images.hpp"

using namespace test;

TEST_CASE("mean and deviation of each channel, the same from any number of threads") {
  const Dataset set{2, 1, 2, {0, 0, 7, 7, 255, 255, 7, 7, 0, 0, 7, 7}, {}, 0};
  for (const int threads : {1, 2, 5}) {
    const auto statistics = channel_statistics<Serial>(set, threads);
    REQUIRE(statistics.mean.size() == 2);
    CHECK(statistics.mean[0] == doctest::Approx(1.0 / 3).epsilon(1e-12));
    CHECK(statistics.deviation[0] == doctest::Approx(std::sqrt(2.0) / 3).epsilon(1e-12));
    CHECK(statistics.mean[1] == doctest::Approx(7.0 / 255).epsilon(1e-12));
    CHECK(statistics.deviation[1] == 0);
  }
}

TEST_CASE("of images of several sizes every pixel counts once") {
  const Album album{{{1, 1, 1, {255}}, {1, 1, 3, {0, 0, 0}}}};
  const auto statistics = channel_statistics(album);
  CHECK(statistics.mean[0] == 0.25);
  CHECK(statistics.deviation[0] == doctest::Approx(std::sqrt(3.0) / 4).epsilon(1e-12));
}

TEST_CASE("an image that cannot be read is an error from any number of threads") {
  Album album{{{1, 1, 1, {255}}, {1, 1, 1, {0}}, {1, 1, 1, {0}}}};
  album.broken = 2;
  for (const int threads : {1, 2, 3})
    CHECK(error_of([&] { channel_statistics(album, threads); }) == "mae: image 2: found nothing, expected an image");
}

TEST_CASE("normalised by its own statistics a set has mean 0 and deviation 1; a channel of one value stays finite") {
  Dataset set = random_images(50);
  const Normalization own = Normalization::of(channel_statistics(set));
  for (std::size_t c = 0; c < 2; ++c) {
    double sum = 0, squares = 0;
    for (Index i = 0; i < 50; ++i) {
      const auto values = loaded(set, i, {}, 1, 0, own);
      for (std::size_t at = 54 * c; at < 54 * (c + 1); ++at) {
        sum += double(values[at]);
        squares += double(values[at]) * double(values[at]);
      }
    }
    CHECK(sum / 2700 == doctest::Approx(0).epsilon(1e-6));
    CHECK(squares / 2700 == doctest::Approx(1).epsilon(1e-6));
  }
  std::fill(set.pixels.begin(), set.pixels.end(), std::uint8_t{40});
  const Normalization flat = Normalization::of(channel_statistics(set));
  check_close(loaded(set, 0, {}, 1, 0, flat), std::vector<double>(108, 0), 1e-6);
}

TEST_CASE("a normalisation is made of images in one call, by any number of threads") {
  const Dataset set = random_images(9);
  const Normalization two_calls = Normalization::of(channel_statistics(set));
  CHECK(Normalization::of(set) == two_calls);
  CHECK(Normalization::of<Serial>(set, 3) == two_calls);
  CHECK(two_calls != plain);
  Album album{{{1, 1, 1, {255}}, {1, 1, 1, {0}}}};
  album.broken = 1;
  CHECK(error_of([&] { Normalization::of(album); }) == "mae: image 1: found nothing, expected an image");
}

TEST_CASE("channels must be the model's") {
  const Dataset set = random_images(1);
  check_channels(set, plain, 2, "images");
  CHECK(error_of([&] { check_channels(set, plain, 3, "images"); }) ==
        "mae: images: found 2 channels, expected the model's 3");
  for (const Normalization& wrong : {Normalization{{0}, {1, 1}}, Normalization{{0, 0}, {1}}})
    CHECK(error_of([&] { check_channels(set, wrong, 2, "images"); }) ==
          "mae: normalization: found statistics of 1 channels, expected the model's 2");
}
