// Complementary masks: a few masks of one image that together show every patch, and hide every patch.
//
// The L patches stand in a circle in a random order, cut into K arcs: arc k begins at place ⌊k L / K⌋. Mask k keeps
// the V patches from the beginning of arc k on and hides the other H = L - V, the last of which are those of arc k - 1.
// With K = ⌈L / min(V, H)⌉ no arc is longer than V or H, so mask k shows all of arc k and hides all of arc k - 1. A
// model can so rebuild a whole image without a hole, arc k - 1 by pass k, which did not see it. At 75 % K is 4.
#pragma once
#include <vector>

#include <mae/model/masking.hpp>

MAE_PRECISE_BEGIN
namespace mae {

template <class Masks>
struct ComplementaryMasks;

/// The masks that complement one of `MaskBatch<L, V>`.
template <Index L, Index V>
struct ComplementaryMasks<MaskBatch<L, V>> {
  /// K, the number of masks.
  static constexpr Index count = [] {
    const Index least = V < L - V ? V : L - V;
    return (L + least - 1) / least;
  }();
  /// Where arc k begins, for k in [0, K].
  static constexpr Index begin(Index k) { return k * L / count; }

  /// Sets sample 0 of `to` to mask k in [0, K) of the order that sample 0 of `start` has; mask 0 is `start` itself.
  static void set(const MaskBatch<L, V>& start, Index k, MaskBatch<L, V>& to) {
    std::vector<std::int32_t> kept(std::size_t{V});
    for (Index l = 0; l < L; ++l) {
      const Index place = (start.restore()(0, l) - begin(k) + L) % L;
      if (place < V) kept[static_cast<std::size_t>(place)] = static_cast<std::int32_t>(l);
    }
    to.from_ids(0, kept.data());
  }
  /// Whether patch l is to be taken from pass k: true for exactly one k, whose mask hides it.
  static bool from_pass(const MaskBatch<L, V>& start, Index k, Index l) {
    const Index arc = (k + count - 1) % count, place = start.restore()(0, l);
    return begin(arc) <= place && place < begin(arc + 1);
  }
};

}  // namespace mae
MAE_PRECISE_END
