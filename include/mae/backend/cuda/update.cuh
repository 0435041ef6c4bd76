// AdamW that nobody waits for: the gradient's norm, clipping by it and the answer to a fault stay on the device.
//
// `check_gradient` sums up as `sum_of_squares` does and leaves what to multiply the gradient by. If some number is not
// finite it notes which one, and from then on `adamw` changes nothing, not even the gradient: the program, which looks
// when later steps are already on their way, finds all as it was when the fault happened.
#pragma once
#include <mae/backend/cuda/training.cuh>

namespace mae::cuda {

/// One block, after `squares_kernel`.
template <class W>
__global__ void check_kernel(const double* partial, Index n, const W* g, Index first, double clip,
                             GradientCheck* check) {
  const int thread = static_cast<int>(threadIdx.x);
  double sum = 0;
  for (int i = thread; i < sum_blocks; i += sum_threads) sum += partial[i];
  sum = block_sum(sum, block_memory_as<double>());
  if (sum - sum == 0) {  // float squares do not overflow double: a finite sum is one of finite numbers
    const double norm = std::sqrt(sum);
    if (thread == 0) check->scale = clip > 0 && norm > clip ? clip / norm : 1;
    return;
  }
  __syncthreads();  // the sums of warps have been read
  Index at = thread;
  while (at < n && g[at] - g[at] == W(0)) at += sum_threads;
  Index* const found = block_memory_as<Index>();
  found[thread] = at;
  __syncthreads();
  if (thread > 0 || check->fault > 0) return;
  for (int i = 1; i < sum_threads; ++i) at = found[i] < at ? found[i] : at;
  check->fault = first + at + 1;
}
/// `partial`: room for `sum_blocks` numbers.
inline void check_gradient(Index n, const float* g, Index first, double clip, GradientCheck* check, double* partial) {
  constexpr Index sums = sum_threads / warp_size * Index{sizeof(double)}, found = sum_threads * Index{sizeof(Index)};
  launch(squares_kernel<float>, sum_blocks, sum_threads, sums, n, g, partial);
  launch(check_kernel<float>, 1, sum_threads, found, partial, n, g, first, clip, check);
}

struct CheckedAdamw {
  float *w, *g, *m, *v;
  const AdamwFactors<float>* factors;
  const GradientCheck* check;
  __device__ void operator()(Index i) const {
    if (check->fault > 0) return;
    Adamw{w, g, m, v, *factors, float(check->scale)}(i);
  }
};
inline void adamw(Index n, float* w, float* g, float* m, float* v, const AdamwFactors<float>* factors,
                  const GradientCheck* check) {
  each(n, CheckedAdamw{w, g, m, v, factors, check});
}

}  // namespace mae::cuda
