// The kernels of primitive operations: products of activations and the softmax, which a model of fused layers does
// without. A contract like that of `kernels.hpp`, and its meaning in plain loops.
//
// `PrimitiveKernels<Policy>` stands beside `Kernels<Policy>`, so that programs without primitives compile none of it:
// `<mae/ops/primitives.hpp>` has it for Reference and Cpu, `<mae/backend/cuda/primitives.cuh>` for Cuda. T and A are
// the policy's activation and accumulator types; x and dx are of one of them, a, b, c, y and dy of type T. All matrices
// are row-major and dense. Every result is a function of the operands alone, whatever the number of threads.
//
//   matmul(MatmulShape, a, b, c, accumulate, ws)            c[g] (+)= op(a[g]) op(b[g]), op: as it is, or transposed
//   softmax(R, D, x, y)                                     y = exp(x - max) / Σ_row exp(x - max)
//   softmax_gradient(R, D, y, dy, dx, accumulate)           dx (+)= y (dy - Σ_row y dy)
//
// Everything else that primitives do is `each`, `rows`, `row_sums` and `column_sums` of `Kernels`.
// Workspace: matmul_workspace(M, N, K) serves products of these three extents in any order.
#pragma once
#include <cmath>

#include <mae/backend/kernels.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Of `count` products C [M, N] = op(A) op(B). op(A) is [M, K], stored as [K, M] if it is transposed; op(B) is [K, N],
/// stored as [N, K] if it is transposed.
struct MatmulShape {
  Index count, M, N, K;
  bool a_transposed, b_transposed;
};

template <class Policy>
struct PrimitiveKernels {
  static constexpr bool available = false;
  static constexpr WorkspaceSize matmul_workspace(Index, Index, Index) { return {}; }
};

template <class Element>
struct PrimitiveKernels<Reference<Element>> {
  using T = typename Reference<Element>::Activation;
  using A = typename Reference<Element>::Accumulator;
  static constexpr bool available = true;
  static constexpr WorkspaceSize matmul_workspace(Index, Index, Index) { return {}; }

  static void matmul(const MatmulShape& s, const T* a, const T* b, T* c, bool accumulate, Workspace) {
    for (Index g = 0; g < s.count; ++g, a += s.M * s.K, b += s.K * s.N, c += s.M * s.N)
      for (Index m = 0; m < s.M; ++m)
        for (Index n = 0; n < s.N; ++n) {
          A sum = accumulate ? A(c[m * s.N + n]) : A(0);
          for (Index k = 0; k < s.K; ++k)
            sum += A(s.a_transposed ? a[k * s.M + m] : a[m * s.K + k]) *
                   A(s.b_transposed ? b[n * s.K + k] : b[k * s.N + n]);
          c[m * s.N + n] = T(sum);
        }
  }
  template <class X>
  static void softmax(Index R, Index D, const X* x, T* y) {
    for (Index r = 0; r < R; ++r, x += D, y += D) {
      A largest = A(x[0]), sum = 0;
      for (Index c = 1; c < D; ++c) largest = std::fmax(largest, A(x[c]));
      for (Index c = 0; c < D; ++c) sum += std::exp(A(x[c]) - largest);
      for (Index c = 0; c < D; ++c) y[c] = T(std::exp(A(x[c]) - largest) / sum);
    }
  }
  template <class X>
  static void softmax_gradient(Index R, Index D, const T* y, const T* dy, X* dx, bool accumulate) {
    for (Index r = 0; r < R; ++r, y += D, dy += D, dx += D) {
      A dot = 0;
      for (Index c = 0; c < D; ++c) dot += A(y[c]) * A(dy[c]);
      for (Index c = 0; c < D; ++c) {
        const A gradient = A(y[c]) * (A(dy[c]) - dot);
        dx[c] = X(accumulate ? A(dx[c]) + gradient : gradient);
      }
    }
  }
};

}  // namespace mae
MAE_PRECISE_END
