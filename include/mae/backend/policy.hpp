// Who computes, in which precision, is a type: `Reference<float>`, `Cpu<float>`, `Cpu<double>`, `Cuda<bf16>`.
//
// A policy names three element types, because they differ as soon as precision is mixed: activations are what is moved
// and kept in bulk, parameters are the master weights and their gradients, the accumulator is what sums are made in,
// and what is stored where sums grow: images, the residual stream, statistics, losses.
#pragma once
#include <mae/backend/isa.hpp>
#include <mae/backend/memory.hpp>
#include <mae/backend/threads.hpp>
#include <mae/core/bf16.hpp>
#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The element types of a policy that stores activations as `T`.
template <class T>
struct Elements {
  using Activation = T;
  using Parameter = T;
  using Accumulator = T;
};
/// Mixed precision: bfloat16 is stored and moved, `float` keeps weights and sums.
template <>
struct Elements<bf16> {
  using Activation = bf16;
  using Parameter = float;
  using Accumulator = float;
};

/// `float`, whose products a GPU may make of factors rounded to 10 bits of fraction (TensorFloat-32). A name for
/// policies, no number.
struct tf32;
template <>
struct Elements<tf32> : Elements<float> {};

/// Plain loops on one thread: the textbook, and the oracle that every other backend is tested against.
template <class T = float>
struct Reference : Elements<T> {
  using MemorySpace = Host;
  using Threads = Serial;
};

/// SIMD and threads. `Isa` is an instruction set of `mae::isa` or `isa::Best`; `ThreadsType` is `Serial` or `OpenMp`.
template <class T = float, class Isa = isa::Best, class ThreadsType = DefaultThreads>
struct Cpu : Elements<T> {
  using MemorySpace = Host;
  using Threads = ThreadsType;
};

/// The memory of an NVIDIA GPU: `<mae/mae.cuh>` has it.
struct Device;

/// An NVIDIA GPU, which needs `<mae/mae.cuh>` and its compiler. `T` is `float`, `tf32` or `bf16`. The threads are those
/// of the host, which load images.
template <class T = float>
struct Cuda : Elements<T> {
  using MemorySpace = Device;
  using Threads = DefaultThreads;
};

/// Whether a policy's kernels are threads of the program and work in its memory.
template <class Policy>
inline constexpr bool runs_on_host = HostAccessible<typename Policy::MemorySpace>;

/// The kernels of a policy; each backend specialises it. `backend/kernels.hpp` writes down the contract.
template <class Policy>
struct Kernels {
  static constexpr bool available = false;
};

/// Memory a kernel may scribble in during a call: `shared` bytes for all, `per_thread` bytes for each thread.
struct WorkspaceSize {
  Index shared = 0, per_thread = 0;
  constexpr bool operator==(const WorkspaceSize&) const = default;
  constexpr WorkspaceSize operator|(WorkspaceSize other) const {
    return {shared > other.shared ? shared : other.shared,
            per_thread > other.per_thread ? per_thread : other.per_thread};
  }
};

/// The memory itself. Aligned to `alignment`; its content is undefined at the start of every call.
struct Workspace {
  char* base = nullptr;
  WorkspaceSize size;
  int threads = 1;
  bool operator==(const Workspace&) const = default;
  template <class T>
  T* shared() const {
    return reinterpret_cast<T*>(base);
  }
  template <class T>
  T* mine(int thread) const {
    return reinterpret_cast<T*>(base + size.shared + thread * size.per_thread);
  }
  static constexpr Index bytes(WorkspaceSize size, int threads) { return size.shared + threads * size.per_thread; }
};

}  // namespace mae
MAE_PRECISE_END
