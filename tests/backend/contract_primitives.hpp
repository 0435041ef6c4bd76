// The contract of primitive operations as tests: every function of `PrimitiveKernels<Policy>` against the plain loops,
// at sizes that leave ragged tiles, vectors and blocks, and by any number of threads the same bits.
#pragma once
#include <mae/backend/primitives.hpp>

#include "backend/contract_check.hpp"

namespace mae::contract {

/// A product of every kind of operands, stored and added.
template <class K>
Results products_of_activations(K, int threads, Index count, Index M, Index N, Index k) {
  using T = typename K::T;
  const auto a = numbers<T, T>(count * M * k, 1), b = numbers<T, T>(count * k * N, 2);
  Results results;
  const Memory ws(K::matmul_workspace(M, N, k), threads);
  for (const bool a_transposed : {false, true})
    for (const bool b_transposed : {false, true})
      for (const bool accumulate : {false, true}) {
        auto c = numbers<T, T>(count * M * N, 3);
        K::matmul({count, M, N, k, a_transposed, b_transposed}, a.data(), b.data(), c.data(), accumulate, ws);
        results.push_back(c);
      }
  return results;
}

/// Of rows stored as X: activations or what sums are made in.
template <class X, class K>
Results softmax(K, int /*threads*/, Index R, Index D) {
  using T = typename K::T;
  const auto x = numbers<X, T>(R * D, 1, 30);  // shares from one to almost nothing
  const auto dy = numbers<T, T>(R * D, 2);
  Numbers<T> y(dy.size());
  auto dx = numbers<X, T>(R * D, 3), dx_sum = dx;
  K::softmax(R, D, x.data(), y.data());
  K::softmax_gradient(R, D, y.data(), dy.data(), dx.data(), false);
  K::softmax_gradient(R, D, y.data(), dy.data(), dx_sum.data(), true);
  return {y, dx, dx_sum};
}

template <class Policy>
void check_primitives() {
  using T = typename Policy::Activation;
  using A = typename Policy::Accumulator;
  SUBCASE("matmul") {
    struct Case {
      Index count, M, N, k;
    };
    for (const Case& c : {Case{1, 1, 1, 1}, Case{3, 5, 17, 10}, Case{7, 50, 50, 64}, Case{2, 17, 75, 3},
                          Case{1, 700, 33, 40}, Case{2, 197, 64, 197}, Case{1, 65, 131, 1600}, Case{32770, 1, 1, 2}}) {
      CAPTURE(c.count);
      CAPTURE(c.M);
      CAPTURE(c.N);
      CAPTURE(c.k);
      check_kernels<PrimitiveKernels, Policy>(
          [&](auto kernels, int threads) { return products_of_activations(kernels, threads, c.count, c.M, c.N, c.k); });
    }
  }
  SUBCASE("softmax") {
    for (const Index rows : {1, 5, 700})
      for (const Index width : {1, 3, 16, 17, 64, 197}) {
        CAPTURE(rows);
        CAPTURE(width);
        check_kernels<PrimitiveKernels, Policy>(
            [&](auto kernels, int threads) { return softmax<T>(kernels, threads, rows, width); });
        if constexpr (!std::is_same_v<T, A>)
          check_kernels<PrimitiveKernels, Policy>(
              [&](auto kernels, int threads) { return softmax<A>(kernels, threads, rows, width); });
      }
  }
}

/// Scores as large as numbers get, and rows of nothing but the smallest: shares stay shares.
template <class Policy>
void check_large_scores() {
  using T = typename Policy::Activation;
  for (const float scale : {1e30f, -1e30f}) {
    Numbers<T> x, y(40);
    for (int i = 0; i < 40; ++i) x.push_back(T(i < 20 ? scale : scale * 1.5f));
    PrimitiveKernels<Policy>::softmax(1, 40, x.data(), y.data());
    const Results found{y};
    const double close = std::is_same_v<T, bf16> ? 1e-2 : 1e-6;
    for (std::size_t i = 0; i < 40; ++i)
      CHECK(std::fabs(found[0].values[i] - ((i < 20) == (scale < 0) ? 0.05 : 0.0)) < close);
  }
}

}  // namespace mae::contract
