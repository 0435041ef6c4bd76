// The smallest tests that cover the kernels of one header: GROUP is the name of a function below. `run` compiles this
// file once for each mutation of that header, so only what GROUP names is instantiated.
#include <mae/backend/cuda/kernels.cuh>

#include "backend/contract.hpp"

namespace {
using namespace mae;
using namespace mae::contract;

/// Twice the sum over a block of the numbers of its threads, in memory that is used twice, and the largest of a warp.
template <class T>
__global__ void sums(T* y) {
  const auto thread = static_cast<float>(threadIdx.x);
  const float sum = cuda::block_sum(thread, cuda::block_memory_as<float>());
  const float again = cuda::block_sum(2 * thread + (sum - sum), cuda::block_memory_as<float>());
  y[threadIdx.x] = T(sum == 96 * 95 / 2 && again == 96 * 95 ? cuda::warp_largest(thread) : -1.0f);
}
template <class Policy>
void launching() {
  using T = typename Policy::Activation;
  for (const int order : {1, 2}) {
    test::kernel_memory.vary(order);
    Numbers<T> y(96);
    cuda::launch(sums<T>, 1, 96, 3 * sizeof(float), y.data());
    test::kernel_memory.wait();
    for (int i = 0; i < 96; ++i) CHECK(float(y[static_cast<std::size_t>(i)]) == float(i / 32 * 32 + 31));
  }
}
template <class Policy>
void attention() {
  struct Case {
    Index B, N, H, d;
  };
  for (const Case& c : {Case{2, 5, 3, 10}, Case{1, 75, 2, 64}, Case{1, 40, 1, 80}, Case{1, 33, 1, 90}}) {
    check<Policy>([&](auto kernels, int threads) { return contract::attention(kernels, threads, c.B, c.N, c.H, c.d); });
    check<Policy>([&](auto kernels, int threads) {
      return attention_of_some(kernels, threads, c.B, c.N + 5, c.N, c.H, c.d);
    });
  }
}
template <class Policy>
void layer_norm() {
  for (const Index rows : {5, 700})
    for (const Index width : {17, 64, 588})
      check<Policy>([&](auto kernels, int threads) { return normalisation<float>(kernels, threads, rows, width); });
}
template <class Policy>
void maps() {
  for (const Index n : {1, 75, 1000})
    check<Policy>([&](auto kernels, int threads) { return contract::maps(kernels, threads, n); });
}
template <class Policy>
void training() {
  for (const Index n : {1, 75, 150001})
    check<Policy>([&](auto kernels, int threads) { return contract::training(kernels, threads, n); });
}
/// Rows that begin in the middle of a tensor's are less aligned than a tensor.
template <class K>
Results from_anywhere(K, int threads, Index R, Index in, Index out) {
  using T = typename K::T;
  using W = typename K::W;
  const auto x = numbers<T, T>(R * in + 1, 1);
  const auto w = numbers<W, T>(out * in, 2), b = numbers<W, T>(out, 3);
  Numbers<T> y(static_cast<std::size_t>(R * out));
  const Memory ws(K::linear_workspace(in, out), threads);
  K::linear(R, in, out, x.data() + 1, w.data(), b.data(), y.data(), ws);
  return {y};
}
template <class Policy>
void products() {
  for (const bool epilogues : {true, false}) {
    emulation::epilogues = epilogues;
    check<Policy>([](auto kernels, int threads) { return forward_products(kernels, threads, 197, 64, 33); });
    check<Policy>([](auto kernels, int threads) { return backward_products(kernels, threads, 197, 64, 144); });
    check<Policy>([](auto kernels, int threads) { return from_anywhere(kernels, threads, 7, 5, 3); });
  }
}

TEST_CASE("float") { GROUP<Cuda<float>>(); }
TEST_CASE("bf16") { GROUP<Cuda<bf16>>(); }

}  // namespace
