// What an activation is: a type with a value and a slope, written once for every backend.
//
//   struct Relu {
//     static constexpr const char* name = "relu";
//     template <class Math, class V>
//     [[gnu::always_inline]] MAE_HOST_DEVICE static void value(V& y, const V& x) {
//       y = x < 0 ? V{} : x;
//     }
//     template <class Math, class V>
//     [[gnu::always_inline]] MAE_HOST_DEVICE static void slope(V& y, const V& x) {
//       y = x < 0 ? V{} : V{} + typename Math::Number(1);
//     }
//   };
//
// V is one number, or a vector of them where a processor computes many at once: arithmetic, comparisons and `?:` mean
// the same for both. `Math` has the functions of V: `Math::exp(y, x)`, and `Math::Number`, the type of an element. That
// is all: `activate<Relu>(x)` (ops/activation.hpp) computes it in any expression, and joins it to a linear layer that
// it follows, on every backend.
#pragma once
#include <mae/backend/scalar.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The functions of one number, for host and device. `cpu::Math` has those of vectors.
template <class A>
struct ScalarMath {
  using Number = A;
  MAE_HOST_DEVICE static void exp(A& y, const A& x) { y = math::exp(x); }
  MAE_HOST_DEVICE static void gelu(A& y, const A& x) { y = gelu_value(x); }
  MAE_HOST_DEVICE static void gelu_slope(A& y, const A& x) { y = mae::gelu_slope(x); }
};

template <class Activation, class A>
MAE_HOST_DEVICE A activation_value(A x) {
  A y;
  Activation::template value<ScalarMath<A>>(y, x);
  return y;
}
template <class Activation, class A>
MAE_HOST_DEVICE A activation_slope(A x) {
  A y;
  Activation::template slope<ScalarMath<A>>(y, x);
  return y;
}

/// x Φ(x). Its digits near 0 and 1 take care (cpu/math.hpp), so each `Math` has it as a function.
struct Gelu {
  static constexpr const char* name = "gelu";
  template <class Math, class V>
  [[gnu::always_inline]] MAE_HOST_DEVICE static void value(V& y, const V& x) {
    Math::gelu(y, x);
  }
  template <class Math, class V>
  [[gnu::always_inline]] MAE_HOST_DEVICE static void slope(V& y, const V& x) {
    Math::gelu_slope(y, x);
  }
};

}  // namespace mae
MAE_PRECISE_END
