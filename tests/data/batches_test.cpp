#include <mae/data/batches.hpp>

#include <algorithm>
#include <set>

#include <doctest/doctest.h>

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
}  // namespace

TEST_CASE("a batch holds the samples asked for, in that order, whatever the number of threads") {
  mae::Dataset set{3, 4, 5, {}, {}, 0};
  for (int i = 0; i < 60 * 6; ++i) set.pixels.push_back(static_cast<std::uint8_t>(i * i + 7 * i));
  const mae::Normalization normalization{{0.1, 0.2, 0.3}, {1, 2, 3}};
  const mae::Augmentation augmentation{.shift = 1, .flip = true, .smallest_crop = 0.5};
  const std::vector<Index> samples{5, 0, 3, 3, 1, 2, 4, 5, 0, 1};
  constexpr auto values = static_cast<std::size_t>(Geometry::values);
  std::vector<float> expected(values * samples.size());
  for (std::size_t b = 0; b < samples.size(); ++b)
    mae::load_sample(set, samples[b], normalization, augmentation, 3, 8, expected.data() + b * values, 96, 96);
  for (const int threads : {1, 2, 3, 16}) {
    std::vector<float> found(expected.size());
    mae::load_batch<Geometry, Turns>(set, samples, normalization, augmentation, 3, 8, found.data(), threads);
    CHECK(Turns::most == threads);
    CHECK(found == expected);
  }
  // A small batch wakes nobody.
  std::vector<float> found(values);
  const auto one = std::span(samples).first(1);
  mae::load_batch<Geometry, Turns>(set, one, normalization, augmentation, 3, 8, found.data(), 4);
  CHECK(Turns::most == 1);
  CHECK(std::equal(found.begin(), found.end(), expected.begin()));
}
