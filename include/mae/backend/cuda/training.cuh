// The sum of squares of all gradients.
//
// It has a fixed order: `sum_blocks` blocks go over the numbers in strides, each thread adds up in double, and one more
// block adds up the blocks.
#pragma once
#include <mae/backend/cuda/device.cuh>
#include <mae/backend/cuda/pointwise.cuh>
#include <mae/backend/kernels.hpp>

namespace mae::cuda {

inline constexpr int sum_blocks = 512, sum_threads = 256;

template <class W>
__global__ void squares_kernel(Index n, const W* g, double* partial) {
  double sum = 0;
  for (Index i = thread_number(); i < n; i += sum_blocks * sum_threads) sum += double(g[i]) * double(g[i]);
  sum = block_sum(sum, block_memory_as<double>());
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}
/// partial[0] = Σ partial[0 ... count), by one block.
template <class A>
__global__ void add_up_kernel(int count, A* partial) {
  A sum = 0;
  for (int i = static_cast<int>(threadIdx.x); i < count; i += sum_threads) sum += partial[i];
  sum = block_sum(sum, block_memory_as<A>());
  if (threadIdx.x == 0) partial[0] = sum;
}
/// `partial`: room for `sum_blocks` numbers.
inline double sum_of_squares(Index n, const float* g, double* partial) {
  constexpr Index shared = sum_threads / warp_size * Index{sizeof(double)};
  launch(squares_kernel<float>, sum_blocks, sum_threads, shared, n, g, partial);
  launch(add_up_kernel<double>, 1, sum_threads, shared, int{sum_blocks}, partial);
  double sum = 0;
  Device::copy_to_host(&sum, partial, sizeof sum);
  return sum;
}

}  // namespace mae::cuda
