// An activation, element by element: a function of one number that a network bends its results with.
//
// `activate<F>(x)` for any F of backend/activation.hpp: y = F(x), ∂L/∂x = F'(x) ∂L/∂y. Of a linear layer that has no
// name it becomes one pass with the product (ops/linear.hpp). Each function has a header that gives it its name:
// ops/gelu.hpp, silu.hpp, relu.hpp.
#pragma once
#include <mae/autograd/trace/pointwise.hpp>
#include <mae/backend/activation.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// An activation in an element-wise expression.
template <class Activation>
struct ActivationOf {
  static constexpr bool reads = true;
  template <class A>
  MAE_HOST_DEVICE static A value(const A* c) {
    return activation_value<Activation>(c[0]);
  }
  template <class A>
  MAE_HOST_DEVICE static void pull_back(A g, const A* c, A* dc) {
    dc[0] = g * activation_slope<Activation>(c[0]);
  }
};

template <class Activation>
struct ActivationAlone<Form<ActivationOf<Activation>, Leaf>> {
  using type = Activation;
};

/// F of every element; joined to a linear layer that has no name.
template <class Activation, Expression X>
constexpr auto activate(X&& x) {
  if constexpr (requires { std::forward<X>(x).template activated<Activation>(); })
    return std::forward<X>(x).template activated<Activation>();
  else return detail::combine<ActivationOf<Activation>>(detail::absorb(std::forward<X>(x)));
}

}  // namespace mae
MAE_PRECISE_END
