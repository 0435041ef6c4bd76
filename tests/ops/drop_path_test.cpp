#include <cmath>

#include <mae/autograd/run/gradient_check.hpp>
#include <mae/ops/drop_path.hpp>

#include <doctest/doctest.h>

#include <mae/nn/block.hpp>

#include "support/operation.hpp"

using namespace test;

namespace {

using Policy = Reference<double>;
using Single = Shape<dyn, 1>;

template <int Branch>
struct Dropped : NoParameters {
  using Inputs = mae::Inputs<Input<Single, void, true>>;
  constexpr auto operator()(const Expression auto& x) const { return drop_path<Branch>(x); }
};
/// The factors of three layers, multiplied.
struct ThreeLayers {
  using Inputs = mae::Inputs<Input<Single, void, true>>;
  Repeat<3, Dropped<0>> layers;
  MAE_MODULE(layers)
  constexpr auto operator()(const Expression auto& x) const { return layers(x); }
};

constexpr Index many = 20000;

std::vector<std::uint64_t> keys(Index count) {
  std::vector<std::uint64_t> all(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = 1000 + 7 * i;
  return all;
}
/// s(b), the factors that samples 0, 1, ... are multiplied by.
template <class Model>
std::vector<double> factors(const Context& context) {
  Tensor<double, Single> ones(many);
  for (double& x : ones) x = 1;
  Session<Program<Model, Policy, Inference>> session(many);
  session.context() = context;
  const auto y = session.forward(Weights<Model, Policy>(), ones);
  return {y.begin(), y.end()};
}
double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace

TEST_CASE("nothing is dropped at rate 0, in the first layer, and without keys") {
  const auto all = keys(many);
  const std::vector<double> ones(static_cast<std::size_t>(many), 1.0);
  CHECK(factors<Dropped<0>>({all.data(), 0, 2, 5}) == ones);
  CHECK(factors<Dropped<0>>({all.data(), 0.4, 0, 5}) == ones);
  CHECK(factors<Dropped<0>>({nullptr, 0.4, 4, 5}) == ones);
}

TEST_CASE("the rate grows linearly with depth, the mean stays one") {
  const auto all = keys(many);
  for (int layer = 1; layer < 5; ++layer) {
    const double rate = 0.4 * layer / 4, kept = 1 / (1 - rate);
    const auto s = factors<Dropped<0>>({all.data(), 0.4, layer, 5});
    double dropped = 0;
    for (const double value : s) {
      REQUIRE((value == 0 || value == doctest::Approx(kept).epsilon(1e-15)));
      dropped += value == 0;
    }
    const double deviation = std::sqrt(rate * (1 - rate) / static_cast<double>(many));
    CHECK(std::fabs(dropped / static_cast<double>(many) - rate) < 4 * deviation);
    CHECK(std::fabs(mean(s) - 1) < 4 * deviation * kept);
  }
  // One layer alone is the first: nothing is dropped.
  CHECK(mean(factors<Dropped<0>>({all.data(), 0.9, 0, 1})) == 1);
}

TEST_CASE("layers, branches and samples draw independently; equal keys draw alike") {
  const auto all = keys(many);
  const double rate = 0.5;
  auto agreement = [](const std::vector<double>& a, const std::vector<double>& b) {
    double same = 0;
    for (std::size_t i = 0; i < a.size(); ++i) same += (a[i] == 0) == (b[i] == 0);
    return same / static_cast<double>(a.size());
  };
  const auto a = factors<Dropped<0>>({all.data(), rate, 4, 5});
  CHECK(agreement(a, factors<Dropped<0>>({all.data(), rate, 4, 5})) == 1);
  CHECK(agreement(a, factors<Dropped<1>>({all.data(), rate, 4, 5})) == doctest::Approx(0.5).epsilon(0.02));
  CHECK(agreement(a, factors<Dropped<0>>({all.data(), rate, 5, 6})) == doctest::Approx(0.5).epsilon(0.02));
  const auto before = factors<Dropped<1>>({all.data(), rate, 4, 5});
  const auto after = factors<Dropped<0>>({all.data(), rate, 5, 6});
  CHECK(agreement(before, after) == doctest::Approx(0.5).epsilon(0.02));
  std::vector<double> shifted(a.begin() + 1, a.end());
  shifted.push_back(a[0]);
  CHECK(agreement(a, shifted) == doctest::Approx(0.5).epsilon(0.02));
  const std::vector<std::uint64_t> one(static_cast<std::size_t>(many), 42);
  const double expected = RandomStream(42, Purpose::drop_path).uniform(8) < 0.5f ? 0 : 2;  // draw 2 · layer + branch
  for (const double value : factors<Dropped<0>>({one.data(), rate, 4, 5})) REQUIRE(value == expected);
}

TEST_CASE("a Repeat tells its layers apart") {
  const auto all = keys(many);
  const Context context{all.data(), 0.4, 0, 1};
  const auto product = factors<ThreeLayers>(context);
  const auto second_layer = factors<Dropped<0>>({all.data(), 0.4, 1, 3});
  const auto third_layer = factors<Dropped<0>>({all.data(), 0.4, 2, 3});
  for (std::size_t i = 0; i < product.size(); ++i)
    REQUIRE(product[i] == doctest::Approx(second_layer[i] * third_layer[i]).epsilon(1e-15));
}

TEST_CASE_TEMPLATE("gradients pass the same branches, also when blocks are run again", Recompute, KeepAll,
                   RecomputeCheap, CheckpointBlocks) {
  using Blocks = WithLoss<Repeat<3, mae::Block<8, 2, 16, StochasticDepth::on>>, Shape<dyn, 3, 8>>;
  const auto all = keys(6);
  GradientCheckOptions options;
  options.samples = 6;
  options.context = {all.data(), 0.6, 0, 1};
  const auto x = random_tensor<double, Shape<dyn, 3, 8>>(6, 1);
  const Weights<Blocks, Policy> weights(1);
  const auto report = check_gradients<Program<Blocks, Policy, Recompute>>(options, weights, x);
  INFO(report.where, "[", report.index, "]");
  CHECK(report.worst <= 1e-6);

  Session<Program<Blocks, Policy, Recompute>> dropping(6), whole(6);
  dropping.context() = options.context;
  Weights<Blocks, Policy> gradients;
  const double loss = dropping.step(weights, gradients, x);
  CHECK(loss != whole.step(weights, gradients, x));  // some branch was dropped
}
