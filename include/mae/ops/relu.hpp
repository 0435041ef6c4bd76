// relu(x) = max(x, 0) (Nair & Hinton, 2010). Derivative: 1 for x > 0, 0 for x < 0; at 0 it has none, and is given 0.
#pragma once
#include <mae/ops/activation.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct Relu {
  static constexpr const char* name = "relu";
  template <class Math, class V>
  [[gnu::always_inline]] MAE_HOST_DEVICE static void value(V& y, const V& x) {
    y = x <= 0 ? V{} : x;  // NaN stays NaN
  }
  template <class Math, class V>
  [[gnu::always_inline]] MAE_HOST_DEVICE static void slope(V& y, const V& x) {
    constexpr typename Math::Number one = 1;
    y = x <= 0 ? V{} : V{} + one;
  }
};

/// relu, element by element; joined to a linear layer that has no name.
template <Expression X>
constexpr auto relu(X&& x) {
  return activate<Relu>(std::forward<X>(x));
}

}  // namespace mae
MAE_PRECISE_END
