// The gated feed-forward half of a transformer block: one linear layer decides what passes of another (Shazeer, "GLU
// Variants Improve Transformer", 2020, FFN_SwiGLU).
//
// y = (silu(x Gᵀ) · x Vᵀ) Wᵀ, each layer with a bias. The gate takes as many weights as the value, so it is usual to
// choose Hidden a third smaller than that of an `Mlp`. Parameters have the names of timm's `SwiGLU`.
#pragma once
#include <mae/nn/linear.hpp>
#include <mae/ops/silu.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// x [..., D] → silu of one [..., Hidden] times the other → [..., D].
template <Index D, Index Hidden>
struct SwiGlu {
  Linear<D, Hidden> fc1_g, fc1_x;
  Linear<Hidden, D> fc2;
  MAE_MODULE(fc1_g, fc1_x, fc2)

  constexpr auto operator()(const Expression auto& x) const {
    auto gate = silu(fc1_g(x));  // [..., Hidden]
    auto value = fc1_x(x);       // [..., Hidden]
    return fc2(gate * value);    // [..., D]
  }
};

}  // namespace mae
MAE_PRECISE_END
