// Random numbers: the published vectors, and the independence that masks and weights rely on.
#include <mae/core/random.hpp>

#include <doctest/doctest.h>
#include <cmath>
#include <set>
#include <vector>

using namespace mae;

namespace {
constexpr bool gives(Philox p, std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return p.word[0] == a && p.word[1] == b && p.word[2] == c && p.word[3] == d;
}
// Known answers of Random123 for philox4x32-10, at compile time.
static_assert(gives(Philox(0, 0, 0, 0, 0), 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
static_assert(gives(Philox(~0u, ~0u, ~0u, ~0u, ~std::uint64_t{0}), 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
static_assert(gives(Philox(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0x299f31d0a4093822u), 0xd16cfe09, 0x94fdcceb,
                    0x5001e420, 0x24126ea1));

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - 0.5) * (b[i] - 0.5);
    aa += (a[i] - 0.5) * (a[i] - 0.5);
    bb += (b[i] - 0.5) * (b[i] - 0.5);
  }
  return ab / std::sqrt(aa * bb);
}
std::vector<double> numbers(const RandomStream& stream, int count) {
  std::vector<double> out;
  for (int n = 0; n < count; ++n) out.push_back(static_cast<double>(stream.uniform(static_cast<std::uint32_t>(n))));
  return out;
}
}  // namespace

TEST_CASE("the n-th number does not depend on which were asked before, at compile time or run time") {
  constexpr RandomStream stream(7, Purpose::mask, 3, 11);
  constexpr std::uint32_t tenth = stream.bits(10);
  const RandomStream again(7, Purpose::mask, 3, 11);
  CHECK(again.bits(0) != again.bits(1));
  CHECK(again.bits(10) == tenth);
}

TEST_CASE("numbers are uniform") {
  const RandomStream stream(1, Purpose::shuffle);
  constexpr int bins = 64, count = 64'000;
  std::vector<int> hits(bins);
  for (int n = 0; n < count; ++n) {
    const float u = stream.uniform(static_cast<std::uint32_t>(n));
    REQUIRE((u >= 0 && u < 1));
    ++hits[static_cast<std::size_t>(u * bins)];
  }
  double chi_squared = 0;
  for (const int hit : hits) chi_squared += (hit - 1000.0) * (hit - 1000.0) / 1000.0;
  CHECK(chi_squared > 30);  // 63 expected, deviation 11
  CHECK(chi_squared < 110);
}

TEST_CASE("whole numbers stay below their bound and reach all of it") {
  const RandomStream stream(1, Purpose::augment);
  std::vector<int> hits(7);
  for (std::uint32_t n = 0; n < 7000; ++n) ++hits.at(stream.below(n, 7));
  for (const int hit : hits) CHECK(std::abs(hit - 1000) < 150);
  CHECK(stream.below(3, 1) == 0);
}

TEST_CASE("normal numbers have mean 0, deviation 1 and thin tails") {
  const RandomStream stream(1, Purpose::initialise);
  constexpr std::uint32_t count = 40'000;
  double sum = 0, squares = 0, fourth = 0;
  int beyond_two = 0;
  for (std::uint32_t n = 0; n < count; ++n) {
    const double x = stream.normal(n);
    REQUIRE(std::isfinite(x));
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
    beyond_two += std::fabs(x) > 2;
  }
  CHECK(std::fabs(sum / count) < 0.02);
  CHECK(squares / count == doctest::Approx(1).epsilon(0.03));
  CHECK(fourth / count == doctest::Approx(3).epsilon(0.08));
  CHECK(beyond_two / double(count) == doctest::Approx(0.0455).epsilon(0.1));
}

TEST_CASE("streams of different name do not repeat and are not correlated") {
  const RandomStream base(5, Purpose::mask, 2, 9);
  const RandomStream others[] = {RandomStream(6, Purpose::mask, 2, 9),
                                 RandomStream(5, Purpose::shuffle, 2, 9),
                                 RandomStream(5, Purpose::mask, 3, 9),
                                 RandomStream(5, Purpose::mask, 2, 10),
                                 RandomStream(5, Purpose::mask, 2, 9 + (std::uint64_t{1} << 32)),
                                 RandomStream(2, Purpose::mask, 5, 9)};
  const auto a = numbers(base, 4000);
  for (const RandomStream& other : others) CHECK(std::fabs(correlation(a, numbers(other, 4000))) < 0.06);
  std::vector<double> shifted(a.begin() + 1, a.end());
  shifted.push_back(a.front());
  CHECK(std::fabs(correlation(a, shifted)) < 0.06);
  std::set<std::uint32_t> seen;
  for (std::uint64_t sample = 0; sample < 2000; ++sample)
    seen.insert(RandomStream(5, Purpose::mask, 2, sample).bits(0));
  CHECK(seen.size() == 2000);
}
