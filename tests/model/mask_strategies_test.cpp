#include <mae/model/mask_strategies.hpp>

#include <algorithm>
#include <set>

#include <doctest/doctest.h>

#include <mae/model/masking.hpp>

#include "support/error_of.hpp"

using namespace mae;

namespace {

/// How a strategy hides patches of a grid, sample after sample.
template <Index Rows, Index Columns, Index V, Index Patch = 16>
struct Drawn {
  static constexpr Index L = Rows * Columns;
  static constexpr PatchGrid grid{Rows, Columns, Patch};
  MaskBatch<L, V> masks{1};

  Drawn() { masks.resize(1); }
  void draw(const Masking& strategy, std::uint64_t sample, std::uint64_t seed = 0, std::uint64_t epoch = 0) {
    masks.draw(0, strategy, grid, seed, epoch, sample);
  }
  bool hidden(Index y, Index x) const { return masks.mask(0, y * Columns + x) == 1; }
  Index visible_count() const {
    Index count = 0;
    for (Index l = 0; l < L; ++l) count += !masks.mask(0, l);
    return count;
  }
  /// Pairs of neighbours, one visible and one hidden, among all pairs: .376 where patches are independent, at 75 %.
  double boundary() const {
    double unlike = 0, pairs = 0;
    for (Index y = 0; y < Rows; ++y)
      for (Index x = 0; x < Columns; ++x) {
        if (y + 1 < Rows) pairs += 1, unlike += hidden(y, x) != hidden(y + 1, x);
        if (x + 1 < Columns) pairs += 1, unlike += hidden(y, x) != hidden(y, x + 1);
      }
    return unlike / pairs;
  }
};
using Paper = Drawn<14, 14, 49>;

double mean_boundary(const Masking& strategy) {
  Paper drawn;
  double sum = 0;
  for (std::uint64_t sample = 0; sample < 500; ++sample) drawn.draw(strategy, sample), sum += drawn.boundary();
  return sum / 500;
}
/// The priorities of a strategy themselves.
std::vector<float> priorities(const Masking& strategy, const MaskSample& sample) {
  std::vector<float> result(static_cast<std::size_t>(sample.patches()), -1.f);
  strategy(sample, result.data());
  return result;
}

/// What is near the middle stays.
struct CentreMasking {
  static constexpr const char* name = "centre";
  void operator()(const MaskSample& sample, float* priority) const {
    const auto [rows, columns, patch] = sample.grid;
    for (Index l = 0; l < sample.patches(); ++l) {
      const Index y = 2 * (l / columns) + 1 - rows, x = 2 * (l % columns) + 1 - columns;
      priority[l] = static_cast<float>(y * y + x * x) + sample.uniform(l);
    }
  }
};

/// Leaves the last patch out.
struct ForgetfulMasking {
  static constexpr const char* name = "forgetful";
  void operator()(const MaskSample& sample, float* priority) const {
    for (Index l = 0; l < sample.patches() - 1; ++l) priority[l] = 0;
  }
};
/// What an array [samples, L] says, as of a saliency map.
struct GivenMasking {
  const float* numbers;
  const char* name;
  void operator()(const MaskSample& sample, float* priority) const {
    std::copy_n(numbers + static_cast<Index>(sample.number) * sample.patches(), sample.patches(), priority);
  }
};

}  // namespace

TEST_CASE_TEMPLATE("exactly V patches stay, whatever the strategy, the grid and V", D, Paper, Drawn<14, 14, 98>,
                   Drawn<14, 14, 1>, Drawn<14, 14, 195>, Drawn<4, 4, 4, 2>, Drawn<1, 7, 2>, Drawn<7, 1, 5>,
                   Drawn<3, 5, 8>, Drawn<2, 2, 1>, Drawn<9, 13, 40, 8>, Drawn<48, 48, 576, 4>) {
  D drawn;
  for (const Masking& strategy : mask_strategies()) {
    INFO(strategy.name());
    for (std::uint64_t sample = 0; sample < (D::L < 500 ? 50 : 2); ++sample) {
      drawn.draw(strategy, sample);
      REQUIRE(drawn.visible_count() == drawn.masks.keep().size());
      std::set<std::int32_t> patches(drawn.masks.keep().begin(), drawn.masks.keep().end());
      patches.insert(drawn.masks.hidden().begin(), drawn.masks.hidden().end());
      REQUIRE(static_cast<Index>(patches.size()) == D::L);
    }
  }
}

