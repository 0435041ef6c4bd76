// Instruction sets as types: `isa::Baseline`, `isa::Avx2`, `isa::Avx512`, and `isa::Best`, which asks the processor.
//
// A kernel is compiled for each of them in one program, whatever the file is compiled for, and `dispatch` calls the
// widest that runs here.
#pragma once
#include <type_traits>

#include <mae/core/bf16.hpp>
#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Instruction sets as types. `run(body)` compiles `body`, and every always-inline function it calls, for that set;
/// `supported()` asks the processor; `bytes` is the width of its vectors, `registers` their number, and
/// `multiplies_bf16` says whether one instruction multiplies pairs of bf16.
namespace isa {

#if defined(__aarch64__)
inline constexpr Index baseline_registers = 32;
#else
inline constexpr Index baseline_registers = 16;
#endif

/// What every processor of the target has: SSE2 on x86-64, NEON on AArch64.
struct Baseline {
  static constexpr const char* name = "baseline";
  static constexpr Index bytes = 16, registers = baseline_registers;
  static constexpr bool multiplies_bf16 = false;
  static bool supported() { return true; }
  template <class Body>
  MAE_FUSED [[gnu::noinline]] static void run(const Body& body) {
    body();
  }
};

#if defined(__x86_64__)
struct Avx2 {
  static constexpr const char* name = "avx2";
  static constexpr Index bytes = 32, registers = 16;
  static constexpr bool multiplies_bf16 = false;
  static bool supported() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
  template <class Body>
  MAE_FUSED [[gnu::target("avx2,fma"), gnu::noinline]] static void run(const Body& body) {
    body();
  }
};
struct Avx512 {
  static constexpr const char* name = "avx512";
  static constexpr Index bytes = 64, registers = 32;
  static constexpr bool multiplies_bf16 = false;
  static bool supported() {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  }
  template <class Body>
  MAE_FUSED [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"), gnu::noinline]] static void run(
      const Body& body) {
    body();
  }
};
/// What `Avx512` has, and products of bf16 (backend/cpu/avx512_bf16.hpp).
struct Avx512Bf16 : Avx512 {
  static constexpr const char* name = "avx512-bf16";
  static constexpr bool multiplies_bf16 = true;
  static bool supported() { return Avx512::supported() && __builtin_cpu_supports("avx512bf16"); }
};
#else
using Avx2 = Baseline;
using Avx512 = Baseline;
using Avx512Bf16 = Baseline;
#endif

/// Has a vector in a register from here on, where g++ would rather read it from memory at each use. clang keeps it
/// there unasked, and without OpenMP it refuses a vector wider than what this function itself is compiled for.
template <class Vector>
[[gnu::always_inline]] inline void in_register([[maybe_unused]] Vector& vector) {
#if defined(__clang__)
#elif defined(__x86_64__)
  asm("" : "+v"(vector));
#elif defined(__aarch64__)
  asm("" : "+w"(vector));
#endif
}

/// Keeps a loop over a few numbers a loop: nothing is known of `i` from here on. Left to itself, g++ -O3 makes vectors
/// of any such loop, with an end of its own for each length, in every kernel that has one.
[[gnu::always_inline]] inline void step_by_step([[maybe_unused]] Index& i) {
#if defined(__GNUC__)
  asm("" : "+r"(i));
#endif
}

/// The widest set that the processor supports, asked once at run time.
struct Best {
  static constexpr const char* name = "best";
};

/// Calls `body(Set{})` with the set that `Isa` names, or for `Best` the widest supported one.
template <class Isa, class Body>
void dispatch(const Body& body) {
  if constexpr (std::is_same_v<Isa, Best>) {
    static const int width = Avx512::supported() ? 2 : Avx2::supported() ? 1 : 0;
    if (width == 2) return body(Avx512{});
    if (width == 1) return body(Avx2{});
    body(Baseline{});
  } else {
    body(Isa{});
  }
}
/// The same for products of `T`, which may have a set of their own.
template <class Isa, class T, class Body>
void dispatch_products(const Body& body) {
  if constexpr (std::is_same_v<Isa, Best> && std::is_same_v<T, bf16>) {
    static const bool pairs = Avx512Bf16::supported();
    if (pairs) return body(Avx512Bf16{});
  }
  dispatch<Isa>(body);
}

}  // namespace isa

}  // namespace mae
MAE_PRECISE_END
