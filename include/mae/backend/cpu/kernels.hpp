// The kernel contract on the CPU: SIMD chosen at run time, threads chosen by type. One header of this folder a
// chapter: `simd` and `parallel` are the two means, `math`, `pack`, `tile` and `matmul` the tools, the others the
// kernels themselves.
#pragma once
#include <mae/backend/cpu/attention.hpp>
#include <mae/backend/cpu/layer_norm.hpp>
#include <mae/backend/cpu/linear.hpp>
#include <mae/backend/cpu/pointwise.hpp>
#include <mae/backend/cpu/update.hpp>
#include <mae/backend/kernels.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Float, double and bf16; `backend/kernels.hpp` says what each function does.
template <class Element, class Isa, class ThreadsType>
  requires std::is_floating_point_v<typename Elements<Element>::Accumulator>
  struct Kernels<Cpu<Element, Isa, ThreadsType>>
      : cpu::LinearKernels<Element, Isa, ThreadsType>,
        cpu::LayerNormKernels<typename Elements<Element>::Accumulator, Isa, ThreadsType>,
        cpu::AttentionKernels<Element, Isa, ThreadsType>,
        cpu::PointwiseKernels<typename Elements<Element>::Accumulator, Isa, ThreadsType>,
        cpu::TrainingKernels<typename Elements<Element>::Parameter, Isa, ThreadsType> {
    using T = typename Elements<Element>::Activation;
    using W = typename Elements<Element>::Parameter;
    using A = typename Elements<Element>::Accumulator;
    static constexpr bool available = true;
  };

}  // namespace mae
MAE_PRECISE_END
