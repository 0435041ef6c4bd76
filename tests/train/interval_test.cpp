#include <mae/train/interval.hpp>

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "support/error_of.hpp"

using mae::Interval, mae::Index;

namespace {

/// The steps of `count` at which it is time, one update a second.
std::vector<Index> times(Interval saves, Index from, Index count) {
  std::vector<Index> due;
  for (Index step = from; step < from + count; ++step)
    if (saves.due(step, static_cast<double>(step))) due.push_back(step);
  return due;
}

}  // namespace

TEST_CASE("every so many updates of the run, wherever it was resumed") {
  CHECK(times({4, 0}, 1, 12) == std::vector<Index>{4, 8, 12});
  CHECK(times({4, 0}, 7, 6) == std::vector<Index>{8, 12});
  CHECK(times({1, 0}, 1, 2) == std::vector<Index>{1, 2});
}

TEST_CASE("every so many seconds from the last time, and both") {
  CHECK(times({0, 5}, 1, 16) == std::vector<Index>{5, 10, 15});
  CHECK(times({0, 4.5}, 1, 16) == std::vector<Index>{5, 10, 15});
  CHECK(times({0, 5, 100}, 101, 10) == std::vector<Index>{105, 110});
  CHECK(times({7, 5}, 1, 20) == std::vector<Index>{5, 7, 12, 14, 19});
}

TEST_CASE("never, and numbers that make no sense") {
  CHECK(times({0, 0}, 1, 100).empty());
  CHECK(test::error_of([] { Interval(-1, 0); }) == "mae: updates between: found -1, expected a whole number from 0");
  CHECK(test::error_of([] { Interval(0, -1); }) ==
        "mae: seconds between: found -1.000000, expected a finite number from 0");
  CHECK(test::error_of([] { Interval(0, HUGE_VAL); }) ==
        "mae: seconds between: found inf, expected a finite number from 0");
}
