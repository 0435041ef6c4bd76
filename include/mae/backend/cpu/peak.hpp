// What the multiply-adds of a processor can do when all operands lie in registers: the limit of every product.
//
// A time says little on a machine that others use too; a share of the limit that was taken at the same time says more.
#pragma once
#include <chrono>

#include <mae/backend/cpu/simd.hpp>
#include <mae/backend/threads.hpp>

MAE_PRECISE_BEGIN
namespace mae::cpu {

/// Sums that a thread adds to by turns, more than latency times units, fewer than registers; and how often.
inline constexpr Index peak_chains = 14, peak_rounds = 10000000;

/// Operations per second of `threads` threads that do nothing but fused multiply-adds on registers (an add and a
/// multiply are two), in float. Takes about twenty milliseconds.
template <class Threads = DefaultThreads>
double float_peak(int threads, Index rounds = peak_rounds) {
  using Clock = std::chrono::steady_clock;
  double operations = 0;
  const auto start = Clock::now();
  isa::dispatch<isa::Best>([&](auto set) {
    using Isa = decltype(set);
    using S = Simd<float, Isa>;
    operations = 2.0 * peak_chains * static_cast<double>(rounds * S::lanes) * threads;
    Threads::run(threads, [&](int thread) {
      volatile float keep = static_cast<float>(thread);
      Isa::run([&]() __attribute__((always_inline)) {
        typename S::Vector sum[peak_chains], factor;
        S::fill(factor, keep * 1e-9f + 0.5f);
        for (Index i = 0; i < peak_chains; ++i) S::fill(sum[i], keep + static_cast<float>(i));  // or they would be one
        for (Index round = 0; round < rounds; ++round)
          unroll<peak_chains>([&](auto i) __attribute__((always_inline)) { sum[i] = sum[i] * factor + factor; });
        for (Index i = 1; i < peak_chains; ++i) sum[0] += sum[i];
        keep = S::sum(sum[0]);
      });
    });
  });
  return operations / std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace mae::cpu
MAE_PRECISE_END
