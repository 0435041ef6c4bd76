// What the compiler and the machine offer: version, `Index`, threads, instruction sets.
//
// This is the only file of the library with conditional compilation. It never changes a type behind a name: it defines
// *different types* (`isa::Avx2`, `OpenMp`, ...) and says which of them exist, and it keeps floating-point flags away
// from the library's code. So files built with different flags cannot clash in one program: each has its own right
// numbers. Levels of optimisation and -march change speed, and the last digit at most.
#pragma once
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <mae/backend/processors.hpp>

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
// stand between MAE_FUSED_BEGIN and MAE_FUSED_END.
#if defined(__CUDACC__)
#define MAE_PRECISE_BEGIN
#define MAE_PRECISE_END
#define MAE_FUSED_BEGIN
#define MAE_FUSED_END
#elif defined(__clang__) && !defined(__x86_64__) && !defined(__i386__)
// clang 14 knows these orders for x86 alone.
#define MAE_PRECISE_BEGIN
#define MAE_PRECISE_END
#define MAE_FUSED_BEGIN
#define MAE_FUSED_END
#elif defined(__clang__)
#define MAE_PRECISE_BEGIN \
  _Pragma("float_control(push)") _Pragma("float_control(precise, on)") _Pragma("clang fp contract(fast)")
#define MAE_PRECISE_END _Pragma("float_control(pop)")
#define MAE_FUSED_BEGIN
#define MAE_FUSED_END
#elif __FINITE_MATH_ONLY__ || defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || \
    defined(__NO_SIGNED_ZEROS__)
#define MAE_PRECISE_BEGIN                                                                                  \
  _Pragma("GCC push_options")                                                                              \
  _Pragma("GCC optimize(\"no-fast-math,no-unsafe-math-optimizations,no-associative-math,signed-zeros\")")  \
  _Pragma("GCC optimize(\"no-reciprocal-math,no-finite-math-only,fp-contract=fast\")")
#define MAE_PRECISE_END _Pragma("GCC pop_options")
#define MAE_FUSED_BEGIN
#define MAE_FUSED_END
#else
#define MAE_PRECISE_BEGIN
#define MAE_PRECISE_END
#define MAE_FUSED_BEGIN _Pragma("GCC push_options") _Pragma("GCC optimize(\"fp-contract=fast\")")
#define MAE_FUSED_END _Pragma("GCC pop_options")
#endif

#if defined(_OPENMP)
#include <omp.h>
#endif
#if defined(_OPENMP) && defined(__linux__)
#include <pthread.h>
#endif
#if defined(__linux__)
#include <sys/mman.h>
#endif

MAE_PRECISE_BEGIN
namespace mae {

static_assert(sizeof(0.1) == sizeof(double), "mae: compile without -fsingle-precision-constant: formulas need digits");

struct bf16;

/// Sizes, offsets and counts: signed, so that a difference is a number, and as wide on every machine as in files.
using Index = std::int64_t;

/// `"0.1.0"`, as written into checkpoints.
inline constexpr const char* version = "0.1.0";

/// The bytes every tensor, parameter and planned buffer starts at a multiple of.
inline constexpr Index alignment = 64;

/// Memory of this size and more begins at a multiple of `large_page` and asks the system for pages of that size: a
/// thousand weights of a column then lie on a few pages instead of on one each.
inline constexpr std::size_t large_memory = std::size_t{4} << 20, large_page = std::size_t{2} << 20;
#if defined(__linux__)
inline void prefer_large_pages(void* memory, std::size_t bytes) { madvise(memory, bytes, MADV_HUGEPAGE); }
#else
inline void prefer_large_pages(void*, std::size_t) {}
#endif

/// Threads as a type: work runs on the calling thread alone.
struct Serial {
  static int count() { return 1; }
  /// How many threads may run at a time.
  static int usable() { return 1; }
  static bool number_in_environment() { return false; }
  /// Lets `count()` be at most `threads` for the thread that asks.
  static void limit(int) {}
  /// Calls `work(t)` for every t in [0, threads), one after the other.
  template <class Work>
  static void run(int threads, const Work& work) {
    for (int thread = 0; thread < threads; ++thread) work(thread);
  }
};

#if defined(_OPENMP)
namespace detail {
#if defined(__linux__)
/// Has the team of a thread that forks end before it does, and begin anew at the next `OpenMp::run`.
inline int end_team_at_fork() {
  return pthread_atfork([] { omp_pause_resource_all(omp_pause_soft); }, nullptr, nullptr);
}
#else
inline int end_team_at_fork() { return 0; }
#endif
}  // namespace detail

/// Threads as a type: an OpenMP team. Present only in files built with `-fopenmp`. Inside a parallel region, also one
/// of yours, it is the calling thread alone. A process that forks, outside of such a region, may go on in both: a team
/// does not survive in the child, so it ends before and begins anew.
struct OpenMp {
  /// At most as many as may run: more would take turns, and wait for each other at every barrier. The environment's
  /// OMP_NUM_THREADS is taken at its word.
  static int count() {
    if (omp_in_parallel()) return 1;
    const int most = omp_get_max_threads();
    return most <= usable() || number_in_environment() ? most : usable();
  }
  /// How many threads may run at a time: processors that the process may run on, or what the quota of its control group
  /// comes to, a part of a processor counted whole. Asked once.
  static int usable() {
    static const int number = [] {
      const int processors = omp_get_num_procs(), quota = detail::processor_quota();
      return quota > 0 && quota < processors ? quota : processors;
    }();
    return number;
  }
  /// Whether the user chose a number in the environment, before the program began.
  static bool number_in_environment() {
    static const bool chosen = [] {
      const char* const text = std::getenv("OMP_NUM_THREADS");
      return text != nullptr && std::strtol(text, nullptr, 10) > 0;
    }();
    return chosen;
  }
  static void limit(int threads) { omp_set_num_threads(threads); }
  /// Calls `work(t)` for every t in [0, threads), each once, whatever team the runtime grants.
  template <class Work>
  static void run(int threads, const Work& work) {
    if (threads <= 1) return work(0);
    prepare();
#pragma omp parallel for schedule(static, 1) num_threads(threads)
    for (int thread = 0; thread < threads; ++thread) work(thread);
  }

 private:
  static void prepare() { [[maybe_unused]] static const int told = detail::end_team_at_fork(); }
};
using DefaultThreads = OpenMp;
#else
using DefaultThreads = Serial;
#endif

/// Instruction sets as types. `run(body)` compiles `body`, and every always-inline function it calls, for that set;
/// `supported()` asks the processor; `bytes` is the width of its vectors, `registers` their number, and
/// `multiplies_bf16` says whether one instruction multiplies pairs of bf16.
namespace isa {

#if defined(__aarch64__)
inline constexpr Index baseline_registers = 32;
#else
inline constexpr Index baseline_registers = 16;
#endif

MAE_FUSED_BEGIN
/// What every processor of the target has: SSE2 on x86-64, NEON on AArch64.
struct Baseline {
  static constexpr const char* name = "baseline";
  static constexpr Index bytes = 16, registers = baseline_registers;
  static constexpr bool multiplies_bf16 = false;
  static bool supported() { return true; }
  template <class Body>
  [[gnu::noinline]] static void run(const Body& body) {
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
  [[gnu::target("avx2,fma"), gnu::noinline]] static void run(const Body& body) {
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
  [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"), gnu::noinline]] static void run(const Body& body) {
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
MAE_FUSED_END

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
