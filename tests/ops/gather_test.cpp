#include <mae/ops/gather.hpp>

#include <doctest/doctest.h>

#include "support/operation.hpp"

using namespace test;

namespace {

using Rows = Shape<dyn, 6, 3>;
using Ids = Shape<dyn, 4>;

template <Index Skip>
struct Gather : NoParameters {
  using Inputs = mae::Inputs<Input<Rows, void, true>, Indices<Ids>>;
  constexpr auto operator()(const Expression auto& x, const Expression auto& ids) const { return gather<Skip>(x, ids); }
};

/// Sample 0 names rows in any order, sample 1 one of them three times.
Tensor<std::int32_t, Ids> some_ids() {
  Tensor<std::int32_t, Ids> ids(2);
  const std::int32_t values[] = {3, 0, 2, 1, 4, 1, 4, 4};
  for (Index i = 0; i < 8; ++i) ids.data()[i] = values[i];
  return ids;
}

template <Index Skip, class Policy>
void check_gather() {
  const Weights<Gather<Skip>, Policy> weights;
  const auto x = random_tensor<double, Rows>(2, 1);
  const auto ids = some_ids();
  const auto y = evaluate(weights, x, ids);
  for (Index b = 0; b < 2; ++b)
    for (Index k = 0; k < 4; ++k)
      for (Index d = 0; d < 3; ++d) CHECK(y(b, k, d) == x(b, ids(b, k) + Skip, d));
  check_backward(weights, x, ids);
}

}  // namespace

TEST_CASE_TEMPLATE("rows by number, also repeated ones, also after a class token", Policy, Reference<double>,
                   Cpu<double>) {
  check_gather<0, Policy>();
  check_gather<1, Policy>();
}

TEST_CASE("what nobody picked has a zero gradient, what was picked three times the sum of three") {
  using P = Program<Gather<1>, Reference<double>>;
  Session<P> session(2);
  const Weights<Gather<1>, Reference<double>> weights;
  Weights<Gather<1>, Reference<double>> gradients;
  const auto x = random_tensor<double, Rows>(2, 1);
  const auto ids = some_ids();
  session.forward(weights, x, ids);
  for (double& seed : session.seed_gradient()) seed = 1;
  session.backward(gradients);
  const auto dx = session.input_gradient_of<0>();
  const double expected[2][6] = {{0, 1, 1, 1, 1, 0}, {0, 0, 1, 0, 0, 3}};
  for (Index b = 0; b < 2; ++b)
    for (Index n = 0; n < 6; ++n)
      for (Index d = 0; d < 3; ++d) CHECK(dx(b, n, d) == expected[b][n]);
}
