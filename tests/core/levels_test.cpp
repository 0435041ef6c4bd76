// The maps of a pyramid lie one after the other.
#include <mae/core/levels.hpp>

#include <doctest/doctest.h>

using namespace mae;

namespace {
using Pyramid = Levels<Grid<12, 10, 4>, Grid<6, 5, 8>, Grid<3, 2, 16>>;
static_assert(Pyramid::count == 3 && Pyramid::places == 120 + 30 + 6);
static_assert(Pyramid::all[0].first == 0 && Pyramid::all[1].first == 120 && Pyramid::all[2].first == 150);
static_assert(Pyramid::all[2].rows == 3 && Pyramid::all[2].columns == 2 && Pyramid::all[2].stride == 16);
}  // namespace

TEST_CASE("every place belongs to one map") {
  Index next = 0;
  for (const Level& level : Pyramid::all) {
    CHECK(level.first == next);
    next += level.places();
  }
  CHECK(next == Pyramid::places);
}
