// Primitive operations on a GPU: a model of all of them gives the result and the gradients that the plain loops give.
#include <mae/mae.cuh>

#include <mae/backend/cuda/primitives.cuh>

#include <doctest/doctest.h>

#include <mae/nn/layer_scale.hpp>
#include <mae/nn/rms_norm.hpp>
#include <mae/ops/primitives.hpp>

#include "beside_reference.hpp"
#include "machine.hpp"

namespace {
using namespace mae;

using X = Shape<dyn, 3, 6>;
struct Everything {
  using Inputs = mae::Inputs<Input<X, void, true>>;
  RmsNorm<6> norm;
  LayerScale<6, init::Fraction<1, 2>> first_scale, second_scale;
  MAE_MODULE(norm, first_scale, second_scale)
  constexpr auto operator()(const Expression auto& x) const {
    auto y = norm(x);                                               // [B, 3, 6]
    auto heads = transpose<1, 2>(reshape<Shape<dyn, 3, 2, 3>>(y));  // [B, 2, 3, 3]
    auto shares = softmax(matmul<Transpose::right>(heads, scale<OneOverRoot<3>>(heads)));
    auto mixed = reshape<X>(transpose<1, 2>(matmul(shares, heads)));  // [B, 3, 6]
    auto gated = silu(first_scale(mixed) + second_scale.gamma);
    auto joined = concat<-1>(gated, slice<-1, 1, 2>(y));  // [B, 3, 8]
    auto centred = joined - mean<1, keep_axis>(joined);
    return centred * sum<-1, keep_axis>(joined);
  }
};

template <class Policy>
std::vector<double> found() {
  return test::result_and_gradients<Everything, X, Policy>();
}
}  // namespace

TEST_CASE("float") { test::check_close(found<Cuda<float>>(), found<Reference<float>>(), 1e-5); }
TEST_CASE("bf16") { test::check_close(found<Cuda<bf16>>(), found<Reference<bf16>>(), 0.1); }
