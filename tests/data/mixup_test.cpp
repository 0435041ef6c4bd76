#include <mae/data/mixup.hpp>

#include <algorithm>

#include <doctest/doctest.h>

#include <mae/data/batches.hpp>
#include <mae/data/prefetch.hpp>

#include "data/test_images.hpp"

using namespace test;

namespace {

MixedBatch batch_of(std::uint64_t number, Index height = 24, Index width = 32) { return {3, 2, number, height, width}; }

/// A model's images: two channels of 6 x 9.
struct Geometry {
  static constexpr Index height = 6, width = 9, values = 2 * height * width;
  using Pixels = Shape<dyn, 2, height, width>;
};
using Loaded = Batch<Geometry, float>;

}  // namespace

TEST_CASE("numbers of Beta(α, α): distribution functions where they have a form, mean and variance for any α") {
  constexpr int count = 20000;
  for (const double alpha : {0.1, 0.5, 0.8, 1.0, 2.0, 50.0}) {
    std::vector<double> numbers;
    double sum = 0, squares = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      const double x = beta_number(RandomStream(5, Purpose::mix, 0, i), 4, alpha);
      REQUIRE(x >= 0);
      REQUIRE(x <= 1);
      numbers.push_back(x), sum += x, squares += (x - 0.5) * (x - 0.5);
    }
    INFO("α = ", alpha);
    const double variance = 1 / (4 * (2 * alpha + 1));
    CHECK(std::fabs(sum / count - 0.5) < 5 * std::sqrt(variance / count));
    CHECK(std::fabs(squares / count / variance - 1) < 0.05);
    std::sort(numbers.begin(), numbers.end());
    const auto distribution = [&](double x) {
      return alpha == 0.5 ? 2 / std::acos(-1.) * std::asin(std::sqrt(x)) : alpha == 1 ? x : 3 * x * x - 2 * x * x * x;
    };
    double furthest = 0;  // Kolmogorov and Smirnov
    for (std::size_t i = 0; i < numbers.size(); ++i)
      furthest = std::max(furthest, std::fabs(distribution(numbers[i]) - (double(i) + 0.5) / count));
    if (alpha == 0.5 || alpha == 1 || alpha == 2) CHECK(furthest < 1.95 / std::sqrt(count));
    const auto extreme = std::count_if(numbers.begin(), numbers.end(), [](double x) { return x < 0.1 || x > 0.9; });
    if (alpha == 0.8) CHECK(std::fabs(double(extreme) / count - 0.26) < 0.015);
  }
  // So small that a Gamma number underflows: still one side or the other.
  int ones = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const double x = beta_number(RandomStream(5, Purpose::mix, 0, i), 4, 1e-5);
    CHECK((x < 1e-6 || x > 1 - 1e-6));
    ones += x > 0.5;
  }
  CHECK(std::abs(ones - 500) < 70);
}

TEST_CASE("half of the batches are cut, half blended; shares follow from what is seen") {
  int cut = 0, clipped = 0;
  double share = 0;
  constexpr int batches = 4000;
  for (std::uint64_t i = 0; i < batches; ++i) {
    const MixedBatch batch = batch_of(i);
    const Mix mix = Mixup{}.mix(batch);
    share += mix.share / batches;
    if (mix.own != 0) {
      CHECK(mix.share == mix.own);
      CHECK(mix.height * mix.width == 24 * 32);
      CHECK(mix.own == beta_number(batch.random, 4, 0.8));
      continue;
    }
    ++cut;
    // The definition: sides √(1 - λ) of the image's, around a centre, cut at its edges.
    const double side = std::sqrt(1 - beta_number(batch.random, 4, 1));
    const long h = long(24 * side), w = long(32 * side), y = batch.random.below(2, 24), x = batch.random.below(3, 32);
    const long top = std::max(0l, y - h / 2), bottom = std::min(24l, y + (h + 1) / 2);
    const long left = std::max(0l, x - w / 2), right = std::min(32l, x + (w + 1) / 2);
    CHECK(mix.top == top);
    CHECK(mix.left == left);
    CHECK(mix.height == bottom - top);
    CHECK(mix.width == right - left);
    CHECK(mix.share == doctest::Approx(1 - double((bottom - top) * (right - left)) / (24 * 32)).epsilon(1e-12));
    clipped += bottom - top < h || right - left < w;
  }
  CHECK(std::abs(cut - batches / 2) < 150);
  CHECK(clipped > 500);
  CHECK(share > 0.5);  // cut boxes lose what is outside
  for (std::uint64_t i = 0; i < 50; ++i) {
    CHECK(Mixup{.cutmix = 0}.mix(batch_of(i)).own != 0);
    CHECK(Mixup{.mixup = 0}.mix(batch_of(i)).own == 0);
    CHECK(Mixup{.probability = 0}.mix(batch_of(i)).share == 1);
    CHECK(Mixup{.mixup = 0, .cutmix = 0}.mix(batch_of(i)).share == 1);
  }
}