TEST_CASE("a mask is a function of seed, epoch and sample: not of its batch or of masks drawn before") {
  for (const Masking& strategy : mask_strategies()) {
    INFO(strategy.name());
    MaskBatch<196, 49> batch(3);
    batch.resize(3);
    for (const Index b : {2, 0, 1}) batch.draw(b, strategy, Paper::grid, 7, 3, 100 + static_cast<std::uint64_t>(b));
    Paper alone, other_seed, other_epoch;
    alone.draw(strategy, 102, 7, 3), other_seed.draw(strategy, 102, 8, 3), other_epoch.draw(strategy, 102, 7, 4);
    bool same = true, seeds = true, epochs = true;
    for (Index l = 0; l < 196; ++l) {
      same &= batch.restore()(2, l) == alone.masks.restore()(0, l);
      seeds &= other_seed.masks.restore()(0, l) == alone.masks.restore()(0, l);
      epochs &= other_epoch.masks.restore()(0, l) == alone.masks.restore()(0, l);
    }
    CHECK(same);
    CHECK_FALSE(seeds);
    CHECK_FALSE(epochs);
  }
}

TEST_CASE("random is what `random` of a batch of masks draws, to the bit") {
  Paper by_strategy, by_name;
  for (std::uint64_t sample = 0; sample < 20; ++sample) {
    by_strategy.draw({}, sample, 5, 2);
    by_name.masks.random(0, 5, 2, sample);
    for (Index l = 0; l < 196; ++l) REQUIRE(by_strategy.masks.restore()(0, l) == by_name.masks.restore()(0, l));
    // The numbers themselves: the l-th of the stream of the sample.
    const RandomStream stream(5, Purpose::mask, 2, sample);
    const auto noise = priorities(RandomMasking{}, {Paper::grid, 49, 5, 2, sample});
    for (std::uint32_t l = 0; l < 196; ++l) REQUIRE(noise[l] == stream.uniform(l));
  }
  CHECK(std::string(Masking{}.name()) == "random");
}

TEST_CASE("how often each patch stays: V in L, but for the edges of block-wise masks") {
  const int samples = 4000;
  for (const Masking& strategy : mask_strategies()) {
    INFO(strategy.name());
    Paper drawn;
    double visible[196] = {};
    for (int sample = 0; sample < samples; ++sample) {
      drawn.draw(strategy, static_cast<std::uint64_t>(sample));
      for (Index l = 0; l < 196; ++l) visible[l] += !drawn.masks.mask(0, l);
    }
    const std::string name = strategy.name();
    if (name == "random" || name == "grid" || name == "unit") {  // 4.5 deviations of a binomial
      for (const double count : visible) CHECK(std::fabs(count - samples * 0.25) < 4.5 * std::sqrt(samples * 0.1875));
      continue;
    }
    // A place that fits into the image covers the middle more often than a corner.
    const double corners = visible[0] + visible[13] + visible[182] + visible[195];
    const double middle = visible[90] + visible[91] + visible[104] + visible[105];
    if (name == "inverse_block") CHECK(corners < 0.8 * middle);
    else CHECK(corners > 1.2 * middle);
    for (const double count : visible) CHECK(count > 0);
  }
}

TEST_CASE("blocks: whole rectangles, of BEiT's areas and aspects") {
  // With one block asked for, all of it is seen.
  int blocks = 0, tall = 0, wide = 0;
  double area_sum = 0;
  for (std::uint64_t sample = 0; sample < 1000; ++sample) {
    std::vector<float> priority(196);
    const MaskSample drawn{Paper::grid, 49, 0, 0, sample};
    detail::hide_blocks(drawn, 147, priority.data());
    Index hidden = 0;
    for (std::size_t l = 0; l < 196; ++l) {
      const bool marked = priority[l] >= 1;
      hidden += marked;
      REQUIRE(std::fabs(priority[l] - (marked ? 1.f : 0.f) - drawn.uniform(Index(l))) < 1e-6f);
    }
    REQUIRE(hidden <= 147);
    // The first block by its own random numbers, as the algorithm of the paper says.
    const double area = 16 + 131 * double(drawn.uniform(196));
    const double aspect = std::pow(0.3, 1 - 2 * double(drawn.uniform(197)));
    const auto height = std::lround(std::sqrt(area * aspect)), width = std::lround(std::sqrt(area / aspect));
    if (height >= 14 || width >= 14 || height * width > 147) continue;
    ++blocks, tall += height > width, wide += width > height, area_sum += double(height * width);
    CHECK(height * width >= 12);
    CHECK(double(height) / double(width) < 5);
    const auto top = static_cast<long>(double(drawn.uniform(198)) * double(15 - height));
    const auto left = static_cast<long>(double(drawn.uniform(199)) * double(15 - width));
    for (long y = top; y < top + height; ++y)
      for (long x = left; x < left + width; ++x) REQUIRE(priority[static_cast<std::size_t>(14 * y + x)] >= 1);
  }
  CHECK(blocks > 500);
  CHECK(std::abs(tall - wide) < 4 * std::sqrt(double(blocks)));
  CHECK(area_sum / blocks > 50);
  CHECK(area_sum / blocks < 90);

  // Blocks alone do nearly all of the work, and what they leave is little.
  double by_blocks = 0;
  for (std::uint64_t sample = 0; sample < 300; ++sample) {
    const auto noise = priorities(BlockMasking{}, {Paper::grid, 49, 0, 0, sample});
    by_blocks += double(std::count_if(noise.begin(), noise.end(), [](float value) { return value >= 1; })) / 300;
  }
  CHECK(by_blocks > 135);
  // Half and half: half of the hidden patches, at most.
  for (std::uint64_t sample = 0; sample < 300; ++sample) {
    const auto noise = priorities(HalfBlockMasking{}, {Paper::grid, 49, 0, 0, sample});
    const auto count = std::count_if(noise.begin(), noise.end(), [](float value) { return value >= 1; });
    CHECK(count <= 73);
    CHECK(count >= 16);
  }
}

