// exp, square root and GELU on vectors.
//
// In float they are polynomials whose coefficients were fitted to the least largest relative error (minimax), so that
// 16 numbers cost about as much as one call of the C library. In double each lane calls the C library: double serves
// checks, not speed.
//
// exp    x = n ln 2 + r with |r| <= ln 2 / 2; exp(r) = 1 + r + r² p(r); 2^n is put together from its bits.
// root   x / sqrt(x) by Newton's method for 1 / sqrt(x), from a first guess that halves the exponent as a bit pattern.
// GELU   from the small tail Q = Φ(-|x|) of the normal distribution, which loses no digits where Φ is near 0 or 1:
//        x Φ(x) = max(x, 0) - |x| Q. Q = exp(-x²/2) t p(t), t = 1 / (1 + 0.3 |x|), a form of Hastings' ("Approximations
//        for digital computers", 1955). The slope Φ(x) + x φ(x) has the same exponential in φ.
// Errors in float: exp and root 2 units in the last place, GELU and its slope 2.1e-7 of the larger of 1 and the
// value. NaN goes in and comes out. Tested against the C library in double in tests/backend/math_test.cpp.
#pragma once
#include <mae/backend/cpu/simd.hpp>
#include <mae/core/math.hpp>

MAE_PRECISE_BEGIN
namespace mae::cpu {

/// sqrt(x) of type T is T(exact_root(x)). With clang 14 a call keeps the -ffast-math of its file, and a root is
/// estimated, but for one that is the operand of a cast.
[[gnu::always_inline]] inline double exact_root(float x) { return static_cast<double>(__builtin_sqrtf(x)); }
[[gnu::always_inline]] inline double exact_root(double x) { return __builtin_sqrt(x); }

template <class T, class Isa>
struct Math {
  using Number = T;
  using S = Simd<T, Isa>;
  using Vector = typename S::Vector;
  using Bits = typename S::Bits;

  /// y = exp(x) for x <= 88 (float) or 709 (double); below -87 float gives 0, never a denormal number.
  [[gnu::always_inline]] static void exp(Vector& y, const Vector& x) {
    if constexpr (sizeof(T) == 4) {
      constexpr T shift = 0x1.8p23f;  // adding it rounds to a whole number, which then stands in the low bits
      Vector low;
      S::fill(low, -87.0f);
      const Vector c = x < low ? low : x;
      Vector n = c * 1.44269504089f + shift;
      isa::in_register(n);  // so that no optimiser of sums takes `shift` away again, where the caller allows for one
      n -= shift;
      Vector r = c - n * 0.693359375f;
      isa::in_register(r);
      r += n * 2.12194440e-4f;
      Vector p = r * 1.39015104523e-3f + 8.3637398125e-3f;
      p = p * r + 4.16668612188e-2f;
      p = p * r + 1.66665736947e-1f;
      p = p * r + 4.99999995249e-1f;
      p = p * (r * r) + r + 1.0f;
      const Bits exponent = (__builtin_convertvector(n, Bits) + 127) << 23;
      const Vector power = reinterpret_cast<Vector>(exponent), zero = {};
      y = x < low ? zero : p * power;
    } else {
      Vector result = {};
      for (Index i = 0; i < S::lanes; ++i) result[i] = T(one_exp(double(x[i])));
      y = result;
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
      Vector result = {};
      for (Index i = 0; i < S::lanes; ++i) result[i] = math::sqrt(x[i]);
      y = result;
    }
  }

  /// y = x Φ(x), Φ the normal distribution function.
  [[gnu::always_inline]] static void gelu(Vector& y, const Vector& x) {
    Vector size, bell, tail;
    normal(size, bell, tail, x);
    y = (x + size) * T(0.5) - size * tail;
  }
  /// y = Φ(x) + x φ(x), φ(x) = exp(-x² / 2) / sqrt(2 π).
  [[gnu::always_inline]] static void gelu_slope(Vector& y, const Vector& x) {
    Vector size, bell, tail;
    normal(size, bell, tail, x);
    y = (x < 0 ? tail : T(1) - tail) + x * bell * T(0.3989422804014327);
  }

 private:
  /// Functions of their own, so that g++ -ffast-math does not call the less exact ones of several numbers (libmvec).
  [[gnu::noinline]] static double one_exp(double x) { return math::exp(x); }
  [[gnu::noinline]] static double one_erfc(double x) { return math::erfc(x); }

  /// size = |x|, bell = exp(-x² / 2), tail = Φ(-|x|).
  [[gnu::always_inline]] static void normal(Vector& size, Vector& bell, Vector& tail, const Vector& x) {
    size = x < 0 ? -x : x;
    exp(bell, x * x * T(-0.5));
    if constexpr (sizeof(T) == 4) {
      const Vector t = 1.0f / (size * 0.3f + 1.0f);
      Vector p = t * 0.03567521883f - 0.15720487786f;
      p = p * t + 0.20635646591f;
      p = p * t - 0.053686217813f;
      p = p * t + 0.1285628971f;
      p = p * t + 0.099913136989f;
      p = p * t + 0.120754008f;
      p = p * t + 0.11962929576f;
      tail = bell * (t * p);
    } else {
      Vector result = {};
      for (Index i = 0; i < S::lanes; ++i) result[i] = T(0.5 * one_erfc(double(size[i]) * 0.7071067811865476));
      tail = result;
    }
  }
};

}  // namespace mae::cpu
MAE_PRECISE_END
