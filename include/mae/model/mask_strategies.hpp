// The strategies that masked image models have tried beside the paper's (He et al., 2021, table 1f and figure 6), and
// the list of all by name.
//
// All hide exactly L - V patches. Where a rule would hide fewer, patches at random make up for it; where it would show
// more than V, a random part of them stays visible. In priorities, u is a patch's own random number in [0, 1). A new
// strategy joins the programs' `--masking` by its name in `mask_strategies`.
#pragma once
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <mae/core/error.hpp>
#include <mae/model/mask_strategy.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {
/// Priorities u for visible patches and 1 + u for those that blocks hide: at most `wanted`, as BEiT places them (Bao et
/// al., 2021, section 2.3, algorithm 1). A block's area is uniform between 16 in 196 patches and all that are left to
/// hide, the logarithm of height / width uniform in ±ln 0.3, its place uniform. One that is as high or wide as the grid
/// or hides too many or nothing new is drawn again; ten in a row end it.
inline void hide_blocks(const MaskSample& sample, Index wanted, float* priority) {
  const Index L = sample.patches(), rows = sample.grid.rows, columns = sample.grid.columns;
  for (Index l = 0; l < L; ++l) priority[l] = sample.uniform(l);
  const auto smallest = static_cast<double>(L * 16 / 196);
  const double elongation = -std::log(0.3);
  Index next = L;  // the first random number that no patch has
  for (int attempts = 0; wanted > 0 && attempts < 10; next += 4) {
    ++attempts;
    auto drawn = [&](Index n, double low, double high) {
      return low + (high - low) * static_cast<double>(sample.uniform(next + n));
    };
    const auto most = static_cast<double>(wanted);
    const double area = drawn(0, smallest < most ? smallest : most, most);
    const double aspect = std::exp(drawn(1, -elongation, elongation));
    const Index height = std::lround(std::sqrt(area * aspect)), width = std::lround(std::sqrt(area / aspect));
    if (height >= rows || width >= columns) continue;
    const auto top = static_cast<Index>(drawn(2, 0, double(rows - height + 1)));
    const auto left = static_cast<Index>(drawn(3, 0, double(columns - width + 1)));
    auto each_patch = [&](const auto& use) {
      for (Index y = top; y < top + height; ++y)
        for (Index x = left; x < left + width; ++x) use(priority[y * columns + x]);
    };
    Index fresh = 0;
    each_patch([&](float value) { fresh += value < 1; });
    if (fresh == 0 || fresh > wanted) continue;
    each_patch([](float& value) { value += value < 1 ? 1.f : 0.f; });
    wanted -= fresh;
    attempts = 0;
  }
}
}  // namespace detail

/// Block-wise masking (BEiT; Bao et al., 2021): rectangles are hidden, one after the other, until L - V patches are.
/// On a grid too small for a block the mask is random.
struct BlockMasking {
  static constexpr const char* name = "block";
  void operator()(const MaskSample& sample, float* priority) const {
    detail::hide_blocks(sample, sample.hidden(), priority);
  }
};

/// Half and half: half of the hidden patches lie in blocks, the others anywhere.
struct HalfBlockMasking {
  static constexpr const char* name = "half_block";
  void operator()(const MaskSample& sample, float* priority) const {
    detail::hide_blocks(sample, sample.hidden() / 2, priority);
  }
};

/// Grid-wise masking (He et al., 2021, table 1f): of every 2 × 2 patches the same one stays, which one is chosen for
/// each sample. That is the rule at 75 %; where more are hidden, some of these stay, where fewer, other patches too.
struct GridMasking {
  static constexpr const char* name = "grid";
  void operator()(const MaskSample& sample, float* priority) const {
    const Index L = sample.patches(), columns = sample.grid.columns;
    const Index corner = sample.random.below(static_cast<std::uint32_t>(L), 4);
    for (Index l = 0; l < L; ++l) {
      const bool stays = l / columns % 2 == corner / 2 && l % columns % 2 == corner % 2;
      priority[l] = sample.uniform(l) + (stays ? 0.f : 1.f);
    }
  }
};

