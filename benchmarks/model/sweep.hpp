// How the cost of a step grows with one size while the others stay.
#pragma once
#include <algorithm>
#include <cstdlib>

#include "on_cpu.hpp"

namespace mae::benchmark {

/// What a sweep's program is told: sweep_X [repetitions = 3] [threads = all] [part of a curve's name = all curves].
struct Sweep {
  const char* name;  ///< what grows
  int repetitions = 3, threads = DefaultThreads::count();
  std::string only;

  Sweep(const char* what, int argc, char** argv) : name(what) {
    if (argc > 1) repetitions = std::max(std::atoi(argv[1]), 1);
    if (argc > 2) threads = std::max(std::atoi(argv[2]), 1);
    if (argc > 3) only = argv[3];
    DefaultThreads::limit(threads);
  }
  /// The row of `Model` at size `x`; `curve` names the points that belong together.
  template <class Model>
  void point(const std::string& curve, double x, Index batch) const {
    point<Model>(curve, x, batch, threads);
  }
  template <class Model>
  void point(const std::string& curve, double x, Index batch, int team) const {
    if (curve.find(only) == std::string::npos) return;
    char size[32];
    std::snprintf(size, sizeof(size), "%g", x);
    Row line = step_row<Model, Cpu<float>>(std::string("growing ") + name + " " + size + ", " + curve, batch, team,
                                           repetitions);
    line["sweep"] = name, line["curve"] = curve, line["x"] = x, line["batch"] = batch;
    print(line);
  }
};

/// The 32-pixel model, whose sizes are varied.
using Images32 = ImageShape<3, 32, 32, 4>;
using Encoder192 = Transformer<192, 12, 3>;
using Decoder96 = Transformer<96, 4, 3>;
using Tiny32 = MaskedAutoencoder<Images32, Encoder192, Decoder96>;

}  // namespace mae::benchmark
