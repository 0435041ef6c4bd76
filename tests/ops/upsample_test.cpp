#include <mae/ops/upsample.hpp>

#include <doctest/doctest.h>

#include "support/golden.hpp"
#include "support/operation.hpp"

using namespace test;

namespace {

template <Index Rows, Index Columns, Index Factor>
struct Upsampled : NoParameters {
  using Inputs = mae::Inputs<Input<Shape<dyn, Rows * Columns, 3>, void, true>>;
  constexpr auto operator()(const Expression auto& x) const { return upsample<Rows, Columns, Factor>(x); }
};

const SafetensorsFile file = golden_file("segmentation");

template <class Policy, Index Rows, Index Columns, Index Factor>
void check() {
  using Model = Upsampled<Rows, Columns, Factor>;
  using T = typename Policy::Accumulator;
  const std::string name =
      "upsample." + std::to_string(Rows) + "x" + std::to_string(Columns) + "x" + std::to_string(Factor);
  INFO(name, " of torch ", file.metadata("torch"));
  const auto read = [&](const char* part) { return file.values<double>(name + part); };
  const std::vector<double> x64 = read(".x"), dy = read(".dy");
  Tensor<T, Shape<dyn, Rows * Columns, 3>> x(2);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = T(x64[static_cast<std::size_t>(i)]);
  const Weights<Model, Policy> weights;
  Weights<Model, Policy> gradients;
  Session<Program<Model, Policy>> session(2);
  const auto y = session.forward(weights, x);
  const double tolerance = sizeof(T) == 8 ? 1e-14 : 2e-6;
  CHECK(distance(y, read(".y")) < tolerance);
  auto seed = session.seed_gradient();
  for (Index i = 0; i < seed.size(); ++i) seed.data()[i] = T(dy[static_cast<std::size_t>(i)]);
  session.backward(gradients);
  CHECK(distance(session.template input_gradient_of<0>(), read(".dx")) < 20 * tolerance);
}

}  // namespace

TEST_CASE_TEMPLATE("bilinear upsampling is PyTorch's, forward and backward", Policy, Reference<double>, Cpu<double>,
                   Cpu<float>) {
  check<Policy, 2, 3, 4>();
  check<Policy, 3, 2, 1>();  // nothing to do
  check<Policy, 1, 4, 5>();
  check<Policy, 3, 3, 2>();
  check<Policy, 2, 1, 3>();
}

TEST_CASE("the gradient agrees with differences, also where two meet") {
  const Weights<Upsampled<2, 3, 2>, Reference<double>> weights;
  check_backward(weights, random_tensor<double, Shape<dyn, 6, 3>>(2, 1));
}

TEST_CASE("the weights of a pixel sum to one, and tokens outside their range have none") {
  for (Index u = 0; u < 5 * 4; ++u) {
    const BetweenTokens<5, 4> between(u);
    double sum = 0;
    for (Index token = 0; token < 5; ++token) {
      const double w = between.weight(token);
      sum += w;
      const bool in_range = u >= BetweenTokens<5, 4>::begin(token) && u < BetweenTokens<5, 4>::end(token);
      CHECK((in_range || w == 0));
    }
    CHECK(sum == 1);
  }
}
