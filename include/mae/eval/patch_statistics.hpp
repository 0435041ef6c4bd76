// Mean and deviation of patches: what a model of normalised pixels does not predict, and where to take it from.
//
// Such a model learns values less their mean, over their deviation (ops/normalize_patches.hpp): edges, not how
// bright the patch is or how much contrast it has. To show what it says, both must come from elsewhere:
//   oracle    from the hidden patch itself. The image looks better than what the model knows.
//   visible   estimated from the patches that the model saw: for a hidden patch p the mean over all visible patches v,
//             weighted by 1 / |p - v|⁴, the distance in patches (Shepard, 1968); of means and of deviations alike.
//             Nothing of the hidden patch is used; where its neighbours are hidden too, it is a guess.
// All channels of a patch share one mean and deviation, as in the loss.
#pragma once
#include <cstdint>
#include <vector>

#include <mae/ops/normalize_patches.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Where the mean and deviation of hidden patches come from.
enum class HiddenStatistics { oracle, visible };

/// `patch_moments` of each patch.
struct PatchStatistics {
  std::vector<double> mean, deviation;  // [L]

  /// Of patches [L, n], n > 1.
  static PatchStatistics of(const std::vector<float>& patches, Index n) {
    PatchStatistics all;
    for (const float *at = patches.data(), *end = at + patches.size(); at != end; at += n) {
      const PatchMoments moments = patch_moments(at, n);
      all.mean.push_back(moments.mean);
      all.deviation.push_back(moments.deviation);
    }
    return all;
  }

  /// The same with those of hidden patches replaced by estimates from the visible ones. `hidden` [L] is 1 where a
  /// patch is hidden, not everywhere; patches stand in rows of `columns`.
  PatchStatistics estimated(const std::vector<std::uint8_t>& hidden, Index columns) const {
    PatchStatistics result = *this;
    for (std::size_t p = 0; p < hidden.size(); ++p) {
      if (!hidden[p]) continue;
      double weights = 0, means = 0, deviations = 0;
      for (std::size_t v = 0; v < hidden.size(); ++v) {
        if (hidden[v]) continue;
        const double down = double(Index(p) / columns - Index(v) / columns);
        const double right = double(Index(p) % columns - Index(v) % columns);
        const double square = down * down + right * right, weight = 1 / (square * square);
        weights += weight, means += weight * mean[v], deviations += weight * deviation[v];
      }
      result.mean[p] = means / weights;
      result.deviation[p] = deviations / weights;
    }
    return result;
  }
};

}  // namespace mae
MAE_PRECISE_END
