#include <mae/model/masking.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <mae/model/geometry.hpp>

using namespace mae;

namespace {

using Masks = MaskBatch<16, 4>;

Masks masks(Index batch) {
  Masks result(batch);
  result.resize(batch);
  return result;
}
template <Index L, Index V>
std::vector<int> kept_ids(const MaskBatch<L, V>& m, Index b) {
  return {&m.keep()(b, 0), &m.keep()(b, 0) + V};
}
/// keep, hidden, restore and mask of sample b say the same.
template <Index L, Index V>
void check_consistent(const MaskBatch<L, V>& m, Index b) {
  std::vector<int> ids = kept_ids(m, b);
  ids.insert(ids.end(), &m.hidden()(b, 0), &m.hidden()(b, 0) + (L - V));
  for (Index rank = 0; rank < L; ++rank) REQUIRE(m.restore()(b, ids[static_cast<std::size_t>(rank)]) == rank);
  int hidden = 0;
  for (Index l = 0; l < L; ++l) hidden += m.mask(b, l);
  REQUIRE(hidden == L - V);
  for (const int id : kept_ids(m, b)) REQUIRE(m.mask(b, id) == 0);
  std::sort(ids.begin(), ids.end());
  for (Index l = 0; l < L; ++l) REQUIRE(ids[static_cast<std::size_t>(l)] == l);
}

}  // namespace

TEST_CASE("how many patches are kept: int(L (1 - ratio)) in double") {
  CHECK(MaskRatio<75>::kept(196) == 49);
  CHECK(MaskRatio<75>::kept(256) == 64);
  CHECK(MaskRatio<>::kept(16) == 4);
  CHECK(MaskRatio<90>::kept(100) == 9);
  CHECK(MaskRatio<80>::kept(100) == 19);
  CHECK(MaskRatio<60>::kept(10) == 4);
  CHECK(MaskRatio<1, 2>::kept(18) == 9);
  CHECK(MaskRatio<1, 3>::kept(9) == 6);
}

TEST_CASE("random masks hide the right number, each patch equally often, each pair too") {
  const int samples = 8000;
  Masks m = masks(1);
  double hidden[16] = {}, first_kept[16] = {}, both = 0;
  for (int sample = 0; sample < samples; ++sample) {
    m.random(0, 5, 0, static_cast<std::uint64_t>(sample));
    check_consistent(m, 0);
    for (Index l = 0; l < 16; ++l) hidden[l] += m.mask(0, l);
    first_kept[m.keep()(0, 0)] += 1;
    both += m.mask(0, 3) && m.mask(0, 4);
  }
  auto within = [&](double count, double p) {  // four deviations of a binomial
    return std::fabs(count - samples * p) < 4 * std::sqrt(samples * p * (1 - p));
  };
  for (Index l = 0; l < 16; ++l) {
    CHECK(within(hidden[l], 12.0 / 16));
    CHECK(within(first_kept[l], 1.0 / 16));
  }
  CHECK(within(both, 12.0 * 11 / (16 * 15)));
}

TEST_CASE("a mask depends on seed, epoch and sample number, not on its batch") {
  Masks alone = masks(1), batch = masks(3);
  alone.random(0, 1, 2, 30);
  for (Index b = 0; b < 3; ++b) batch.random(b, 1, 2, 28 + static_cast<std::uint64_t>(b));
  CHECK(kept_ids(batch, 2) == kept_ids(alone, 0));
  CHECK(kept_ids(batch, 1) != kept_ids(alone, 0));
  Masks other = masks(3);
  other.random(0, 2, 2, 30);
  other.random(1, 1, 3, 30);
  other.random(2, 1, 2, 30);
  CHECK(kept_ids(other, 0) != kept_ids(alone, 0));
  CHECK(kept_ids(other, 1) != kept_ids(alone, 0));
  CHECK(kept_ids(other, 2) == kept_ids(alone, 0));
}

TEST_CASE("noise: the smallest stay, in the order of their numbers; of equal ones the earlier patch") {
  MaskBatch<5, 2> m(1);
  m.resize(1);
  const float noise[] = {0.5f, 0.1f, 0.9f, 0.0f, 0.3f};
  m.from_noise(0, noise);
  CHECK(kept_ids(m, 0) == std::vector<int>{3, 1});
  CHECK(std::vector<int>(&m.hidden()(0, 0), &m.hidden()(0, 0) + 3) == std::vector<int>{4, 0, 2});
  check_consistent(m, 0);
  const float ties[] = {0.5f, 0.2f, 0.5f, 0.5f, 0.2f};
  m.from_noise(0, ties);
  CHECK(std::vector<int>(&m.restore()(0, 0), &m.restore()(0, 0) + 5) == std::vector<int>{2, 0, 3, 4, 1});
  check_consistent(m, 0);
}

TEST_CASE("ids: kept in the order given, the others in image order") {
  MaskBatch<5, 2> m(1);
  m.resize(1);
  const std::int32_t ids[] = {4, 1};
  m.from_ids(0, ids);
  CHECK(kept_ids(m, 0) == std::vector<int>{4, 1});
  CHECK(std::vector<int>(&m.hidden()(0, 0), &m.hidden()(0, 0) + 3) == std::vector<int>{0, 2, 3});
  check_consistent(m, 0);
}

TEST_CASE("a mask: both kept and hidden patches in image order") {
  MaskBatch<5, 2> m(1);
  m.resize(1);
  const std::uint8_t hide[] = {1, 0, 1, 1, 0};
  m.from_mask(0, hide);
  CHECK(kept_ids(m, 0) == std::vector<int>{1, 4});
  for (Index l = 0; l < 5; ++l) CHECK(m.mask(0, l) == hide[l]);
  check_consistent(m, 0);
}

TEST_CASE("bad masks are errors that say what was found and what was expected") {
  MaskBatch<5, 2> m(2);
  const std::int32_t good[] = {4, 1};
  CHECK_THROWS_WITH_AS(m.resize(3), "mae: MaskBatch: found a batch of 3, expected 1 to 2 samples", Error);
  CHECK_THROWS_AS(m.resize(0), Error);
  CHECK_THROWS_AS(m.from_ids(0, good), Error);  // nothing in use yet
  m.resize(1);
  CHECK_THROWS_AS(m.from_ids(1, good), Error);
  CHECK_THROWS_AS(m.from_ids(-1, good), Error);
  m.from_ids(0, good);
  for (const auto& ids : {std::vector<std::int32_t>{5, 1}, {1, -1}, {3, 3}})
    CHECK_THROWS_AS(m.from_ids(0, ids.data()), Error);
  const std::int32_t twice[] = {3, 3};
  CHECK_THROWS_WITH_AS(m.from_ids(0, twice),
                       "mae: mask ids: found patch 3 at place 1, expected distinct patches in [0, 5)", Error);
  const std::uint8_t too_many[] = {1, 0, 0, 1, 0};
  CHECK_THROWS_WITH_AS(m.from_mask(0, too_many), "mae: mask: found 3 visible patches, expected 2, as the model keeps",
                       Error);
  float noise[] = {0.5f, 0.1f, 0.9f, 0.0f, 0.3f};
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    noise[3] = bad;
    CHECK_THROWS_AS(m.from_noise(0, noise), Error);
  }
  CHECK_THROWS_WITH_AS(m.from_noise(0, noise), "mae: mask noise: found inf for patch 3, expected a finite number",
                       Error);
  check_consistent(m, 0);  // whatever failed, the sample's mask is whole
  CHECK(kept_ids(m, 0) == std::vector<int>{4, 1});
}
