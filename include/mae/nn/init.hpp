// First values of parameters, as types: `value<S>(stream, i)` is element i of a parameter of shape S.
//
// Every value is a pure function of (seed, parameter name, i), so a model starts from the same weights on any
// backend. The choices are MAE's: xavier-uniform for linear layers, zero biases, normal tokens of deviation 0.02.
#pragma once
#include <mae/core/math.hpp>
#include <mae/core/random.hpp>
#include <mae/core/shape.hpp>

MAE_PRECISE_BEGIN
namespace mae::init {

template <Index Numerator>
struct Constant {
  template <class S>
  static double value(const RandomStream&, Index) {
    return static_cast<double>(Numerator);
  }
};
using Zeros = Constant<0>;
using Ones = Constant<1>;

/// Uniform in ±bound, from 24 random bits.
inline double uniform(const RandomStream& stream, Index i, double bound) {
  return bound * (2 * static_cast<double>(stream.uniform(static_cast<std::uint32_t>(i))) - 1);
}

/// Uniform in ±sqrt(6 / (fan in + fan out)) (Glorot & Bengio, 2010). The first extent is fan out, the rest fan in; qkv
/// counts as the one matrix that it is, a convolution as its matrix view.
struct XavierUniform {
  template <class S>
  static double value(const RandomStream& stream, Index i) {
    constexpr Index fan_out = S::extent(0), fan_in = S::count / fan_out;
    return uniform(stream, i, math::sqrt(6.0 / static_cast<double>(fan_in + fan_out)));
  }
};

/// Uniform in ±1/sqrt(FanIn): what the bias of a convolution starts with.
template <Index FanIn>
struct FanInUniform {
  template <class S>
  static double value(const RandomStream& stream, Index i) {
    return uniform(stream, i, 1 / math::sqrt(static_cast<double>(FanIn)));
  }
};

/// Normal with deviation Numerator / Denominator.
template <Index Numerator, Index Denominator>
struct Normal {
  template <class S>
  static double value(const RandomStream& stream, Index i) {
    return stream.normal(static_cast<std::uint32_t>(i)) * static_cast<double>(Numerator) /
           static_cast<double>(Denominator);
  }
};

}  // namespace mae::init
MAE_PRECISE_END