TEST_CASE("the loader mixes pairs from both ends of the batch, by the number of the batch, ahead or not") {
  const Dataset set = random_images(23);
  const Normalization normalization{{0.4, 0.3}, {0.5, 0.2}};
  Augmentation augmentation{.flip = true};
  const BatchOrder order{23, 5, 5, 9};  // the last batch has 3
  Loader<Geometry, float> plainly(set, normalization, augmentation, order);
  augmentation.transforms = {Mixup{}};
  Loader<Geometry, float> mixing(set, normalization, augmentation, order);
  Prefetch ahead(mixing, 3);
  int different = 0;
  for (Index position = 0; position < 10; ++position) {
    Loaded before(5), after(5);
    plainly.load<Serial>(position, before, 1), mixing.load<Serial>(position, after, 1);
    REQUIRE(before.samples == after.samples);
    const Mix mix =
        Mixup{}.mix({9, static_cast<std::uint64_t>(position / 5), static_cast<std::uint64_t>(position % 5), 6, 9});
    CHECK(after.mix.share == mix.share);
    CHECK(before.mix.share == 1);
    different += mix.share != 1;
    for (Index b = 0; b < before.count(); ++b)
      for (Index c = 0; c < 2; ++c)
        for (Index y = 0; y < 6; ++y)
          for (Index x = 0; x < 9; ++x) {
            const Index partner = before.count() - 1 - b;
            const bool inside = y >= mix.top && y < mix.top + mix.height && x >= mix.left && x < mix.left + mix.width;
            const double own = inside && partner != b ? mix.own : 1;
            const double expected =
                own * double(before.images(b, c, y, x)) + (1 - own) * double(before.images(partner, c, y, x));
            CHECK(double(after.images(b, c, y, x)) == doctest::Approx(expected).epsilon(1e-6));
          }
    const Loaded& same = ahead.at(position);
    CHECK(std::equal(after.view().begin(), after.view().end(), same.view().begin(), same.view().end()));
    CHECK(same.mix.share == mix.share);
  }
  CHECK(different == 10);
}

TEST_CASE("options that make no sense are named") {
  const auto error = [](Mixup mixup) { return error_of([&] { validate({.transforms = {mixup}}); }); };
  CHECK(error({}) == "");
  CHECK(error_of([] {
          validate({.transforms = {Mixup{}, Mixup{}}});
        }) == "mae: transforms: found 2 that mix batches, expected one");
  CHECK(error({.mixup = -1}) == "mae: mixup: found -1.000000, expected a finite number from 0");
  CHECK(error({.cutmix = HUGE_VAL}) == "mae: cutmix: found inf, expected a finite number from 0");
  CHECK(error({.probability = 2}) == "mae: mixup: probability: found 2.000000, expected a share from 0 to 1");
  CHECK(error({.cutmix_share = -0.1}) == "mae: mixup: cutmix_share: found -0.100000, expected a share from 0 to 1");
}
