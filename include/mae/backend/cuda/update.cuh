// An optimizer's step that nobody waits for: the gradient's norm, clipping by it and the answer to a fault stay on the
// device.
//
// `check_gradient` sums up as `sum_of_squares` does and leaves what to multiply the gradient by. If some number is not
// finite it notes which one, and from then on `update` changes nothing, not even the gradient: the program, which looks
// when later steps are already on their way, finds all as it was when the fault happened. An update is one pass over
// weights, gradients and states, each read and written: for AdamW 32 bytes a weight.
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

template <class Factors>
struct Update {
  UpdateOperands<float, Factors::states> x;
  const Factors* by;
  const GradientCheck* check;
  __device__ void operator()(Index i) const {
    if (check->fault > 0) return;
    float weight = x.weights[i], state[Factors::states];
    for (int k = 0; k < Factors::states; ++k) state[k] = x.state[k][i];
    by->template update<RootOfNumber>(weight, x.gradients[i] * float(check->scale), state);
    x.weights[i] = weight;
    x.gradients[i] = 0;
    for (int k = 0; k < Factors::states; ++k) x.state[k][i] = state[k];
  }
};
template <class Factors>
void update(Index n, const UpdateOperands<float, Factors::states>& x, const Factors* by, const GradientCheck* check) {
  each(n, Update<Factors>{x, by, check});
}

}  // namespace mae::cuda
