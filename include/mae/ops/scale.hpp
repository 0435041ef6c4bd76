// x times a number that is known at compile time: y = f x, ∂L/∂x = f ∂L/∂y.
//
// The number is the `value` of a type, as in `scale<OneOverRoot<64>>(scores)`.
#pragma once
#include <mae/autograd/trace/pointwise.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// 1 / sqrt(N), by which attention scales its scores.
template <Index N>
struct OneOverRoot {
  static_assert(N > 0, "mae::OneOverRoot<N>: N must be positive");
  static constexpr double value = [] {
    double root = static_cast<double>(N);  // Newton's method falls to the root from above
    for (double next = (root + 1) / 2; next < root; next = (root + static_cast<double>(N) / root) / 2) root = next;
    return 1 / root;
  }();
};

template <class Factor>
struct ScaleOf {
  static constexpr bool reads = false;
  template <class A>
  MAE_HOST_DEVICE static A value(const A* c) {
    return A(Factor::value) * c[0];
  }
  template <class A>
  MAE_HOST_DEVICE static void pull_back(A g, const A*, A* dc) {
    dc[0] = A(Factor::value) * g;
  }
};

/// Factor::value · x, element by element.
template <class Factor, Expression X>
constexpr auto scale(X&& x) {
  return detail::combine<ScaleOf<Factor>>(detail::absorb(std::forward<X>(x)));
}

}  // namespace mae
MAE_PRECISE_END
