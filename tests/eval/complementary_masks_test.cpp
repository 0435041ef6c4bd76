#include <mae/eval/complementary_masks.hpp>

#include <doctest/doctest.h>

using namespace mae;

namespace {

/// Every patch is shown by some mask, hidden by the one that it is taken from, and taken once.
template <Index L, Index V>
void check_complement(Index expected) {
  INFO("L ", L, ", V ", V);
  using Masks = MaskBatch<L, V>;
  using Complement = ComplementaryMasks<Masks>;
  CHECK(Complement::count == expected);
  Masks start(1), mask(1);
  start.resize(1);
  mask.resize(1);
  start.random(0, 5, 0, 0);
  Index shown[L] = {}, taken[L] = {};
  for (Index k = 0; k < Complement::count; ++k) {
    Complement::set(start, k, mask);
    for (Index l = 0; l < L; ++l) {
      shown[l] += !mask.mask(0, l);
      if (k == 0) CHECK(mask.mask(0, l) == start.mask(0, l));
      if (!Complement::from_pass(start, k, l)) continue;
      ++taken[l];
      CHECK(mask.mask(0, l) == 1);
    }
  }
  for (Index l = 0; l < L; ++l) {
    CHECK(shown[l] >= 1);
    CHECK(taken[l] == 1);
  }
}

}  // namespace

TEST_CASE("complementary masks show and hide every patch") {
  check_complement<196, 49>(4);  // the paper's
  check_complement<16, 4>(4);
  check_complement<16, 8>(2);
  check_complement<100, 9>(12);  // 90 %, as the paper's code counts
  check_complement<9, 6>(3);     // more shown than hidden
  check_complement<15, 6>(3);
  check_complement<16, 15>(16);
  check_complement<16, 1>(16);
  check_complement<2, 1>(2);
  check_complement<7, 4>(3);
  check_complement<7, 3>(3);
}
