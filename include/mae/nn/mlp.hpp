// The feed-forward half of a transformer block: two linear layers with GELU between (Vaswani et al., 2017, section
// 3.3).
#pragma once
#include <mae/nn/linear.hpp>
#include <mae/ops/gelu.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// x [..., D] → [..., Hidden] → gelu → [..., D].
template <Index D, Index Hidden>
struct Mlp {
  Linear<D, Hidden> fc1;
  Linear<Hidden, D> fc2;
  MAE_MODULE(fc1, fc2)

  constexpr auto operator()(const Expression auto& x) const {
    return fc2(gelu(fc1(x)));  // [..., D]
  }
};

}  // namespace mae
MAE_PRECISE_END
