// The limits of the processor and of its memory, taken in the same program and at the same time as what they limit.
//
// A time says little on a machine that others use too, so every row is also a share of a limit. There are two: what
// the multiply-adds of all threads can do when all operands lie in registers (in float, and as dot products of bf16
// where the processor has them), and what memory delivers to a loop that reads two long arrays and writes a third.
// The limit is measured between the things measured, one repetition of each in turn; of the repetitions the median
// counts, for us, for the peer and for the limit.
#pragma once
#include <functional>
#include <memory>
#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <mae/backend/cpu/peak.hpp>
#include <mae/backend/cpu/simd.hpp>
#include <mae/backend/threads.hpp>
#include <mae/core/bf16.hpp>

#include "row.hpp"

namespace mae::benchmark {

using cpu::float_peak;
inline constexpr Index chains = cpu::peak_chains, rounds = cpu::peak_rounds;

#if defined(__x86_64__)
[[gnu::target("avx512f,avx512bf16"), gnu::noinline]] inline float dot_products(float start) {
  const auto factor = reinterpret_cast<__m512bh>(_mm512_set1_ps(start * 1e-9f + 1e-9f));
  __m512 sum[chains];
  for (Index i = 0; i < chains; ++i) sum[i] = _mm512_set1_ps(start + static_cast<float>(i));
  for (Index round = 0; round < rounds; ++round)
#pragma GCC unroll 16
    for (Index i = 0; i < chains; ++i) sum[i] = _mm512_dpbf16_ps(sum[i], factor, factor);
  for (Index i = 1; i < chains; ++i) sum[0] += sum[i];
  float total = 0;
  for (Index lane = 0; lane < 16; ++lane) total += sum[0][lane];
  return total;
}
/// What `float_peak` is, in dot products of bf16 that are summed in float; 0 on a processor without such an instruction.
template <class Threads = DefaultThreads>
double bf16_peak(int threads) {
  if (!__builtin_cpu_supports("avx512bf16")) return 0;
  const double time = seconds([&] {
    Threads::run(threads, [](int thread) {
      volatile float keep = static_cast<float>(thread);
      keep = dot_products(keep);
    });
  });
  return 4.0 * 16 * chains * rounds * threads / time;  // an instruction is 16 sums of two products
}
#else
template <class Threads = DefaultThreads>
double bf16_peak(int) {
  return 0;
}
#endif

/// The peak of what multiplies numbers of type `T`; where the processor has none for bf16, that of float.
template <class T>
double peak(int threads) {
  if constexpr (std::is_same_v<T, bf16>)
    if (const double limit = bf16_peak(threads); limit > 0) return limit;
  return float_peak(threads);
}
template <class T>
constexpr const char* limit_name() {
  return std::is_same_v<T, bf16> ? "bf16 peak" : "float peak";
}

/// Bytes per second that memory delivers to a[i] = b[i] + s c[i]: two arrays read, one written, each far larger than
/// the caches. Their memory stays with the object.
class Bandwidth {
 public:
  explicit Bandwidth(int threads) : threads_(threads), memory_(new float[3 * size]) { measure(); }
  double measure() const {
    float* const a = memory_.get();
    const float *const b = a + size, *const c = b + size;
    const double time = seconds([&] {
      DefaultThreads::run(threads_, [&](int thread) {
        const Index begin = size * thread / threads_, end = size * (thread + 1) / threads_;
        isa::dispatch<isa::Best>([&](auto set) {
          using Isa = decltype(set);
          using S = cpu::Simd<float, Isa>;
          Isa::run([&]() __attribute__((always_inline)) {
            for (Index i = begin; i < end; i += S::lanes) S::at(a + i).v = S::at(b + i).v + 3.0f * S::at(c + i).v;
          });
        });
      });
    });
    return 3.0 * size * sizeof(float) / time;
  }

 private:
  static constexpr Index size = Index{1} << 25;  // 128 MiB each
  int threads_;
  std::unique_ptr<float[]> memory_;
};

/// The median seconds of every work, and the median of the limit.
struct Measured {
  std::vector<double> seconds;
  double limit = 0;
};
/// Runs every entry of `works` and `limit` in turn, `repetitions` times. Before a work is timed, all is quiet for a
/// moment (the threads of some libraries look for more work that long) and it runs once.
template <class Works, class Limit>
Measured interleaved(int repetitions, const Works& works, const Limit& limit) {
  std::vector<double> limits;
  std::vector<std::vector<double>> times(works.size());
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    limits.push_back(limit());
    for (std::size_t i = 0; i < works.size(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      works[i]();
      times[i].push_back(seconds(works[i]));
    }
  }
  Measured measured;
  measured.limit = median(limits);
  for (const std::vector<double>& time : times) measured.seconds.push_back(median(time));
  return measured;
}

}  // namespace mae::benchmark
