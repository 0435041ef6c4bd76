#include <mae/ops/feature_map.hpp>

#include <doctest/doctest.h>

#include "support/operation.hpp"

using namespace test;

namespace {
using Tokens = Shape<dyn, 7, 4>;
struct OneMap : NoParameters {
  using Inputs = mae::Inputs<Input<Tokens, void, true>>;
  constexpr auto operator()(const Expression auto& x) const { return feature_map<2, 3>(x); }
};
struct TwoMaps : NoParameters {
  using Inputs = mae::Inputs<Input<Tokens, void, true>, Input<Tokens, void, true>>;
  constexpr auto operator()(const Expression auto& x, const Expression auto& z) const {
    return feature_map<2, 3>(x, z);
  }
};
}  // namespace

TEST_CASE_TEMPLATE("every patch's token stands where its patch lies", Policy, Reference<double>, Cpu<double>) {
  const Weights<OneMap, Policy> weights;
  const auto x = random_tensor<double, Tokens>(2, 1);
  const auto y = evaluate(weights, x);
  static_assert(std::is_same_v<typename decltype(y)::Shape, Shape<dyn, 4, 2, 3>>);
  for (Index b = 0; b < 2; ++b)
    for (Index d = 0; d < 4; ++d)
      for (Index r = 0; r < 2; ++r)
        for (Index c = 0; c < 3; ++c) CHECK(y(b, d, r, c) == x(b, 1 + r * 3 + c, d));
  check_backward(weights, x);
}

TEST_CASE_TEMPLATE("maps of several sets of tokens, one behind the other", Policy, Reference<double>, Cpu<double>) {
  const Weights<TwoMaps, Policy> weights;
  const auto x = random_tensor<double, Tokens>(2, 1), z = random_tensor<double, Tokens>(2, 2);
  const auto y = evaluate(weights, x, z);
  static_assert(std::is_same_v<typename decltype(y)::Shape, Shape<dyn, 2, 4, 2, 3>>);
  for (Index b = 0; b < 2; ++b)
    for (Index d = 0; d < 4; ++d)
      for (Index l = 0; l < 6; ++l) {
        CHECK(y(b, 0, d, l / 3, l % 3) == x(b, 1 + l, d));
        CHECK(y(b, 1, d, l / 3, l % 3) == z(b, 1 + l, d));
      }
  check_backward(weights, x, z);
}
