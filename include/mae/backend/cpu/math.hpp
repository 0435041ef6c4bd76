// exp, erf, square root and GELU on vectors.
//
// In float they are polynomials whose coefficients were fitted to the least largest relative error (minimax), so that 16
// numbers cost about as much as one call of the C library; the error is at most 2 units in the last place for exp and
// the square root and 4 for erf. In double each lane calls the C library: double serves checks, not speed.
//
// exp    x = n ln 2 + r with |r| <= ln 2 / 2; exp(r) = 1 + r + r² p(r); 2^n is put together from its bits.
// erf    x p(x²) / q(x²) for |x| <= 4, beyond which erf is 1 to the last bit of float.
// root   x / sqrt(x) by Newton's method for 1 / sqrt(x), from a first guess that halves the exponent as a bit pattern.
// NaN goes in and comes out. Tested against long double in tests/backend/math_test.cpp.
#pragma once
#include <cmath>

#include <mae/backend/cpu/simd.hpp>

namespace mae::cpu {

template <class T, class Isa>
struct Math {
  using S = Simd<T, Isa>;
  using Vector = typename S::Vector;
  using Bits = typename S::Bits;

  /// y = exp(x) for x <= 88 (float) or 709 (double); below -87 float gives 0, never a denormal number.
  [[gnu::always_inline]] static void exp(Vector& y, const Vector& x) {
    if constexpr (sizeof(T) == 4) {
      constexpr T shift = 0x1.8p23f;  // adding it rounds to a whole number, which then stands in the low bits
      Vector low;
      S::fill(low, -87.0f);
      const Vector c = x < low ? low : x, n = (c * 1.44269504089f + shift) - shift;
      const Vector r = (c - n * 0.693359375f) + n * 2.12194440e-4f;
      Vector p = r * 1.39015104523e-3f + 8.3637398125e-3f;
      p = p * r + 4.16668612188e-2f;
      p = p * r + 1.66665736947e-1f;
      p = p * r + 4.99999995249e-1f;
      p = p * (r * r) + r + 1.0f;
      const Bits exponent = (__builtin_convertvector(n, Bits) + 127) << 23;
      const Vector power = reinterpret_cast<Vector>(exponent), zero = {};
      y = x < low ? zero : p * power;
    } else {
      for (Index i = 0; i < S::lanes; ++i) y[i] = std::exp(x[i]);
    }
  }

  /// y = erf(x).
  [[gnu::always_inline]] static void erf(Vector& y, const Vector& x) {
    if constexpr (sizeof(T) == 4) {
      Vector low, high;
      S::fill(low, -4.0f);
      S::fill(high, 4.0f);
      const Vector not_low = x < low ? low : x, c = not_low > high ? high : not_low, u = c * c;
      Vector p = u * 1.98650255235e-6f + 2.84469139057e-4f;
      p = p * u + 3.88120268198e-3f;
      p = p * u + 5.30950843636e-2f;
      p = p * u + 1.93502042147e-1f;
      p = p * u + 1.12837914f;
      Vector q = u * 3.74121475749e-5f + 1.18495858396e-3f;
      q = q * u + 1.52030408776e-2f;
      q = q * u + 1.15331328603e-1f;
      q = q * u + 5.04819291253e-1f;
      q = q * u + 1.0f;
      y = c * p / q;
    } else {
      for (Index i = 0; i < S::lanes; ++i) y[i] = std::erf(x[i]);
    }
  }

  /// y = sqrt(x) for x >= 0.
  [[gnu::always_inline]] static void square_root(Vector& y, const Vector& x) {
    if constexpr (sizeof(T) == 4) {
      const Bits guess = 0x5f3759df - (reinterpret_cast<Bits>(x) >> 1);
      Vector inverse = reinterpret_cast<Vector>(guess);
      for (int round = 0; round < 3; ++round) inverse = inverse * (1.5f - 0.5f * x * inverse * inverse);
      const Vector root = x * inverse;
      y = root + 0.5f * inverse * (x - root * root);
    } else {
      for (Index i = 0; i < S::lanes; ++i) y[i] = std::sqrt(x[i]);
    }
  }

  /// y = x Φ(x), Φ(x) = (1 + erf(x / sqrt 2)) / 2.
  [[gnu::always_inline]] static void gelu(Vector& y, const Vector& x) {
    Vector e;
    erf(e, x * T(0.7071067811865476));
    y = T(0.5) * x * (e + T(1));
  }
  /// y = Φ(x) + x φ(x), φ(x) = exp(-x² / 2) / sqrt(2 π).
  [[gnu::always_inline]] static void gelu_slope(Vector& y, const Vector& x) {
    Vector e, density;
    erf(e, x * T(0.7071067811865476));
    exp(density, x * x * T(-0.5));
    y = T(0.5) * (e + T(1)) + x * density * T(0.3989422804014327);
  }
};

}  // namespace mae::cpu
