// What every benchmark does: it looks at a clock, takes medians and prints lines of JSON.
//
// Nothing here knows of a machine: its limits are in measure.hpp for the processor, in cuda/limits.cuh for a GPU.
#pragma once
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace mae::benchmark {

/// Whether a second is one that this process has computed, instead of one that has passed. For one thread alone: then
/// they are the same on a quiet machine, and on a busy one the turns of others do not count.
inline bool processor_time = false;

/// Seconds that `work()` takes.
template <class Work>
double seconds(const Work& work) {
  const auto now = [] {
    timespec time{};
    ::clock_gettime(processor_time ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  const double start = now();
  work();
  return now() - start;
}

inline double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

/// A line of results; more may be added to it.
using Row = nlohmann::ordered_json;

/// A number with four digits.
inline double rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return 0;
  const double unit = std::pow(10, 3 - std::floor(std::log10(std::abs(value))));
  return std::round(value * unit) / unit;
}

/// What we do in `unit`, and which share of which limit that is.
inline Row row(const std::string& name, double ours, const char* unit, int threads, double share, const char* limit) {
  return {{"name", name},       {"ours", rounded(ours)},           {"unit", unit},
          {"threads", threads}, {"peak_fraction", rounded(share)}, {"limit", limit}};
}
/// The same, beside what a peer does.
inline Row against(Row row, const std::string& peer_name, double peer) {
  const double ratio = row["ours"].get<double>() / peer;
  row["peer"] = rounded(peer), row["peer_name"] = peer_name, row["ratio"] = rounded(ratio);
  row["peer_peak_fraction"] = rounded(row["peak_fraction"].get<double>() / ratio);
  return row;
}
inline void print(const Row& row) {
  std::printf("%s\n", row.dump().c_str());
  std::fflush(stdout);
}

}  // namespace mae::benchmark
