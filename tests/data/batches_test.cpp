#include <mae/data/batches.hpp>

#include <algorithm>
#include <set>

#include <doctest/doctest.h>

#include "data/test_images.hpp"

using mae::Index, mae::shuffled, mae::sample_key;

TEST_CASE("an order holds every number once and follows from seed and epoch") {
  for (const Index count : {0, 1, 2, 3, 1000}) {
    std::vector<Index> order = shuffled(count, 7, 3);
    CHECK(order == shuffled(count, 7, 3));
    std::sort(order.begin(), order.end());
    REQUIRE(static_cast<Index>(order.size()) == count);
    for (Index i = 0; i < count; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
  }
  CHECK(shuffled(1000, 7, 3) != shuffled(1000, 7, 4));
  CHECK(shuffled(1000, 7, 3) != shuffled(1000, 8, 3));
  CHECK(shuffled(1000, 3, 7) != shuffled(1000, 7, 3));
}

TEST_CASE("all six orders of three numbers are equally frequent") {
  std::vector<int> count(27);
  for (std::uint64_t epoch = 0; epoch < 6000; ++epoch) {
    const auto order = shuffled(3, 1, epoch);
    ++count[static_cast<std::size_t>(9 * order[0] + 3 * order[1] + order[2])];
  }
  int orders = 0;
  for (const int times : count) {
    if (times == 0) continue;
    ++orders;
    CHECK(times > 850);  // 1000 expected, deviation 29
    CHECK(times < 1150);
  }
  CHECK(orders == 6);
}

TEST_CASE("samples have keys of their own") {
  std::set<std::uint64_t> keys;
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    for (std::uint64_t epoch = 0; epoch < 10; ++epoch)
      for (std::uint64_t sample = 0; sample < 10; ++sample) keys.insert(sample_key(seed, epoch, sample));
  CHECK(keys.size() == 1000);
  CHECK(sample_key(1, 2, 3) == sample_key(1, 2, 3));
}

namespace {
/// A model's images: 3 × 96 × 96, so that ten fill more than the batch that is worth a second thread.
struct Geometry {
  static constexpr Index height = 96, width = 96, values = 3 * height * width;
  using Pixels = mae::Shape<mae::dyn, 3, height, width>;
};
/// Threads of a number of their own, one after the other.
struct Turns {
  static inline int most = 0;
  template <class Work>
  static void run(int threads, const Work& work) {
    most = threads;
    for (int thread = threads - 1; thread >= 0; --thread) work(thread);
  }
};
using Batch = mae::Batch<Geometry, float>;
bool same(const Batch& a, const Batch& b) {
  return a.samples == b.samples && a.numbers == b.numbers && a.epoch == b.epoch &&
         std::equal(a.view().begin(), a.view().end(), b.view().begin(), b.view().end());
}
mae::Dataset six() {
  mae::Dataset set{3, 4, 5, {}, {}, 0};
  for (int i = 0; i < 60 * 6; ++i) set.pixels.push_back(static_cast<std::uint8_t>(i * i + 7 * i));
  return set;
}
const mae::Normalization normalization{{0.1, 0.2, 0.3}, {1, 2, 3}};
const mae::Augmentation augmentation{.shift = 1, .flip = true, .min_crop_scale = 0.5};
}  // namespace

TEST_CASE("a batch holds the samples asked for, in that order, whatever the number of threads") {
  const mae::Dataset set = six();
  Batch expected(10);
  expected.epoch = 8;
  expected.samples = {5, 0, 3, 3, 1, 2, 4, 5, 0, 1};
  expected.numbers = expected.samples;
  for (Index b = 0; b < 10; ++b)
    mae::load_sample(set, expected.samples[static_cast<std::size_t>(b)], normalization, augmentation, 3, 8,
                     expected.images.data() + b * Geometry::values, 96, 96);
  for (const int threads : {1, 2, 3, 16}) {
    Batch found(10);
    found.epoch = 8;
    found.samples = expected.samples;
    mae::load_batch<Turns>(set, normalization, augmentation, 3, found, threads);
    CHECK(Turns::most == threads);
    CHECK(same(found, expected));
  }
  // A small batch wakes nobody.
  Batch found(1);
  found.epoch = 8;
  found.samples = {5};
  mae::load_batch<Turns>(set, normalization, augmentation, 3, found, 4);
  CHECK(Turns::most == 1);
  CHECK(std::equal(found.view().begin(), found.view().end(), expected.images.begin()));
}

TEST_CASE("a loader's batch is a function of its position") {
  const mae::Dataset set = six();
  const mae::BatchOrder order{6, 4, 2, 9};  // batches of 4 and 2
  mae::Loader<Geometry, float> loader(set, normalization, augmentation, order), other = loader;
  Batch batch(4), again(4);
  std::vector<Index> seen;
  for (const Index position : {0, 1, 2, 3, 4, 5}) {
    loader.load<Turns>(position, batch, 1);
    CHECK(batch.epoch == static_cast<std::uint64_t>(position / 2));
    CHECK(batch.count() == (position % 2 ? 2 : 4));
    seen.insert(seen.end(), batch.samples.begin(), batch.samples.end());
    if (position % 2 == 0) continue;
    CHECK(seen == shuffled(6, 9, batch.epoch));
    seen.clear();
    mae::Loader<Geometry, float>(set, normalization, augmentation, order).load<Turns>(position, again, 1);
    CHECK(same(batch, again));
  }
  for (const Index position : {5, 1, 0}) {
    other.load<Turns>(position, again, 1);
    loader.load<Turns>(position, batch, 1);
    CHECK(same(batch, again));
  }
}

TEST_CASE("an image that stands in for a broken one is the one whose number is told") {
  const mae::Dataset set = six();
  test::Album album;
  for (Index i = 0; i < 6; ++i) album.images.push_back(set.copy(i));
  album.broken = 2;
  Batch batch(2);
  batch.samples = {1, 2};
  CHECK(test::error_of([&] { mae::load_batch<Turns>(album, normalization, {}, 0, batch, 1); }) ==
        "mae: image 2: found nothing, expected an image");
  album.substitute = 4;
  mae::load_batch<Turns>(album, normalization, {}, 0, batch, 1);
  CHECK(batch.samples == std::vector<Index>{1, 2});
  CHECK(batch.numbers == std::vector<Index>{1, 4});
  Batch expected(2);
  expected.samples = {1, 4};
  mae::load_batch<Turns>(set, normalization, {}, 0, expected, 1);
  CHECK(std::equal(batch.view().begin(), batch.view().end(), expected.view().begin()));
}