TEST_CASE("neighbours hang together: the length of the line between visible and hidden orders the strategies") {
  const double random = mean_boundary(RandomMasking{}), block = mean_boundary(BlockMasking{}),
               half = mean_boundary(HalfBlockMasking{}), unit = mean_boundary(UnitMasking{}),
               inverse = mean_boundary(InverseBlockMasking{}), grid = mean_boundary(GridMasking{});
  CHECK(std::fabs(random - 2 * 0.25 * 147 / 195) < 0.004);
  CHECK(block < 0.5 * random);
  CHECK(block < half);
  CHECK(half < 0.9 * random);
  CHECK(unit > random * 6 / 13);  // 6 of 13 pairs lie between units; one unit is visible in part
  CHECK(unit < random * 7 / 13);
  CHECK(inverse < 0.7 * random);
  CHECK(grid > 1.25 * random);
}

TEST_CASE("grid: at 75 % one of every 2 x 2, always the same; else a part of these, or these and others") {
  std::set<int> corners;
  for (std::uint64_t sample = 0; sample < 100; ++sample) {
    Paper quarter;
    Drawn<14, 14, 20> fewer;
    Drawn<14, 14, 98> more;
    quarter.draw(GridMasking{}, sample), fewer.draw(GridMasking{}, sample), more.draw(GridMasking{}, sample);
    const Index first = quarter.masks.keep()(0, 0), top = first / 14 % 2, left = first % 14 % 2;
    corners.insert(static_cast<int>(2 * top + left));
    for (Index y = 0; y < 14; ++y)
      for (Index x = 0; x < 14; ++x) {
        const bool stays = y % 2 == top && x % 2 == left;
        REQUIRE(quarter.hidden(y, x) == !stays);
        if (!stays) REQUIRE(fewer.hidden(y, x));
        if (stays) REQUIRE_FALSE(more.hidden(y, x));
      }
  }
  CHECK(corners.size() == 4);
}

TEST_CASE("inverse blocks: the visible patches lie in 3 x 3 squares, as many as the rule says") {
  Drawn<14, 14, 39> drawn;  // 80 % hidden, as in data2vec 2.0: (39 + 13.72) / 9 is 5 squares
  for (std::uint64_t sample = 0; sample < 300; ++sample) {
    const MaskSample asked{drawn.grid, 39, 0, 0, sample};
    const auto noise = priorities(InverseBlockMasking{}, asked);
    std::vector<bool> square(196);
    for (Index k = 0; k < 5; ++k) {
      const auto centre = static_cast<int>(asked.random.below(static_cast<std::uint32_t>(196 + k), 196));
      for (int l = 0; l < 196; ++l)
        if (std::abs(l / 14 - centre / 14) <= 1 && std::abs(l % 14 - centre % 14) <= 1)
          square[static_cast<std::size_t>(l)] = true;
    }
    for (std::size_t l = 0; l < 196; ++l) REQUIRE((noise[l] < 1) == square[l]);
    // Trimmed where squares have more than V, filled where they have fewer.
    drawn.draw(InverseBlockMasking{}, sample);
    const auto size = std::count(square.begin(), square.end(), true);
    for (std::size_t l = 0; l < 196; ++l) {
      const bool visible = !drawn.masks.mask(0, static_cast<Index>(l));
      if (size >= 39 && visible) REQUIRE(square[l]);
      if (size <= 39 && square[l]) REQUIRE(visible);
    }
  }
}

