// A pre-training step on the processor, beside the limit of all threads.
#pragma once
#include <fstream>

#include <mae/mae.hpp>

#include "../measure.hpp"
#include "training.hpp"

namespace mae::benchmark {

/// A row of runs that take a tenth of a second.
template <class Model, class Policy, class Chosen = Usual>
Row step_row(const std::string& name, Index batch, int threads, int repetitions) {
  using T = typename Policy::Activation;
  Trainer<Model, Policy, Chosen> trainer(batch, threads);
  const StepTime time = time_step(trainer, repetitions, 0.1, [&] { return peak<T>(threads); });
  return step_row<Model>(name, batch, threads, time, limit_name<T>());
}

/// The most memory that this process has held so far, in MiB. (What `getrusage` tells may be that of its parent.)
inline double peak_resident() {
  std::ifstream status("/proc/self/status");
  double kilobytes = 0;
  for (std::string word; status >> word;)
    if (word == "VmHWM:") status >> kilobytes;
  return kilobytes / 1024;
}

}  // namespace mae::benchmark
