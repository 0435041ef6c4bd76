#include <mae/ops/max_pool.hpp>

#include <limits>

#include <doctest/doctest.h>

#include "support/golden.hpp"
#include "support/operation.hpp"

using namespace test;

namespace {

template <Index Rows, Index Columns>
struct Pooled : NoParameters {
  using Inputs = mae::Inputs<Input<Shape<dyn, Rows * Columns, 3>, void, true>>;
  constexpr auto operator()(const Expression auto& x) const { return max_pool<Grid<Rows, Columns, 8>>(x); }
};

const SafetensorsFile file = golden_file("pyramid");

template <class Policy, Index Rows, Index Columns>
void check(Index batch) {
  using Model = Pooled<Rows, Columns>;
  using T = typename Policy::Accumulator;
  const std::string name =
      "pool." + std::to_string(Rows) + "x" + std::to_string(Columns) + "." + std::to_string(batch) + ".";
  INFO(name, " of torch ", file.metadata("torch"));
  const auto x = tensor<T, Shape<dyn, Rows * Columns, 3>>(file, name + "x");
  const Weights<Model, Policy> weights;
  Weights<Model, Policy> gradients;
  Session<Program<Model, Policy>> session(batch);
  CHECK(distance(session.forward(weights, x), file.values<double>(name + "y")) == 0);
  const auto dy = file.values<T>(name + "dy");
  auto seed = session.seed_gradient();
  for (Index i = 0; i < seed.size(); ++i) seed.data()[i] = dy[static_cast<std::size_t>(i)];
  session.backward(gradients);
  const double tolerance = sizeof(T) == 8 ? 0 : 1e-6;
  CHECK(distance(session.template input_gradient_of<0>(), file.values<double>(name + "dx")) <= tolerance);
}

}  // namespace

TEST_CASE_TEMPLATE("max pooling is PyTorch's, also of equal numbers and of odd maps", Policy, Reference<double>,
                   Cpu<double>, Cpu<float>) {
  check<Policy, 2, 2>(1);
  check<Policy, 5, 3>(3);  // the last row and column are left out
  check<Policy, 4, 6>(3);
}

TEST_CASE("what is no number stays to be seen") {
  const Weights<Pooled<2, 2>, Reference<double>> weights;
  for (Index at = 0; at < 4; ++at) {
    Tensor<double, Shape<dyn, 4, 3>> x(1);
    for (Index i = 0; i < x.size(); ++i) x.data()[i] = double(i);
    x(0, at, 1) = std::numeric_limits<double>::quiet_NaN();
    Session<Program<Pooled<2, 2>, Reference<double>, Inference>> session(1);
    const auto y = session.forward(weights, x);
    CHECK(y(0, 0, 0) == 9);
    CHECK(y(0, 0, 1) != y(0, 0, 1));
  }
}

TEST_CASE("the gradient agrees with differences, also where two meet") {
  const Weights<Pooled<5, 4>, Reference<double>> weights;
  check_backward(weights, random_tensor<double, Shape<dyn, 20, 3>>(2, 1));
}
