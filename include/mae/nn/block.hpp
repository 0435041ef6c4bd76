// A transformer block with normalisation before each branch (Dosovitskiy et al., 2021, section 3.1):
//
//     y = x + attention(norm1(x)),   z = y + mlp(norm2(y)).
//
// The residual stream x → y → z is never scaled, so its gradient passes every block unchanged: the planner keeps it
// in one buffer. With `DropPath` a branch may be left out in training, more often in deeper blocks (fine-tuning only).
#pragma once
#include <mae/nn/attention.hpp>
#include <mae/nn/layer_norm.hpp>
#include <mae/nn/mlp.hpp>
#include <mae/ops/drop_path.hpp>
#include <mae/ops/gather.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Whether a block draws random numbers to leave out branches in training.
enum class StochasticDepth { off, on };

/// x [B, N, D] → [B, N, D].
template <Index D, Index Heads, Index Hidden = 4 * D, StochasticDepth Kind = StochasticDepth::off,
          class Scope = AllTokens>
struct Block {
  LayerNorm<D> norm1;
  Attention<D, Heads, Scope> attn;
  LayerNorm<D> norm2;
  Mlp<D, Hidden> mlp;
  MAE_MODULE(norm1, attn, norm2, mlp)

  constexpr auto operator()(const Expression auto& x) const {
    if constexpr (Kind == StochasticDepth::on) {
      auto y = x + drop_path<0>(attn(norm1(x)));  // [B, N, D]
      return y + drop_path<1>(mlp(norm2(y)));     // [B, N, D]
    } else {
      auto y = x + attn(norm1(x));  // [B, N, D]  a name: computed once, shared, gradients summed
      return y + mlp(norm2(y));     // [B, N, D]
    }
  }

  /// The results of tokens Skip + ids [B, M] alone: [B, M, D]. All tokens are keys and values for them; the rest of the
  /// block works row by row, so other rows need not be computed if nobody reads them.
  template <Index Skip>
  constexpr auto only(const Expression auto& x, const Expression auto& ids) const {
    static_assert(Kind == StochasticDepth::off, "mae::Block::only: a block that may be left out is computed whole");
    auto seen = norm1(x);                                                 // [B, N, D]
    auto y = gather<Skip>(x, ids) + attn(gather<Skip>(seen, ids), seen);  // [B, M, D]
    return y + mlp(norm2(y));                                             // [B, M, D]
  }
};

}  // namespace mae
MAE_PRECISE_END
