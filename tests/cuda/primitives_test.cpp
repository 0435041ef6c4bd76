// Primitive operations on a GPU: a model of all of them gives the result and the gradients that the plain loops give.
#include <mae/mae.cuh>

#include <mae/backend/cuda/primitives.cuh>

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include <mae/backend/reference.hpp>
#include <mae/nn/layer_scale.hpp>
#include <mae/nn/rms_norm.hpp>
#include <mae/ops/primitives.hpp>

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

/// The result, the gradient of x, and those of all parameters.
template <class Policy>
std::vector<double> result_and_gradients() {
  constexpr Index batch = 3;
  const Weights<Everything, Policy> weights(3);
  Weights<Everything, Policy> gradients;
  Tensor<float, X> x(batch);
  const RandomStream random(1, Purpose::probe);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = random.uniform(static_cast<std::uint32_t>(i), -1.f, 1.f);
  Session<Program<Everything, Policy>> session(batch);
  std::vector<double> all;
  auto note = [&](const auto& view) {
    for (Index i = 0; i < view.size(); ++i) all.push_back(static_cast<double>(view.data()[i]));
  };
  note(session.forward(weights, x));
  auto slopes = session.seed_gradient();
  using E = std::remove_cvref_t<decltype(slopes.data()[0])>;
  for (Index i = 0; i < slopes.size(); ++i) slopes.data()[i] = E(0.25f * static_cast<float>(i % 5) - 0.5f);
  session.backward(gradients);
  note(session.template input_gradient_of<0>());
  const float* const of_parameters = std::as_const(gradients).data();
  all.insert(all.end(), of_parameters, of_parameters + gradients.size());
  return all;
}
void check_close(const std::vector<double>& found, const std::vector<double>& expected, double tolerance) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    CHECK(std::fabs(found[i] - expected[i]) <= tolerance * std::fmax(1, std::fabs(expected[i])));
  }
}
}  // namespace

TEST_CASE("float") { check_close(result_and_gradients<Cuda<float>>(), result_and_gradients<Reference<float>>(), 1e-5); }
TEST_CASE("bf16") { check_close(result_and_gradients<Cuda<bf16>>(), result_and_gradients<Reference<bf16>>(), 0.1); }
