// silu(x) = x σ(x), σ(x) = 1 / (1 + exp(-x)): the gate of SwiGLU, also called swish (Elfwing et al., 2017; Ramachandran
// et al., 2017).
//
// Derivative: σ' = σ (1 - σ), so silu'(x) = σ + x σ (1 - σ) = σ (1 + x (1 - σ)). σ is computed from e = exp(-|x|),
// which never overflows: 1 / (1 + e) for x >= 0 and e / (1 + e) below.
#pragma once
#include <mae/ops/activation.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct Silu {
  static constexpr const char* name = "silu";
  template <class Math, class V>
  [[gnu::always_inline]] MAE_HOST_DEVICE static void value(V& y, const V& x) {
    sigmoid<Math>(y, x);
    y = x * y;
  }
  template <class Math, class V>
  [[gnu::always_inline]] MAE_HOST_DEVICE static void slope(V& y, const V& x) {
    constexpr typename Math::Number one = 1;
    sigmoid<Math>(y, x);
    y = y * (one + x * (one - y));
  }

 private:
  template <class Math, class V>
  [[gnu::always_inline]] MAE_HOST_DEVICE static void sigmoid(V& y, const V& x) {
    constexpr typename Math::Number one = 1;
    const V size = x < 0 ? -x : x;
    V e;
    Math::exp(e, -size);
    y = (x < 0 ? e : V{} + one) / (one + e);
  }
};

/// silu, element by element; joined to a linear layer that has no name.
template <Expression X>
constexpr auto silu(X&& x) {
  return activate<Silu>(std::forward<X>(x));
}

}  // namespace mae
MAE_PRECISE_END
