// What every header stands on: the version, `Index`, and code that does not depend on floating-point flags.
//
// Files built with different flags cannot clash in one program: each has the same right numbers. Conditional
// compilation never changes a type behind a name; where machines differ there are *different types* (backend/isa.hpp,
// backend/threads.hpp). Levels of optimisation and -march change speed, and the last digit at most.
#pragma once
#include <cstddef>
#include <cstdint>

#define MAE_VERSION_MAJOR 0
#define MAE_VERSION_MINOR 1
#define MAE_VERSION_PATCH 0
/// 100 for 0.1.0, 10203 for 1.2.3: to be compared in `#if MAE_VERSION >= 200`.
#define MAE_VERSION (MAE_VERSION_MAJOR * 10000 + MAE_VERSION_MINOR * 100 + MAE_VERSION_PATCH)

#if defined(__CUDACC__)
#define MAE_HOST_DEVICE __host__ __device__
#else
#define MAE_HOST_DEVICE
#endif

// Code between MAE_PRECISE_BEGIN and MAE_PRECISE_END rounds every operation as it is written, but for a product and a
// sum that become one multiply-add, and knows NaN and infinity, whatever the file is compiled with: -ffast-math,
// -Ofast, -ffp-contract=off, ... So numbers depend neither on such flags nor on which file's copy of an inline function
// the linker keeps. All code of the library that computes stands there. g++ gets these orders only in files whose flags
// need them, for it inlines nothing across a change of orders. Its predefined macros do not tell whether it makes
// multiply-adds, which it decides for a function together with all that was inlined into it: those that kernels run in
// have the attribute MAE_FUSED. (A pragma around functions for another instruction set has g++ prepare for that set in
// every file that reads them, which takes longer than to read all kernels.)
#if defined(__CUDACC__)
#define MAE_PRECISE_BEGIN
#define MAE_PRECISE_END
#define MAE_FUSED
#elif defined(__clang__) && !defined(__x86_64__) && !defined(__i386__)
// clang 14 knows these orders for x86 alone.
#define MAE_PRECISE_BEGIN
#define MAE_PRECISE_END
#define MAE_FUSED
#elif defined(__clang__)
#define MAE_PRECISE_BEGIN \
  _Pragma("float_control(push)") _Pragma("float_control(precise, on)") _Pragma("clang fp contract(fast)")
#define MAE_PRECISE_END _Pragma("float_control(pop)")
#define MAE_FUSED
#elif __FINITE_MATH_ONLY__ || defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || \
    defined(__NO_SIGNED_ZEROS__)
#define MAE_PRECISE_BEGIN                                                                                  \
  _Pragma("GCC push_options")                                                                              \
  _Pragma("GCC optimize(\"no-fast-math,no-unsafe-math-optimizations,no-associative-math,signed-zeros\")")  \
  _Pragma("GCC optimize(\"no-reciprocal-math,no-finite-math-only,fp-contract=fast\")")
#define MAE_PRECISE_END _Pragma("GCC pop_options")
#define MAE_FUSED
#else
#define MAE_PRECISE_BEGIN
#define MAE_PRECISE_END
#define MAE_FUSED [[gnu::optimize("fp-contract=fast")]]
#endif

MAE_PRECISE_BEGIN
namespace mae {

static_assert(sizeof(0.1) == sizeof(double), "mae: compile without -fsingle-precision-constant: formulas need digits");

/// Sizes, offsets and counts: signed, so that a difference is a number, and as wide on every machine as in files.
using Index = std::int64_t;

/// `"0.1.0"`, as written into checkpoints.
inline constexpr const char* version = "0.1.0";

/// The bytes every tensor, parameter and planned buffer starts at a multiple of.
inline constexpr Index alignment = 64;

}  // namespace mae
MAE_PRECISE_END
