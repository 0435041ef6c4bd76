// The vector functions against the C library in double: the error bounds that `backend/cpu/math.hpp` states.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include <mae/backend/cpu/math.hpp>
#include <mae/core/finite.hpp>

MAE_PRECISE_BEGIN
namespace {

using mae::Index;

enum class Function { exp, square_root, gelu, gelu_slope };

template <class T, class Isa, Function function>
void evaluate(T* y, const T* x) {
  using S = mae::cpu::Simd<T, Isa>;
  using Math = mae::cpu::Math<T, Isa>;
  Isa::run([&]() __attribute__((always_inline)) {
    typename S::Vector in = S::at(x).v, out;
    if constexpr (function == Function::exp) Math::exp(out, in);
    if constexpr (function == Function::square_root) Math::square_root(out, in);
    if constexpr (function == Function::gelu) Math::gelu(out, in);
    if constexpr (function == Function::gelu_slope) Math::gelu_slope(out, in);
    S::at(y).v = out;
  });
}

double exact(Function function, double x) {
  const double normal = 0.5 * std::erfc(-x / std::sqrt(2.0));
  switch (function) {
    case Function::exp: return std::exp(x);
    case Function::square_root: return std::sqrt(x);
    case Function::gelu: return x * normal;
    case Function::gelu_slope: return normal + x * std::exp(-0.5 * x * x) * 0.3989422804014327;
  }
  return 0;
}

struct Errors {
  double units = 0;     ///< largest error in units in the last place of the exact value
  double absolute = 0;  ///< largest error
};

/// Half a million points of [low, high], one in every lane in turn.
template <class T, class Isa, Function function>
Errors errors(double low, double high) {
  constexpr Index lanes = mae::cpu::Simd<T, Isa>::lanes, points = 1 << 19;
  Errors largest;
  for (Index i = 0; i < points; i += lanes) {
    T x[lanes], y[lanes];
    for (Index l = 0; l < lanes; ++l) x[l] = T(low + (high - low) * double(i + l) / double(points - 1));
    evaluate<T, Isa, function>(y, x);
    for (Index l = 0; l < lanes; ++l) {
      const double expected = exact(function, double(x[l])), error = std::fabs(double(y[l]) - expected);
      const T rounded = T(std::fabs(expected));
      const double unit = double(std::nextafter(rounded, std::numeric_limits<T>::max())) - double(rounded);
      largest.units = std::fmax(largest.units, error / unit);
      largest.absolute = std::fmax(largest.absolute, error);
    }
  }
  return largest;
}

template <class Isa>
void check_float() {
  if (!Isa::supported()) return;
  CHECK(errors<float, Isa, Function::exp>(-87, 88).units <= 2);
  CHECK(errors<float, Isa, Function::exp>(-1, 1).units <= 2);
  CHECK(errors<float, Isa, Function::square_root>(0, 1e-6).units <= 2);
  CHECK(errors<float, Isa, Function::square_root>(0, 1e6).units <= 2);
  CHECK(errors<float, Isa, Function::gelu>(-15, 1).absolute <= 2e-7);
  CHECK(errors<float, Isa, Function::gelu>(1, 15).units <= 2);
  CHECK(errors<float, Isa, Function::gelu_slope>(-15, 15).absolute <= 2.1e-7);
}

template <class Isa>
void check_ends() {
  if (!Isa::supported()) return;
  constexpr Index lanes = mae::cpu::Simd<float, Isa>::lanes;
  constexpr float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  float x[lanes] = {-infinity, -100, nan, 0}, y[lanes];
  evaluate<float, Isa, Function::exp>(y, x);
  CHECK(y[0] == 0);
  CHECK(y[1] == 0);
  CHECK(!mae::is_finite(y[2]));
  CHECK(y[3] == 1);
  evaluate<float, Isa, Function::gelu>(y, x);
  CHECK(y[1] == 0);
  CHECK(!mae::is_finite(y[2]));
  CHECK(y[3] == 0);
  evaluate<float, Isa, Function::gelu_slope>(y, x);
  CHECK(!mae::is_finite(y[2]));
  CHECK(y[3] == doctest::Approx(0.5).epsilon(2e-7));
  x[0] = 0;
  evaluate<float, Isa, Function::square_root>(y, x);
  CHECK(y[0] == 0);
  CHECK(!mae::is_finite(y[2]));
}

TEST_CASE("float: errors within the stated bounds") {
  SUBCASE("baseline") { check_float<mae::isa::Baseline>(); }
  SUBCASE("avx2") { check_float<mae::isa::Avx2>(); }
  SUBCASE("avx512") { check_float<mae::isa::Avx512>(); }
}
TEST_CASE("float: infinity, NaN and zero") {
  SUBCASE("baseline") { check_ends<mae::isa::Baseline>(); }
  SUBCASE("avx2") { check_ends<mae::isa::Avx2>(); }
  SUBCASE("avx512") { check_ends<mae::isa::Avx512>(); }
}
TEST_CASE("double: as exact as the C library") {
  CHECK(errors<double, mae::isa::Baseline, Function::exp>(-700, 700).units <= 1);
  CHECK(errors<double, mae::isa::Baseline, Function::gelu>(-10, 10).absolute <= 2e-15);
  CHECK(errors<double, mae::isa::Baseline, Function::gelu_slope>(-10, 10).absolute <= 2e-15);
}

}  // namespace
MAE_PRECISE_END