TEST_CASE("units: 32 pixels, whatever the patch; each visible or hidden as a whole, but for one") {
  CHECK(UnitMasking::side({14, 14, 16}) == 2);
  CHECK(UnitMasking::side({16, 16, 14}) == 2);
  CHECK(UnitMasking::side({48, 48, 4}) == 8);  // SimMIM: 192 pixels, patches of 4
  CHECK(UnitMasking::side({28, 28, 8}) == 4);
  CHECK(UnitMasking::side({7, 7, 32}) == 1);
  CHECK(UnitMasking::side({2, 2, 112}) == 1);
  CHECK(UnitMasking::side({8, 8, 8}) == 2);  // small images
  CHECK(UnitMasking::side({4, 4, 2}) == 2);
  auto check_units = [](auto drawn, Index unit, Index rows, Index columns) {
    for (std::uint64_t sample = 0; sample < (rows < 40 ? 100 : 3); ++sample) {
      drawn.draw(UnitMasking{}, sample);
      int partial = 0;
      for (Index y = 0; y < rows; y += unit)
        for (Index x = 0; x < columns; x += unit) {
          Index hidden = 0, patches = 0;
          for (Index v = y; v < std::min(rows, y + unit); ++v)
            for (Index u = x; u < std::min(columns, x + unit); ++u) ++patches, hidden += drawn.hidden(v, u);
          partial += hidden > 0 && hidden < patches;
        }
      REQUIRE(partial <= 1);
    }
  };
  check_units(Paper{}, 2, 14, 14);
  check_units(Drawn<48, 48, 896, 4>{}, 8, 48, 48);  // SimMIM: 22 of 36 units hidden
  check_units(Drawn<9, 13, 40, 8>{}, 2, 9, 13);     // units cut off at two edges
  Drawn<48, 48, 896, 4> simmim;
  simmim.draw(UnitMasking{}, 0);
  for (Index y = 0; y < 48; ++y)
    for (Index x = 0; x < 48; ++x) REQUIRE(simmim.hidden(y, x) == simmim.hidden(y / 8 * 8, x / 8 * 8));
}

TEST_CASE("one's own, in ten lines; and one that points to what it knows") {
  Drawn<4, 4, 4, 2> drawn;
  drawn.draw(CentreMasking{}, 0);
  for (Index y = 0; y < 4; ++y)
    for (Index x = 0; x < 4; ++x) CHECK(drawn.hidden(y, x) == (y == 0 || y == 3 || x == 0 || x == 3));

  const float numbers[] = {4, 3, 2, 1, 1, 2, 3, 4};
  MaskBatch<4, 1> masks(2);
  masks.resize(2);
  const Masking given = GivenMasking{numbers, "given"},
                copy = given;  // a value: it is copied, and outlives what it was made from
  for (Index b = 0; b < 2; ++b) masks.draw(b, copy, {2, 2, 1}, 0, 0, static_cast<std::uint64_t>(b));
  CHECK(masks.keep()(0, 0) == 3);
  CHECK(masks.keep()(1, 0) == 0);
  CHECK(std::string(copy.name()) == "given");
}

TEST_CASE("mistakes: names, grids, patches left out") {
  CHECK(mask_strategy_names({"auto"}) ==
        std::vector<std::string>{"auto", "random", "block", "grid", "inverse_block", "unit", "half_block"});
  for (const std::string& name : mask_strategy_names()) CHECK(mask_strategy(name).name() == name);
  const std::string names = ", expected one of random, block, grid, inverse_block, unit, half_block";
  CHECK(test::error_of([] { mask_strategy("blok"); }) == "mae: masking: found blok" + names);
  CHECK(test::error_of([] { mask_strategy("", "model.safetensors: masking"); }) ==
        "mae: model.safetensors: masking: found nothing" + names);

  Drawn<4, 4, 4> drawn;
  drawn.draw(BlockMasking{}, 1);
  const auto before = std::vector<std::int32_t>(drawn.masks.restore().begin(), drawn.masks.restore().end());
  CHECK(test::error_of([&] {
          drawn.masks.draw(0, {}, {4, 5, 2}, 0, 0, 0);
        }) == "mae: mask grid: found 4 x 5 patches, expected 16, as the model has");
  CHECK(test::error_of([&] { drawn.draw(ForgetfulMasking{}, 0); }) ==
        "mae: forgetful: found nan for patch 15, expected a finite number");
  CHECK(std::equal(before.begin(), before.end(), drawn.masks.restore().begin()));  // the mask is as it was
}
