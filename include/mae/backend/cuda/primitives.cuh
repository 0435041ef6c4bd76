// Products of activations and the softmax on a GPU: the contract of backend/primitives.hpp. Include it beside
// `<mae/mae.cuh>` where a model uses them.
//
// cuBLASLt multiplies all matrices of an operand in one call, a fixed distance apart. A row-major matrix is a
// column-major one turned over, so C = op(A) op(B) is asked for as Cᵀ = op(B)ᵀ op(A)ᵀ: the factors change places, and
// what is stored as it is used stays so. The softmax has a warp for each row.
#pragma once
#include <mae/backend/cuda/kernels.cuh>
#include <mae/backend/primitives.hpp>

namespace mae::cuda {

template <class X, class T>
__global__ void softmax_kernel(Index R, Index D, const X* x, T* y) {
  const Index r = Index{blockIdx.x} * row_warps + Index{threadIdx.x} / warp_size;
  const Index lane = Index{threadIdx.x} % warp_size;
  if (r >= R) return;
  x += r * D, y += r * D;
  float largest = float(x[lane < D ? lane : 0]), sum = 0;
  for (Index c = lane + warp_size; c < D; c += warp_size) largest = float(x[c]) > largest ? float(x[c]) : largest;
  largest = warp_largest(largest);
  for (Index c = lane; c < D; c += warp_size) sum += std::exp(float(x[c]) - largest);
  const float inverse = 1 / warp_sum(sum);
  for (Index c = lane; c < D; c += warp_size) y[c] = stored<T>(std::exp(float(x[c]) - largest) * inverse);
}
template <class T, class X>
__global__ void softmax_gradient_kernel(Index R, Index D, const T* y, const T* dy, X* dx, bool accumulate) {
  const Index r = Index{blockIdx.x} * row_warps + Index{threadIdx.x} / warp_size;
  const Index lane = Index{threadIdx.x} % warp_size;
  if (r >= R) return;
  y += r * D, dy += r * D, dx += r * D;
  float dot = 0;
  for (Index c = lane; c < D; c += warp_size) dot += float(y[c]) * float(dy[c]);
  dot = warp_sum(dot);
  for (Index c = lane; c < D; c += warp_size) {
    const float gradient = float(y[c]) * (float(dy[c]) - dot);
    dx[c] = stored<X>(accumulate ? float(dx[c]) + gradient : gradient);
  }
}

}  // namespace mae::cuda

namespace mae {

template <class Element>
struct PrimitiveKernels<Cuda<Element>> {
  using T = typename Cuda<Element>::Activation;
  using A = typename Cuda<Element>::Accumulator;
  static constexpr bool available = true;
  static constexpr WorkspaceSize matmul_workspace(Index, Index, Index) {
    return {cuda::Products<Element>::own_bytes, 0};
  }

  static void matmul(const MatmulShape& s, const T* a, const T* b, T* c, bool accumulate, Workspace ws) {
    constexpr Index most = 32768;  // matrices in a call: a grid has 65535 places where cuBLASLt counts them
    constexpr cudaDataType type = cuda::data_type<T>;
    for (Index begin = 0; begin < s.count; begin += most) {
      const Index count = s.count - begin < most ? s.count - begin : most;
      T* const to = c + begin * s.M * s.N;
      const cuda::Matrix b_t{b + begin * s.K * s.N,      type,           s.b_transposed ? s.K : s.N,
                             s.b_transposed ? s.N : s.K, s.b_transposed, count};
      const cuda::Matrix a_t{a + begin * s.M * s.K,      type,           s.a_transposed ? s.M : s.K,
                             s.a_transposed ? s.K : s.M, s.a_transposed, count};
      cuda::must_multiply(cuda::compute_type<Element>, b_t, a_t, accumulate ? 1.0f : 0.0f, to,
                          {to, type, s.N, s.M, false, count}, {ws.base, cuda::Products<Element>::own_bytes});
    }
  }
  template <class X>
  static void softmax(Index R, Index D, const X* x, T* y) {
    cuda::launch(cuda::softmax_kernel<X, T>, cuda::blocks_of(R, cuda::row_warps), threads, 0, R, D, x, y);
  }
  template <class X>
  static void softmax_gradient(Index R, Index D, const T* y, const T* dy, X* dx, bool accumulate) {
    cuda::launch(cuda::softmax_gradient_kernel<T, X>, cuda::blocks_of(R, cuda::row_warps), threads, 0, R, D, y, dy, dx,
                 accumulate);
  }

 private:
  static constexpr int threads = cuda::row_warps * cuda::warp_size;
};

}  // namespace mae
