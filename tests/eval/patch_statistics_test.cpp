#include <cmath>

#include <mae/eval/patch_statistics.hpp>

#include <doctest/doctest.h>

using namespace mae;

TEST_CASE("mean and deviation of patches") {
  const auto s = PatchStatistics::of({1, 2, 4, 9, 5, 5, 5, 5}, 4);  // mean 4, unbiased variance 38 / 3; no contrast
  REQUIRE(s.mean.size() == 2);
  CHECK(s.mean[0] == doctest::Approx(4));
  CHECK(s.deviation[0] == doctest::Approx(std::sqrt(38. / 3 + 1e-6)));
  CHECK(s.mean[1] == doctest::Approx(5));
  CHECK(s.deviation[1] == doctest::Approx(1e-3));
}

TEST_CASE("hidden patches are estimated from the visible ones alone, the nearer the more") {
  //  0 1 2
  //  3 4 5   patches 0, 1, 4 and 5 are hidden
  const std::vector<std::uint8_t> hidden = {1, 1, 0, 0, 1, 1};
  PatchStatistics s{{9, 9, 10, 20, 9, 9}, {9, 9, 1, 3, 9, 9}};
  const PatchStatistics e = s.estimated(hidden, 3);
  CHECK(e.mean[2] == 10);
  CHECK(e.deviation[3] == 3);
  const double near = 1, far = 1. / 16, diagonal = 1. / 4;
  CHECK(e.mean[0] == doctest::Approx((far * 10 + near * 20) / (far + near)));
  CHECK(e.mean[1] == doctest::Approx((near * 10 + diagonal * 20) / (near + diagonal)));
  CHECK(e.deviation[1] == doctest::Approx((near * 1 + diagonal * 3) / (near + diagonal)));
  CHECK(e.mean[4] == doctest::Approx((diagonal * 10 + near * 20) / (diagonal + near)));
  CHECK(e.mean[5] == doctest::Approx((near * 10 + far * 20) / (near + far)));
  // What is hidden does not matter.
  for (const std::size_t p : {std::size_t{0}, std::size_t{1}, std::size_t{4}, std::size_t{5}}) s.mean[p] = -100;
  CHECK(s.estimated(hidden, 3).mean == e.mean);
}
