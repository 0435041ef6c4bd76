// The kernel contract on the CPU: SIMD chosen at run time, threads chosen by type. One header of this folder a
// chapter:
// `simd` and `parallel` are the two means, `math` and `matmul` the tools, the others the kernels themselves.
#pragma once
#include <mae/backend/cpu/adamw.hpp>
#include <mae/backend/cpu/attention.hpp>
#include <mae/backend/cpu/layer_norm.hpp>
#include <mae/backend/cpu/linear.hpp>
#include <mae/backend/cpu/maps.hpp>
#include <mae/backend/kernels.hpp>

namespace mae {

/// Float and double; `backend/kernels.hpp` says what each function does.
template <class Element, class Isa, class ThreadsType>
  requires std::is_floating_point_v<Element>
struct Kernels<Cpu<Element, Isa, ThreadsType>> : cpu::LinearKernels<Element, Isa, ThreadsType>,
                                                 cpu::LayerNormKernels<Element, Isa, ThreadsType>,
                                                 cpu::AttentionKernels<Element, Isa, ThreadsType>,
                                                 cpu::MapKernels<Element, Isa, ThreadsType>,
                                                 cpu::TrainingKernels<Element, Isa, ThreadsType> {
  using T = Element;
  using W = Element;
  using A = Element;
  static constexpr bool available = true;
};

}  // namespace mae
