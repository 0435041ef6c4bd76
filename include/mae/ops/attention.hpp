// Scaled dot-product attention of all heads (Vaswani et al., 2017, section 3.2), from packed q, k, v.
//
// qkv [B, N, 3·D] holds, per token, q then k then v, each head by head: [B, N, 3, H, d], D = H d. For one head
//     s_ij = q_i · k_j / sqrt(d),   p_ij = exp(s_ij) / Σ_j exp(s_ij),   y_i = Σ_j p_ij v_j.
// Derivation, with g = ∂L/∂y: ∂L/∂v_j = Σ_i p_ij g_i; ∂L/∂p_ij = g_i · v_j; the softmax gives ∂L/∂s_ij = p_ij
// (g_i·v_j - g_i·y_i), since Σ_j p_ij (g_i·v_j) = g_i·y_i; then ∂L/∂q_i = Σ_j ∂s_ij k_j / sqrt(d) and ∂L/∂k_j
// likewise. Kept: qkv, y and log Σ_j exp(s_ij) for each row; p is computed again, so nothing N × N is stored (Dao et
// al., 2022).
#pragma once
#include <mae/autograd/operation.hpp>
#include <mae/core/rules.hpp>
#include <mae/ops/stand_in.hpp>

namespace mae {

template <Index Heads>
struct AttentionOperation : Operation {
  static constexpr const char* name = "attention";
  static constexpr unsigned keep = keep_input(0) | keep_result;
  template <class X>
  using Output = WithExtent<X, -1, width_of<X> / 3>;
  template <class X>
  static constexpr Index head_width = width_of<X> / 3 / Heads;
  template <class M, class X>
  static constexpr Index auxiliary = Heads * rows_of<X> * Index{sizeof(typename M::Policy::Accumulator)};
  template <class M, class X>
  static constexpr Index flops = 4 * rows_of<X> * rows_of<X> * (width_of<X> / 3);
  template <class M, class X>
  static constexpr WorkspaceSize workspace =
      Kernels<typename M::Policy>::attention_workspace(rows_of<X>, Heads, head_width<X>);

  static void forward(const auto& f) {
    using Call = std::remove_cvref_t<decltype(f)>;
    using Y = typename Call::Result;
    Call::Kernels::attention(f.batch(), rows_of<Y>, Heads, width_of<Y> / Heads, f.x(first), f.y(), f.auxiliary(),
                             f.workspace());
  }
  static void backward(const auto& f) {
    using Call = std::remove_cvref_t<decltype(f)>;
    using Y = typename Call::Result;
    if (const auto dx = f.dx(first); dx.wanted())
      Call::Kernels::attention_gradient(f.batch(), rows_of<Y>, Heads, width_of<Y> / Heads, f.x(first), f.y(),
                                        f.auxiliary(), f.dy(), dx.data, dx.accumulate, f.workspace());
  }
};

/// qkv [B, N, 3·D] → [B, N, D].
template <Index Heads, Expression X>
constexpr auto attention(const X& qkv) {
  using Packed = rule::PackedHeads<width_of<ShapeOf<X>>, Heads>;
  static_assert(ShapeOf<X>::rank == 3, "mae::attention: the input must be [B, N, 3 * D]");
  static_assert(Packed::holds, "mae::attention<Heads>: the width of the input must be a multiple of 3 * Heads");
  if constexpr (ShapeOf<X>::rank == 3 && Packed::holds) return apply<AttentionOperation<Heads>>(qkv);
  else return detail::stand_in<WithExtent<ShapeOf<X>, -1, (width_of<ShapeOf<X>> + 2) / 3>>(qkv);
}

}  // namespace mae
