// 1 / sqrt(x + ε), element by element: what normalisations scale by.
//
// y = (x + ε)^(-1/2), so ∂y/∂x = -y³ / 2. `Epsilon` is a type with a number `value`; it keeps y finite where x is 0.
#pragma once
#include <cmath>

#include <mae/autograd/trace/pointwise.hpp>

MAE_PRECISE_BEGIN
namespace mae {

template <class Epsilon>
struct RsqrtOf {
  static constexpr bool reads = true;
  template <class A>
  MAE_HOST_DEVICE static A value(const A* c) {
    return A(1) / std::sqrt(c[0] + A(Epsilon::value));
  }
  template <class A>
  MAE_HOST_DEVICE static void pull_back(A g, const A* c, A* dc) {
    const A y = value(c);
    dc[0] = A(-0.5) * g * y * y * y;
  }
};

/// 1 / sqrt(x + Epsilon::value) for x >= 0.
template <class Epsilon, Expression X>
constexpr auto rsqrt(X&& x) {
  return detail::combine<RsqrtOf<Epsilon>>(detail::absorb(std::forward<X>(x)));
}

}  // namespace mae
MAE_PRECISE_END
