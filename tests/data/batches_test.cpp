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