/// Inverse block masking (data2vec 2.0; Baevski et al., 2022): squares of 3 × 3 patches stay visible, around
/// ⌊(V + 0.07 L) / 9⌋ patches, at least one, drawn with replacement and cut off by the image's edge.
struct InverseBlockMasking {
  static constexpr const char* name = "inverse_block";
  void operator()(const MaskSample& sample, float* priority) const {
    const Index L = sample.patches(), rows = sample.grid.rows, columns = sample.grid.columns;
    for (Index l = 0; l < L; ++l) priority[l] = 1 + sample.uniform(l);
    const auto squares = static_cast<Index>((double(sample.visible) + 0.07 * double(L)) / 9);
    for (Index k = 0; k < (squares < 1 ? 1 : squares); ++k) {
      const Index centre = sample.random.below(static_cast<std::uint32_t>(L + k), static_cast<std::uint32_t>(L));
      for (Index y = centre / columns - 1; y <= centre / columns + 1; ++y)
        for (Index x = centre % columns - 1; x <= centre % columns + 1; ++x)
          if (y >= 0 && y < rows && x >= 0 && x < columns) priority[y * columns + x] = sample.uniform(y * columns + x);
    }
  }
};

/// SimMIM's masking (Xie et al., 2022): squares of 32 × 32 pixels, whatever the patch, are visible or hidden as a
/// whole, drawn at random; only the one in which V is reached is visible in part. On small images a unit is a sixth of
/// the shorter side, but at least 2 × 2 patches; units that are no larger than a patch make a random mask.
struct UnitMasking {
  static constexpr const char* name = "unit";

  /// Patches on a side of a unit.
  static constexpr Index side(const PatchGrid& grid) {
    const Index sixth = (grid.rows < grid.columns ? grid.rows : grid.columns) / 6, small_image = sixth < 2 ? 2 : sixth;
    const Index unit = 32 / grid.patch < 1 ? 1 : 32 / grid.patch;
    return unit < small_image ? unit : small_image;
  }
  void operator()(const MaskSample& sample, float* priority) const {
    const Index unit = side(sample.grid), rows = sample.grid.rows, columns = sample.grid.columns;
    if (unit == 1) return RandomMasking{}(sample, priority);
    // Priorities rank of the unit + u, ranks from 1. Until a unit has its rank, its first patch holds the number that
    // it is ranked by, in [0, 1).
    Index next = sample.patches();
    auto each_unit = [&](const auto& use) {
      for (Index y = 0; y < rows; y += unit)
        for (Index x = 0; x < columns; x += unit) use(y, x);
    };
    each_unit([&](Index y, Index x) { priority[y * columns + x] = sample.uniform(next++); });
    for (Index rank = 1; rank <= next - sample.patches(); ++rank) {
      Index least = -1;
      each_unit([&](Index y, Index x) {
        const Index l = y * columns + x;
        if (priority[l] < 1 && (least < 0 || priority[l] < priority[least])) least = l;
      });
      for (Index y = least / columns; y < rows && y < least / columns + unit; ++y)
        for (Index x = least % columns; x < columns && x < least % columns + unit; ++x)
          priority[y * columns + x] = static_cast<float>(rank) + sample.uniform(y * columns + x);
    }
  }
};

/// All strategies that are known by name.
inline std::vector<Masking> mask_strategies() {
  return {RandomMasking{}, BlockMasking{}, GridMasking{}, InverseBlockMasking{}, UnitMasking{}, HalfBlockMasking{}};
}
/// Their names, after `others`.
inline std::vector<std::string> mask_strategy_names(std::vector<std::string> others = {}) {
  for (const Masking& strategy : mask_strategies()) others.emplace_back(strategy.name());
  return others;
}
/// The strategy called `name`. Throws mae::Error about `subject` if there is none.
inline Masking mask_strategy(std::string_view name, const std::string& subject = "masking") {
  for (const Masking& strategy : mask_strategies())
    if (strategy.name() == name) return strategy;
  std::string names;
  for (const std::string& known : mask_strategy_names()) names += (names.empty() ? "" : ", ") + known;
  throw Error(subject, name.empty() ? "nothing" : std::string(name), "one of " + names);
}

}  // namespace mae
MAE_PRECISE_END
