#include <mae/nn/block.hpp>

#include <doctest/doctest.h>

#include "support/operation.hpp"

using namespace test;

namespace {

using Tokens = Shape<dyn, 5, 8>;

template <StochasticDepth Kind>
struct Model {
  using Inputs = mae::Inputs<Input<Tokens, void, true>>;
  mae::Block<8, 2, 24, Kind> block;
  MAE_MODULE(block)
  constexpr auto operator()(const Expression auto& x) const { return block(x); }
};

/// The tokens that ids name, behind one that they do not count.
template <bool All>
struct Some {
  using Inputs = mae::Inputs<Input<Tokens, void, true>, Indices<Shape<dyn, 3>>>;
  mae::Block<8, 2, 24> block;
  MAE_MODULE(block)
  constexpr auto operator()(const Expression auto& x, const Expression auto& ids) const {
    if constexpr (All) return gather<1>(block(x), ids);
    else return block.template only<1>(x, ids);
  }
};

/// x of one token normalised, times a weight of one, plus a bias of zero.
std::vector<double> normalized(const double* x) {
  std::vector<double> y(x, x + 8);
  double mean = 0, variance = 0;
  for (const double value : y) mean += value / 8;
  for (const double value : y) variance += (value - mean) * (value - mean) / 8;
  for (double& value : y) value = (value - mean) / std::sqrt(variance + 1e-6);
  return y;
}
/// x wᵀ with the named weights; first biases are zero.
std::vector<double> times(const Weights<Model<StochasticDepth::off>, Reference<double>>& weights,
                          const std::string& name, const std::vector<double>& x) {
  const ParameterInfo& p = *weights.find(name);
  std::vector<double> y(static_cast<std::size_t>(p.shape[0]));
  for (std::size_t o = 0; o < y.size(); ++o)
    for (std::size_t i = 0; i < x.size(); ++i) y[o] += weights.at(p)[o * x.size() + i] * x[i];
  return y;
}

}  // namespace

TEST_CASE("a block by the book: y = x + attention(norm x), z = y + mlp(norm y)") {
  const Weights<Model<StochasticDepth::off>, Reference<double>> weights(1);
  const auto x = random_tensor<double, Tokens>(1, 1);
  const auto z = evaluate(weights, x);

  std::vector<std::vector<double>> qkv;  // [5][3 · 8]
  for (Index n = 0; n < 5; ++n) qkv.push_back(times(weights, "block.attn.qkv.weight", normalized(&x(0, n, 0))));
  for (std::size_t n = 0; n < 5; ++n) {
    std::vector<double> heads(8);
    for (std::size_t h = 0; h < 2; ++h) {
      double p[5], sum = 0;
      for (std::size_t j = 0; j < 5; ++j) {
        double score = 0;
        for (std::size_t c = 4 * h; c < 4 * h + 4; ++c) score += qkv[n][c] * qkv[j][8 + c];
        sum += p[j] = std::exp(score / 2);  // sqrt(4)
      }
      for (std::size_t j = 0; j < 5; ++j)
        for (std::size_t c = 4 * h; c < 4 * h + 4; ++c) heads[c] += p[j] / sum * qkv[j][16 + c];
    }
    std::vector<double> y = times(weights, "block.attn.proj.weight", heads);
    for (std::size_t d = 0; d < 8; ++d) y[d] += x(0, n, d);
    std::vector<double> hidden = times(weights, "block.mlp.fc1.weight", normalized(y.data()));
    for (double& value : hidden) value *= 0.5 * std::erfc(-value / std::sqrt(2));
    const std::vector<double> branch = times(weights, "block.mlp.fc2.weight", hidden);
    for (std::size_t d = 0; d < 8; ++d) CHECK(z(0, n, d) == doctest::Approx(y[d] + branch[d]).epsilon(1e-12));
  }
}

TEST_CASE_TEMPLATE("a block that may drop branches has the same parameters and, without keys, the same result", Policy,
                   Reference<double>, Cpu<double>) {
  const Weights<Model<StochasticDepth::off>, Policy> fixed(1);
  const Weights<Model<StochasticDepth::on>, Policy> stochastic(1);
  REQUIRE(fixed.parameters().size() == 12);
  for (std::size_t i = 0; i < 12; ++i) CHECK(fixed.parameters()[i].name == stochastic.parameters()[i].name);
  const auto x = random_tensor<double, Tokens>(2, 1);
  const auto y = evaluate(fixed, x), z = evaluate(stochastic, x);
  for (Index i = 0; i < y.size(); ++i) CHECK(y.data()[i] == doctest::Approx(z.data()[i]).epsilon(1e-14));
  check_backward(fixed, x);
}

TEST_CASE_TEMPLATE("some tokens of a block alone", Policy, Reference<double>, Cpu<double>) {
  const Weights<Some<true>, Policy> all(1);
  const Weights<Some<false>, Policy> alone(1);
  const auto x = random_tensor<double, Tokens>(2, 1);
  Tensor<std::int32_t, Shape<dyn, 3>> ids(2);
  for (Index i = 0; i < 6; ++i) ids.data()[i] = static_cast<std::int32_t>((7 * i + 2) % 4);
  const auto y = evaluate(all, x, ids), z = evaluate(alone, x, ids);
  for (Index i = 0; i < y.size(); ++i) CHECK(z.data()[i] == doctest::Approx(y.data()[i]).epsilon(1e-13));
  check_backward(alone, x, ids);
}
