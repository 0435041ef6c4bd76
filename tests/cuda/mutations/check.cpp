// The smallest tests that cover the kernels of one header: GROUP is the name of a function below. `run` compiles this
// file once for each mutation of that header, so only what GROUP names is instantiated.
#include <cmath>

#include <mae/backend/cuda/kernels.cuh>
#include <mae/backend/cuda/primitives.cuh>

#include "backend/contract.hpp"
#include "backend/contract_primitives.hpp"

namespace {
using namespace mae;
using namespace mae::contract;

/// Twice the sum over a block of the numbers of its threads, in the last bytes of its memory, which are used twice, and
/// the largest of a warp.
template <class T>
__global__ void sums(Index bytes, T* y) {
  float* const partial = cuda::block_memory_as<float>() + bytes / Index{sizeof(float)} - 3;
  const auto thread = static_cast<float>(threadIdx.x);
  const float sum = cuda::block_sum(thread, partial);
  const float again = cuda::block_sum(2 * thread + (sum - sum), partial);
  y[threadIdx.x] = T(sum == 96 * 95 / 2 && again == 96 * 95 ? cuda::warp_largest(thread) : -1.0f);
}
template <class Policy>
void launching() {
  using T = typename Policy::Activation;
  for (const int order : {1, 2}) {
    test::kernel_memory.vary(order);
    for (const Index bytes : {12, 60000}) {  // the second: more than a block has unless it asks
      Numbers<T> y(96);
      cuda::launch(sums<T>, 1, 96, bytes, bytes, y.data());
      test::kernel_memory.wait();
      for (int i = 0; i < 96; ++i) CHECK(float(y[static_cast<std::size_t>(i)]) == float(i / 32 * 32 + 31));
    }
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
void column_and_row_sums() {
  check<Policy>([&](auto kernels, int threads) { return contract::sums(kernels, threads, 65, 75); });
  check<Policy>([&](auto kernels, int threads) { return contract::sums(kernels, threads, 2, 3000); });
}
template <class Policy>
void training() {
  for (const Index n : {1, 75, 150001})
    check<Policy>([&](auto kernels, int threads) { return contract::training(kernels, threads, n); });
}
/// The gradients of n weights, the first of them number `first`, are checked and applied. That of number `broken` is
/// `value`, and so is every third after it; all are finite if `broken` is n.
template <class K>
void check_update(Index n, Index first, double clip, Index broken, float value) {
  Numbers<float> w = numbers<float, float>(n, 1), g = numbers<float, float>(n, 2), m = numbers<float, float>(n, 3);
  Numbers<float> v = numbers<float, float>(n, 4);
  for (float& square : v) square *= square;
  for (Index i = broken; i < n; i += 3) g[static_cast<std::size_t>(i)] = value;
  const Results before{w, g, m, v};
  AdamwStep step, another;
  step.rate = 0.1, step.weight_decay = 0.05, step.correction1 = 0.19, step.correction2 = 0.0975;
  const Numbers<AdamwFactors<float>> factors{rounded<float>(step.factors()), rounded<float>(another.factors())};
  Numbers<GradientCheck> check(1);
  check[0].scale = 0.125;
  const Memory ws(K::sum_workspace(), 1);
  K::check_gradient(n, g.data(), first, clip, check.data(), ws);
  K::update(n, UpdateOperands<float, 2>{w.data(), g.data(), {m.data(), v.data()}}, factors.data(), check.data());
  const Results found{w, g, m, v};
  if (broken < n) {
    CHECK(check[0].fault == first + broken + 1);
    CHECK(same_bits(found, before));
    // The first fault is the one that counts.
    K::check_gradient(n, g.data(), first + 1000, clip, check.data(), ws);
    test::kernel_memory.wait();
    CHECK(check[0].fault == first + broken + 1);
    return;
  }
  double squares = 0;
  for (const double x : before[1].values) squares += x * x;
  const double scale = clip > 0 && std::sqrt(squares) > clip ? clip / std::sqrt(squares) : 1;
  CHECK(check[0].fault == 0);
  CHECK(check[0].scale == doctest::Approx(scale).epsilon(1e-12));
  const Results expected = by_the_paper(step, scale, before);
  for (std::size_t k = 0; k < 4; ++k) CHECK(distance(found[k].values, expected[k].values) < 4e-6);
}
template <class Policy>
void update() {
  check_adamw<Kernels<Policy>>();
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for (const int order : {1, 2})
    for (const Index n : {1, 75, 140000}) {
      CAPTURE(n);
      test::kernel_memory.vary(order);
      for (const double clip : {0.0, 0.5, 1e9}) check_update<Kernels<Policy>>(n, 0, clip, n, 0);
      for (const Index broken : {Index{0}, n / 2, n - 1})
        for (const float value : {nan, infinity}) check_update<Kernels<Policy>>(n, 70, 0.5, broken, value);
    }
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
    const Index more = epilogues ? 0 : 1;  // cuBLASLt is asked about a shape once: other shapes
    check<Policy>([&](auto kernels, int threads) { return forward_products(kernels, threads, 197 + more, 64, 33); });
    check<Policy>([&](auto kernels, int threads) { return backward_products(kernels, threads, 197 + more, 64, 144); });
    // A thread sums up several rows of its strip.
    check<Policy>([&](auto kernels, int threads) { return backward_products(kernels, threads, 600 + more, 5, 36); });
    check<Policy>([&](auto kernels, int threads) { return from_anywhere(kernels, threads, 7 + more, 5, 3); });
  }
}
template <class Policy>
void primitives() {
  for (const Index count : {1, 3, 32770})
    check_kernels<PrimitiveKernels, Policy>([&](auto kernels, int threads) {
      return count > 3 ? products_of_activations(kernels, threads, count, 1, 1, 2)
                       : products_of_activations(kernels, threads, count, 5, 17, 10);
    });
  for (const Index width : {5, 75})
    check_kernels<PrimitiveKernels, Policy>(
        [&](auto kernels, int threads) { return softmax<float>(kernels, threads, 19, width); });
}

TEST_CASE("float") { GROUP<Cuda<float>>(); }
TEST_CASE("bf16") { GROUP<Cuda<bf16>>(); }

}  // namespace
