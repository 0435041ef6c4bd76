#include <cmath>

#include <mae/ops/pool.hpp>
#include <mae/ops/standardize.hpp>

#include <doctest/doctest.h>

#include "support/operation.hpp"

using namespace test;

namespace {

using Tokens = Shape<dyn, 5, 3>;

template <Pool How>
struct Pooled : NoParameters {
  using Inputs = mae::Inputs<Input<Tokens, void, true>>;
  constexpr auto operator()(const Expression auto& x) const { return pool<How>(x); }
};

struct Standardized {
  using Inputs = mae::Inputs<Input<Shape<dyn, 2, 3>, void, true>>;
  Parameter<Shape<3>, Uniform, Trainable::no> mean, variance;
  MAE_MODULE(mean, variance)
  constexpr auto operator()(const Expression auto& x) const { return standardize(x, mean, variance); }
};

}  // namespace

TEST_CASE_TEMPLATE("the mean leaves out the class token", Policy, Reference<double>, Cpu<double>) {
  const Weights<Pooled<Pool::mean>, Policy> weights;
  const auto x = random_tensor<double, Tokens>(2, 1);
  const auto y = evaluate(weights, x);
  for (Index b = 0; b < 2; ++b)
    for (Index d = 0; d < 3; ++d)
      CHECK(y(b, d) == doctest::Approx((x(b, 1, d) + x(b, 2, d) + x(b, 3, d) + x(b, 4, d)) / 4).epsilon(1e-14));
  check_backward(weights, x);
}

TEST_CASE_TEMPLATE("the class token alone", Policy, Reference<double>, Cpu<double>) {
  const Weights<Pooled<Pool::class_token>, Policy> weights;
  const auto x = random_tensor<double, Tokens>(2, 1);
  const auto y = evaluate(weights, x);
  for (Index b = 0; b < 2; ++b)
    for (Index d = 0; d < 3; ++d) CHECK(y(b, d) == x(b, 0, d));
  check_backward(weights, x);
}

TEST_CASE_TEMPLATE("columns are shifted and scaled by fixed statistics", Policy, Reference<double>, Cpu<double>) {
  Weights<Standardized, Policy> weights(1);
  double* const mean = weights.at(*weights.find("mean"));
  double* const variance = weights.at(*weights.find("variance"));
  const double some[] = {4, 0.25, 0};  // a column that never changes has variance 0: no division by zero
  for (Index d = 0; d < 3; ++d) variance[d] = some[d];
  const auto x = random_tensor<double, Shape<dyn, 2, 3>>(2, 1);
  const auto y = evaluate(weights, x);
  for (Index b = 0; b < 2; ++b)
    for (Index n = 0; n < 2; ++n)
      for (Index d = 0; d < 3; ++d)
        CHECK(y(b, n, d) == doctest::Approx((x(b, n, d) - mean[d]) / std::sqrt(some[d] + 1e-6)).epsilon(1e-14));
  check_backward(weights, x);
}
