// The functions of <cmath> that the library calls, as the compiler's own: `math::exp(x)` is `std::exp(x)`.
//
// The standard header takes long to compile, for functions that nobody here calls.
#pragma once
#include <mae/core/config.hpp>

#if defined(__CUDACC__)
#include <cmath>
#endif

MAE_PRECISE_BEGIN
namespace mae::math {

#if defined(__CUDACC__)
using std::atan, std::ceil, std::cos, std::erf, std::erfc, std::exp, std::fabs, std::floor, std::fmax, std::fmin,
    std::log, std::pow, std::round, std::sin, std::sqrt;
#else
inline float exp(float x) { return __builtin_expf(x); }
inline double exp(double x) { return __builtin_exp(x); }
inline float log(float x) { return __builtin_logf(x); }
inline double log(double x) { return __builtin_log(x); }
inline float sqrt(float x) { return __builtin_sqrtf(x); }
inline double sqrt(double x) { return __builtin_sqrt(x); }
inline float erf(float x) { return __builtin_erff(x); }
inline double erf(double x) { return __builtin_erf(x); }
inline double erfc(double x) { return __builtin_erfc(x); }
inline double atan(double x) { return __builtin_atan(x); }
inline double cos(double x) { return __builtin_cos(x); }
inline double sin(double x) { return __builtin_sin(x); }
inline double pow(double x, double y) { return __builtin_pow(x, y); }
inline float fabs(float x) { return __builtin_fabsf(x); }
inline double fabs(double x) { return __builtin_fabs(x); }
inline double floor(double x) { return __builtin_floor(x); }
inline double ceil(double x) { return __builtin_ceil(x); }
inline double round(double x) { return __builtin_round(x); }
inline float fmin(float x, float y) { return __builtin_fminf(x, y); }
inline double fmin(double x, double y) { return __builtin_fmin(x, y); }
inline float fmax(float x, float y) { return __builtin_fmaxf(x, y); }
inline double fmax(double x, double y) { return __builtin_fmax(x, y); }
#endif

}  // namespace mae::math
MAE_PRECISE_END
