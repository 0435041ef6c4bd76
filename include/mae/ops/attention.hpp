// Scaled dot-product attention of all heads (Vaswani et al., 2017, section 3.2).
//
// Every query looks at all keys of its sample. Self-attention takes qkv [B, N, 3·D], per token q then k then v, each
// head by head: [B, N, 3, H, d], D = H d. Where M tokens alone shall look, their queries come as q [B, M, D] and the
// keys and values of all as kv [B, N, 2·D]. For one head
//     s_ij = q_i · k_j / sqrt(d),   p_ij = exp(s_ij) / Σ_j exp(s_ij),   y_i = Σ_j p_ij v_j.
// Derivation, with g = ∂L/∂y: ∂L/∂v_j = Σ_i p_ij g_i; ∂L/∂p_ij = g_i · v_j; the softmax gives ∂L/∂s_ij = p_ij
// (g_i·v_j - g_i·y_i), since Σ_j p_ij (g_i·v_j) = g_i·y_i; then ∂L/∂q_i = Σ_j ∂s_ij k_j / sqrt(d) and ∂L/∂k_j
// likewise. Kept: q, k, v, y (or y is computed again, too) and log Σ_j exp(s_ij) for each row; p is computed again, so
// nothing M × N is stored (Dao et al., 2022).
#pragma once
#include <mae/autograd/trace/operation.hpp>
#include <mae/core/rules.hpp>
#include <mae/ops/error_placeholder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Who looks at whom: all tokens of a sample at all of them.
struct AllTokens {
  static constexpr Index flops(Index of_all) { return of_all; }
  /// How many parts a sample has, one behind the other, whose tokens look at each other alone.
  static constexpr Index parts(const Context&) { return 1; }
};

template <Index Heads, class Scope = AllTokens>
struct AttentionOperation : Operation {
  static constexpr const char* name = "attention";
  static constexpr unsigned keep = keep_input(0) | keep_input(1) | keep_result;
  static constexpr bool cheap = true;
  template <class Q, class... KV>
  using Output = WithExtent<Q, -1, width_of<Q> / (sizeof...(KV) == 0 ? 3 : 1)>;
  template <class M, class...>
  using Element = typename M::Policy::Activation;
  /// Of one sample; q alone is qkv.
  template <class Q, class... KV>
  static constexpr AttentionShape sizes = [] {
    using K = std::tuple_element_t<sizeof...(KV), std::tuple<Q, KV...>>;
    return AttentionShape{1,           rows_of<Q>, rows_of<K>, Heads, width_of<Output<Q, KV...>> / Heads,
                          width_of<Q>, width_of<K>};
  }();
  template <class M, class... X>
  static constexpr Index saved_state = Heads* sizes<X...>.queries* Index{sizeof(typename M::Policy::Accumulator)};
  template <class M, class... X>
  static constexpr Index flops = Scope::flops(4 * sizes<X...>.queries * sizes<X...>.keys * Heads * sizes<X...>.width);
  template <class M, class... X>
  static constexpr WorkspaceSize workspace = Kernels<typename M::Policy>::attention_workspace(sizes<X...>.keys, Heads,
                                                                                              sizes<X...>.width);

  static void forward(const auto& f) {
    using Call = std::remove_cvref_t<decltype(f)>;
    const auto* const k = keys(f);
    Call::Kernels::attention(shape(f), f.x(first), k, k + width_of<typename Call::Result>, f.y(), f.saved_state(),
                             f.workspace());
  }
  static void backward(const auto& f) {
    using Call = std::remove_cvref_t<decltype(f)>;
    const auto* const k = keys(f);
    const auto dq = f.dx(first), dk = key_gradient(f);
    constexpr Index D = width_of<typename Call::Result>;
    if (dq.wanted() || dk.wanted())
      Call::Kernels::attention_gradient(
          shape(f), f.x(first), k, k + D, f.y(), f.saved_state(), f.dy(),
          {dq.data, dk.data, dk.wanted() ? dk.data + D : nullptr, dq.accumulate, dk.accumulate}, f.workspace());
  }

 private:
  template <class M, class Op, class... V>
  static AttentionShape shape(const Call<M, Op, V...>& f) {
    AttentionShape result = sizes<typename V::Shape...>;
    const Index parts = Scope::parts(f.context());
    result.batch = f.batch() * parts, result.queries /= parts, result.keys /= parts;
    return result;
  }
  /// Keys begin behind the queries of qkv, or an operand of their own.
  static auto keys(const auto& f) {
    using Call = std::remove_cvref_t<decltype(f)>;
    if constexpr (Call::operands == 1) return f.x(first) + width_of<typename Call::Result>;
    else return f.x(second);
  }
  static auto key_gradient(const auto& f) {
    using Call = std::remove_cvref_t<decltype(f)>;
    if constexpr (Call::operands == 1) {
      auto dx = f.dx(first);
      if (dx.wanted()) dx.data += width_of<typename Call::Result>;
      return dx;
    } else {
      return f.dx(second);
    }
  }
};

/// qkv [B, N, 3·D] → [B, N, D].
template <Index Heads, Expression X>
constexpr auto attention(const X& qkv) {
  using Packed = rule::PackedHeads<width_of<ShapeOf<X>>, Heads>;
  static_assert(ShapeOf<X>::rank == 3, "mae::attention: the input must be [B, N, 3 * D]");
  static_assert(Packed::holds, "mae::attention<Heads>: the width of the input must be a multiple of 3 * Heads");
  if constexpr (ShapeOf<X>::rank == 3 && Packed::holds) return apply<AttentionOperation<Heads>>(qkv);
  else return detail::error_placeholder<WithExtent<ShapeOf<X>, -1, (width_of<ShapeOf<X>> + 2) / 3>>(qkv);
}

/// q [B, M, D], kv [B, N, 2·D] → [B, M, D].
template <Index Heads, Expression Q, Expression KV>
constexpr auto attention(const Q& q, const KV& kv) {
  constexpr bool ranks = ShapeOf<Q>::rank == 3 && ShapeOf<KV>::rank == 3;
  using Packed = rule::QueriesAndKeys<width_of<ShapeOf<Q>>, width_of<ShapeOf<KV>>, Heads>;
  static_assert(ranks, "mae::attention: q must be [B, M, D] and kv [B, N, 2 * D]");
  static_assert(Packed::holds, "mae::attention<Heads>: q must be D wide and kv 2 * D, D a multiple of Heads");
  if constexpr (ranks && Packed::holds) return apply<AttentionOperation<Heads>>(q, kv);
  else return detail::error_placeholder<ShapeOf<Q>>(q);
}

}  // namespace mae
MAE_PRECISE_END
