#include <mae/ops/class_token.hpp>
#include <mae/ops/positions.hpp>
#include <mae/ops/restore.hpp>

#include <doctest/doctest.h>

#include "support/operation.hpp"

using namespace test;

namespace {

constexpr Index V = 3, L = 5, D = 4;
using Visible = Shape<dyn, V, D>;
using VisibleTokens = Shape<dyn, V + 1, D>;
using Tokens = Shape<dyn, L + 1, D>;

struct WithToken {
  using Inputs = mae::Inputs<Input<Visible, void, true>>;
  Parameter<Shape<1, 1, D>, Uniform> token;
  MAE_MODULE(token)
  constexpr auto operator()(const Expression auto& x) const { return with_class_token(x, token); }
};
template <Trainable Train>
struct Positions {
  using Inputs = mae::Inputs<Input<Tokens, void, true>>;
  Parameter<Shape<1, L + 1, D>, Uniform, Train> table;
  MAE_MODULE(table)
  constexpr auto operator()(const Expression auto& x) const { return with_positions(x, table); }
};
struct VisiblePositions {
  using Inputs = mae::Inputs<Input<VisibleTokens, void, true>, Indices<Shape<dyn, V>>>;
  Parameter<Shape<1, L + 1, D>, Uniform> table;
  MAE_MODULE(table)
  constexpr auto operator()(const Expression auto& x, const Expression auto& ids) const {
    return with_positions(x, ids, table);
  }
};
struct Restore {
  using Inputs = mae::Inputs<Input<VisibleTokens, void, true>, Indices<Shape<dyn, L>>>;
  Parameter<Shape<1, 1, D>, Uniform> token;
  MAE_MODULE(token)
  constexpr auto operator()(const Expression auto& x, const Expression auto& ranks) const {
    return restore(x, ranks, token);
  }
};
struct PatchTokens : NoParameters {
  using Inputs = mae::Inputs<Input<Tokens, void, true>>;
  constexpr auto operator()(const Expression auto& x) const { return patch_tokens(x); }
};

template <class S>
Tensor<std::int32_t, S> numbers(Index batch, const std::vector<std::int32_t>& values) {
  Tensor<std::int32_t, S> result(batch);
  for (Index i = 0; i < result.size(); ++i) result.data()[i] = values[static_cast<std::size_t>(i)];
  return result;
}

}  // namespace

TEST_CASE_TEMPLATE("a class token in front", Policy, Reference<double>, Cpu<double>) {
  const Weights<WithToken, Policy> weights(1);
  const auto x = random_tensor<double, Visible>(2, 1);
  const auto y = evaluate(weights, x);
  for (Index b = 0; b < 2; ++b)
    for (Index d = 0; d < D; ++d) {
      CHECK(y(b, 0, d) == weights.data()[d]);
      for (Index n = 0; n < V; ++n) CHECK(y(b, n + 1, d) == x(b, n, d));
    }
  check_backward(weights, x);
}

TEST_CASE_TEMPLATE("positions of all tokens, trained or not", Policy, Reference<double>, Cpu<double>) {
  const Weights<Positions<Trainable::yes>, Policy> weights(1);
  const Weights<Positions<Trainable::no>, Policy> frozen(1);
  const auto x = random_tensor<double, Tokens>(2, 1);
  const auto y = evaluate(weights, x), z = evaluate(frozen, x);
  for (Index b = 0; b < 2; ++b)
    for (Index n = 0; n <= L; ++n)
      for (Index d = 0; d < D; ++d) {
        CHECK(y(b, n, d) == x(b, n, d) + weights.data()[n * D + d]);
        CHECK(z(b, n, d) == y(b, n, d));
      }
  check_backward(weights, x);
  check_backward(frozen, x);
}

TEST_CASE_TEMPLATE("positions of visible patches; an id may occur in both samples", Policy, Reference<double>,
                   Cpu<double>) {
  const Weights<VisiblePositions, Policy> weights(1);
  const auto x = random_tensor<double, VisibleTokens>(2, 1);
  const auto ids = numbers<Shape<dyn, V>>(2, {4, 0, 2, 2, 4, 1});
  const auto y = evaluate(weights, x, ids);
  for (Index b = 0; b < 2; ++b)
    for (Index n = 0; n <= V; ++n)
      for (Index d = 0; d < D; ++d) {
        const Index row = n == 0 ? 0 : 1 + ids(b, n - 1);
        CHECK(y(b, n, d) == x(b, n, d) + weights.data()[row * D + d]);
      }
  check_backward(weights, x, ids);
}

TEST_CASE_TEMPLATE("visible tokens back at their places, mask tokens elsewhere", Policy, Reference<double>,
                   Cpu<double>) {
  const Weights<Restore, Policy> weights(1);
  const auto x = random_tensor<double, VisibleTokens>(2, 1);
  const auto ranks = numbers<Shape<dyn, L>>(2, {3, 1, 0, 4, 2, 0, 1, 2, 3, 4});
  const auto y = evaluate(weights, x, ranks);
  const Index source[2][L + 1] = {{0, -1, 2, 1, -1, 3}, {0, 1, 2, 3, -1, -1}};  // row of x; -1: the mask token
  for (Index b = 0; b < 2; ++b)
    for (Index n = 0; n <= L; ++n)
      for (Index d = 0; d < D; ++d)
        CHECK(y(b, n, d) == (source[b][n] < 0 ? weights.data()[d] : x(b, source[b][n], d)));
  check_backward(weights, x, ranks);
}

TEST_CASE_TEMPLATE("tokens without the class token", Policy, Reference<double>, Cpu<double>) {
  const Weights<PatchTokens, Policy> weights;
  const auto x = random_tensor<double, Tokens>(2, 1);
  const auto y = evaluate(weights, x);
  for (Index b = 0; b < 2; ++b)
    for (Index n = 0; n < L; ++n)
      for (Index d = 0; d < D; ++d) CHECK(y(b, n, d) == x(b, n + 1, d));
  check_backward(weights, x);
}
