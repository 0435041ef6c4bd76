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
#include <mae/backend/reference.hpp>

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

/// Activations in bf16. Products and attention are the plain loops.
template <class Isa, class ThreadsType>
struct Kernels<Cpu<bf16, Isa, ThreadsType>> : cpu::LayerNormKernels<float, Isa, ThreadsType>,
                                              cpu::MapKernels<float, Isa, ThreadsType>,
                                              cpu::TrainingKernels<float, Isa, ThreadsType> {
  using T = bf16;
  using W = float;
  using A = float;
  using Plain = Kernels<Reference<bf16>>;
  static constexpr bool available = true;
  static constexpr WorkspaceSize linear_workspace(Index, Index) { return {}; }
  static constexpr WorkspaceSize attention_workspace(Index keys, Index heads, Index width) {
    return Plain::attention_workspace(keys, heads, width);
  }
  static void linear(auto... a) { Plain::linear(a...); }
  template <class X>
  static void linear_gelu(Index R, Index in, Index out, const X* x, const W* w, const W* b, T* h, T* y, Workspace ws) {
    Plain::linear(R, in, out, x, w, b, h, ws);
    Kernels::gelu(R * out, h, y);
  }
  static void linear_add(auto... a) { Plain::linear_add(a...); }
  static void linear_input_gradient(auto... a) { Plain::linear_input_gradient(a...); }
  static void linear_weight_gradient(Index R, Index in, Index out, const auto* dy, const auto* x, W* dw, W* db,
                                     Workspace ws) {
    Plain::linear_weight_gradient(R, in, out, dy, x, dw, db, ws);
  }
  static void attention(auto... a) { Plain::attention(a...); }
  static void attention_gradient(const AttentionShape& s, const T* q, const T* k, const T* v, const T* y, const A* lse,
                                 const T* dy, const AttentionGradient<T>& dx, Workspace ws) {
    Plain::attention_gradient(s, q, k, v, y, lse, dy, dx, ws);
  }
};

}  // namespace mae
