// Measuring: a clock, and the speed limit of the machine, taken in the same program at the same time.
//
// A time says little on a machine that others use too, so every benchmark here reports its share of the peak: what the
// fused multiply-adds of all threads can do, measured between the things measured, one repetition of each in turn. Of
// the repetitions the median counts, for us, for the peer and for the peak.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include <mae/backend/cpu/simd.hpp>

namespace mae::benchmark {

/// Seconds that `work()` takes.
template <class Work>
double seconds(const Work& work) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Operations per second of `threads` threads that do nothing but fused multiply-adds on registers (an add and a
/// multiply are two), in float. Takes about twenty milliseconds.
template <class Threads = DefaultThreads>
double peak(int threads) {
  constexpr Index chains = 14, rounds = 10000000;  // more chains than latency times units, and fewer than registers
  double operations = 0;
  const double time = seconds([&] {
    isa::dispatch<isa::Best>([&](auto set) {
      using Isa = decltype(set);
      using S = cpu::Simd<float, Isa>;
      operations = 2.0 * chains * rounds * static_cast<double>(S::lanes) * threads;
      Threads::run(threads, [&](int thread) {
        volatile float keep = static_cast<float>(thread);
        Isa::run([&]() __attribute__((always_inline)) {
          typename S::Vector sum[chains], factor;
          S::fill(factor, keep * 1e-9f + 0.5f);
          for (Index i = 0; i < chains; ++i) S::fill(sum[i], keep + static_cast<float>(i));  // or they would be one
          for (Index round = 0; round < rounds; ++round)
            cpu::unroll<chains>([&](auto i) __attribute__((always_inline)) { sum[i] = sum[i] * factor + factor; });
          for (Index i = 1; i < chains; ++i) sum[0] += sum[i];
          keep = S::sum(sum[0]);
        });
      });
    });
  });
  return operations / time;
}

inline double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

/// The median seconds of every work, and the median operations per second of the peak.
struct Measured {
  std::vector<double> seconds;
  double peak = 0;
};
/// Runs every entry of `works` and the peak in turn, `repetitions` times after a first that does not count.
template <class Works>
Measured interleaved(int threads, int repetitions, const Works& works) {
  std::vector<double> peaks;
  std::vector<std::vector<double>> times(works.size());
  for (const auto& work : works) work();
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    peaks.push_back(peak(threads));
    for (std::size_t i = 0; i < works.size(); ++i) times[i].push_back(seconds(works[i]));
  }
  Measured measured;
  measured.peak = median(peaks);
  for (const std::vector<double>& time : times) measured.seconds.push_back(median(time));
  return measured;
}

/// One line of JSON: what we do in `unit`, what the peer does, their ratio and our share of the machine's peak.
inline void report(const std::string& name, double ours, double peer, const char* peer_name, double peak_fraction,
                   const char* unit) {
  std::printf(R"({"name": "%s", "ours": %.1f, "peer": %.1f, "peer_name": "%s", "ratio": %.3f, "peak_fraction": %.3f, )"
              R"("unit": "%s"})" "\n",
              name.c_str(), ours, peer, peer_name, ours / peer, peak_fraction, unit);
  std::fflush(stdout);
}

}  // namespace mae::benchmark
