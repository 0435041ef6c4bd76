// Products where cuBLASLt has no algorithm with an epilogue, and how often it is asked for one.
#include <mae/backend/cuda/kernels.cuh>

#include "backend/contract.hpp"

namespace {
using namespace mae;

template <class Policy>
void check_without_epilogues() {
  emulation::epilogues = false;
  for (const Index rows : {1, 5, 197})
    for (const Index in : {3, 64})
      for (const Index out : {1, 33, 192}) {
        CAPTURE(rows);
        CAPTURE(in);
        CAPTURE(out);
        contract::check<Policy>(
            [&](auto kernels, int threads) { return contract::forward_products(kernels, threads, rows, in, out); });
        contract::check<Policy>(
            [&](auto kernels, int threads) { return contract::backward_products(kernels, threads, rows, in, out); });
      }
  emulation::epilogues = true;
}

TEST_CASE("without epilogues in float") { check_without_epilogues<Cuda<float>>(); }
TEST_CASE("without epilogues in bf16") { check_without_epilogues<Cuda<bf16>>(); }
TEST_CASE("a shape is asked about once") {
  const auto products = [] { contract::forward_products(Kernels<Cuda<float>>{}, 1, 11, 12, 13); };
  products();
  const long asked = emulation::heuristics;
  products();
  CHECK(emulation::heuristics == asked);
}
/// A view that begins in the middle of a row is less aligned than a tensor.
TEST_CASE("rows that begin anywhere") {
  using K = Kernels<Cuda<float>>;
  const auto x = contract::numbers<float, float>(7 * 5 + 1, 1), w = contract::numbers<float, float>(3 * 5, 2);
  const auto b = contract::numbers<float, float>(3, 3);
  contract::Numbers<float> y(21), expected(21);
  const contract::Memory ws(K::linear_workspace(5, 3), 1);
  K::linear(7, 5, 3, x.data() + 1, w.data(), b.data(), y.data(), ws);
  Kernels<Reference<float>>::linear(7, 5, 3, x.data() + 1, w.data(), b.data(), expected.data(), {});
  CHECK(contract::distance(contract::Result(y).values, contract::Result(expected).values) < 1e-6);
}

}  // namespace
