// Functions of one number that several backends share, for host and device.
#pragma once
#include <mae/core/config.hpp>
#include <mae/core/math.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// gelu(x) = x Φ(x), exact: Φ is the normal distribution function (Hendrycks & Gimpel, 2016).
template <class A>
MAE_HOST_DEVICE inline A gelu_value(A x) {
  return A(0.5) * x * (A(1) + math::erf(x * A(0.7071067811865476)));
}
/// gelu'(x) = Φ(x) + x φ(x), φ the normal density.
template <class A>
MAE_HOST_DEVICE inline A gelu_slope(A x) {
  return A(0.5) * (A(1) + math::erf(x * A(0.7071067811865476))) +
         x * A(0.3989422804014327) * math::exp(A(-0.5) * x * x);
}

}  // namespace mae
MAE_PRECISE_END
