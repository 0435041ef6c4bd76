// gelu(x) = x Φ(x), the smooth gate of transformer MLPs, in its exact form with erf (Hendrycks & Gimpel, 2016).
//
// Derivative: Φ(x) + x φ(x), with Φ the normal distribution function and φ its density. The tanh approximation is not
// what published MAE weights were trained with and is not offered. `gelu(linear(...))` becomes one pass
// (`ops/linear.hpp`).
#pragma once
#include <mae/ops/activation.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// gelu, element by element; joined to a linear layer that has no name.
template <Expression X>
constexpr auto gelu(X&& x) {
  return activate<Gelu>(std::forward<X>(x));
}

}  // namespace mae
MAE_PRECISE_END
