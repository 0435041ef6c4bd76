// Multi-head self-attention (Vaswani et al., 2017, section 3.2): every token looks at every token of its image.
//
// One linear layer makes queries, keys and values at once: its rows [0, D) are q, [D, 2D) k, [2D, 3D) v, each head by
// head. `ops/attention.hpp` has the formula of a head and its derivatives.
#pragma once
#include <mae/nn/linear.hpp>
#include <mae/ops/attention.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// x [B, N, D] → [B, N, D], with Heads heads of width D / Heads. `Scope` may narrow who looks at whom.
template <Index D, Index Heads, class Scope = AllTokens>
struct Attention {
  Linear<D, 3 * D> qkv;
  Linear<D, D> proj;
  MAE_MODULE(qkv, proj)

  constexpr auto operator()(const Expression auto& x) const {
    static_assert(rule::HeadsDivideWidth<D, Heads>::holds,
                  "mae::Attention<D, Heads>: the width D must be a multiple of Heads");
    return proj(apply<AttentionOperation<Heads, Scope>>(qkv(x)));  // [B, N, D]
  }
  /// What the tokens `some` [B, M, D] see, which are some of x [B, N, D]: [B, M, D]. Queries are made for those alone.
  constexpr auto operator()(const Expression auto& some, const Expression auto& x) const {
    auto q = qkv.template outputs<0, D>(some);    // [B, M, D]
    auto kv = qkv.template outputs<D, 2 * D>(x);  // [B, N, 2·D]
    return proj(attention<Heads>(q, kv));         // [B, M, D]
  }
};

}  // namespace mae
MAE_PRECISE_END
