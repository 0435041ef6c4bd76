// Attention in windows: the tokens of a sample lie in groups of equal size, one group behind the other, and look at
// their own group alone, but for four layers of a row, where all look at all.
//
// In window order (`merge` of ops/spread.hpp) the tokens of a window are neighbours in memory, so it is the attention
// of `batch · windows` samples of fewer tokens: the same kernels, and nothing is copied. Layers are global at the end
// of each quarter of the row: layer l of `Depth` if (l + 1) mod (Depth / 4) = 0, as `Context::layer` says when it runs;
// so one type serves all layers (Li et al., ECCV 2022, section 3, "global propagation"). Cost: that of attention
// divided by the number of windows, where it is windowed. The static number of operations is the average of the row.
#pragma once
#include <mae/ops/attention.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace rule {
template <int Depth>
struct QuartersOfDepth {
  static constexpr bool holds = Depth > 0 && Depth % 4 == 0;
};
template <Index Tokens, Index Windows>
struct WindowsOfTokens {
  static constexpr bool holds = Windows > 0 && Tokens % Windows == 0;
};
}  // namespace rule

/// The scope of attention in `Windows` windows, and of all tokens in the last layer of each quarter of `Depth` layers.
template <Index Windows, int Depth>
struct WindowsAndQuarters {
  static constexpr Index flops(Index of_all) { return (4 * of_all + (Depth - 4) * (of_all / Windows)) / Depth; }
  static constexpr Index parts(const Context& context) { return (context.layer + 1) % (Depth / 4) == 0 ? 1 : Windows; }
};

/// qkv [B, N, 3·D] in window order → [B, N, D], in a layer of a row of `Depth`.
template <Index Heads, Index Windows, int Depth, Expression X>
constexpr auto window_attention(const X& qkv) {
  using S = ShapeOf<X>;
  using Packed = rule::PackedHeads<width_of<S>, Heads>;
  using Quarters = rule::QuartersOfDepth<Depth>;
  using Whole = rule::WindowsOfTokens<S::rank == 3 ? rows_of<S> : 0, Windows>;
  constexpr bool fits = S::rank == 3 && Packed::holds;
  static_assert(fits,
                "mae::window_attention<Heads, Windows, Depth>: the input must be [B, N, 3 * D], D a multiple of "
                "Heads");
  static_assert(Quarters::holds,
                "mae: windows with a global block in each quarter need a depth that is a multiple of 4");
  static_assert(Whole::holds, "mae::window_attention: the tokens must be a multiple of the windows");
  if constexpr (fits && Quarters::holds && Whole::holds)
    return apply<AttentionOperation<Heads, WindowsAndQuarters<Windows, Depth>>>(qkv);
  else return detail::error_placeholder<WithExtent<S, -1, (width_of<S> + 2) / 3>>(qkv);
}

}  // namespace mae
MAE_PRECISE_END
