// On what a program computes: settings that may change from one start to the next.
#pragma once
#include "settings.hpp"

namespace program {

struct MachineSettings {
  Settings& all;

  Text device{all,
              "device",
              "cpu",
              "that computes: the processor, or an NVIDIA GPU, which needs a build with MAE_CUDA",
              one_of({"cpu", "cuda"}),
              Scope::runtime};
  Integer threads{
      all, "threads", 0, "that compute, never more than may run; 0: as many as may", between(0, 4096), Scope::runtime};
};

/// Those of any program: its own, or with others of its run.
template <class S>
const MachineSettings& machine_of(const S& settings) {
  if constexpr (requires { settings.run.machine; }) return settings.run.machine;
  else return settings.machine;
}

}  // namespace program
