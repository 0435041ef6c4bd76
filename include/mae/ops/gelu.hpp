// gelu(x) = x Φ(x), the smooth gate of transformer MLPs, in its exact form with erf (Hendrycks & Gimpel, 2016).
//
// Derivative: Φ(x) + x φ(x), with Φ the normal distribution function and φ its density. The tanh approximation is not
// what published MAE weights were trained with and is not offered. `gelu(linear(...))` becomes one pass
// (`ops/linear.hpp`).
#pragma once
#include <mae/autograd/trace/pointwise.hpp>
#include <mae/backend/scalar.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct GeluOf {
  static constexpr bool reads = true;
  template <class A>
  MAE_HOST_DEVICE static A value(const A* c) {
    return gelu_value(c[0]);
  }
  template <class A>
  MAE_HOST_DEVICE static void pull_back(A g, const A* c, A* dc) {
    dc[0] = g * gelu_slope(c[0]);
  }
};

/// gelu, element by element; joined to a linear layer that has no name.
template <Expression X>
constexpr auto gelu(X&& x) {
  if constexpr (requires { std::forward<X>(x).gelu(); }) return std::forward<X>(x).gelu();
  else return detail::combine<GeluOf>(detail::absorb(std::forward<X>(x)));
}

}  // namespace mae
MAE_PRECISE_END
