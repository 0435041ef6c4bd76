// How kernels are called, and what their threads say to each other.
//
// `launch` is the only place where a kernel starts. Kernels here have no static shared memory: they ask for bytes in
// `launch` and find them with `block_memory_as`, so that one number says what a block takes. Sums go over the lanes of
// a warp, then over the warps, always in the same order: the same operands give the same bits in every run.
#pragma once
#include <mae/backend/cuda/runtime.cuh>

namespace mae::cuda {

inline constexpr int warp_size = 32;
inline constexpr unsigned all_lanes = 0xffffffffu;

/// The shared memory of a block.
extern __shared__ __align__(128) unsigned char block_memory[];
template <class T>
__device__ T* block_memory_as() {
  return reinterpret_cast<T*>(block_memory);
}

/// Calls `kernel` with `grid` blocks of `block` threads and `shared` bytes for each block, after all that was called
/// before. An empty grid is no call.
template <class... P, class... A>
void launch(void (*kernel)(P...), dim3 grid, dim3 block, Index shared, const A&... arguments) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
  constexpr Index always_there = 48 * 1024;
  if (shared > always_there) {
    const Index most = Runtime::get().most_shared;
    if (shared > most)
      throw Error("shared memory of a block", std::to_string(shared) + " bytes",
                  "at most " + std::to_string(most) + ", as this GPU has: narrower heads");
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(most)),
          "cudaFuncSetAttribute");
  }
  cudaLaunchConfig_t configuration{};
  configuration.gridDim = grid;
  configuration.blockDim = block;
  configuration.dynamicSmemBytes = static_cast<std::size_t>(shared);
  configuration.stream = Runtime::get().kernels;
  const cudaError_t error = cudaLaunchKernelEx(&configuration, kernel, P(arguments)...);
  if (error == cudaErrorNoKernelImageForDevice) {
    cudaGetLastError();
    throw Error("CUDA", "a GPU of compute capability " + Runtime::get().capability(),
                "one that this program is compiled for, by CMAKE_CUDA_ARCHITECTURES");
  }
  check(error, "cudaLaunchKernelEx");
}

/// Blocks of `size` that cover `count`.
inline unsigned blocks_of(Index count, Index size) { return static_cast<unsigned>((count + size - 1) / size); }

/// The sum over the lanes of a warp, in every lane.
template <class A>
__device__ A warp_sum(A value) {
  for (int step = warp_size / 2; step > 0; step /= 2) value += __shfl_xor_sync(all_lanes, value, step);
  return value;
}
template <class A>
__device__ A warp_largest(A value) {
  for (int step = warp_size / 2; step > 0; step /= 2) {
    const A other = __shfl_xor_sync(all_lanes, value, step);
    value = other > value ? other : value;
  }
  return value;
}
/// The sum over the threads of a block of whole warps, in every thread. `partial` has room for one number a warp; it
/// may be that of the sum before.
template <class A>
__device__ A block_sum(A value, A* partial) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size, warp = static_cast<int>(threadIdx.x) / warp_size;
  const int warps = static_cast<int>(blockDim.x) / warp_size;
  value = warp_sum(value);
  __syncthreads();
  if (lane == 0) partial[warp] = value;
  __syncthreads();
  return warp_sum(lane < warps ? partial[lane] : A(0));
}

}  // namespace mae::cuda
