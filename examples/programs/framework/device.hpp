// Where a program computes, as a type: all that differs between a program for the CPU and one for a GPU.
//
// `CompiledDevices`, which CMake writes, says which of them this build has: `OnCuda` with -D MAE_CUDA=ON. What computes
// there is compiled by CUDA's compiler, in files of its own (dispatch.hpp).
#pragma once
#include <mae/backend/policy.hpp>

namespace program {

/// The processor: all its threads.
struct OnCpu {
  static constexpr const char* name = "cpu";
  template <class Element>
  using Policy = mae::Cpu<Element>;
};
/// An NVIDIA GPU.
struct OnCuda {
  static constexpr const char* name = "cuda";
  template <class Element>
  using Policy = mae::Cuda<Element>;
};

template <class... Device>
struct Devices {};

}  // namespace program
