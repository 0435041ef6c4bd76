#include <mae/ops/window_attention.hpp>

#include <doctest/doctest.h>

#include "support/operation.hpp"

using namespace test;

namespace {

constexpr Index tokens = 12, windows = 3, heads = 2, D = 4;
using Qkv = Shape<dyn, tokens, 3 * D>;
using Part = Shape<dyn, tokens / windows, 3 * D>;

struct Windowed : NoParameters {
  using Inputs = mae::Inputs<Input<Qkv, void, true>>;
  constexpr auto operator()(const Expression auto& x) const { return window_attention<heads, windows, 8>(x); }
};
template <class In>
struct Plain : NoParameters {
  using Inputs = mae::Inputs<Input<In, void, true>>;
  constexpr auto operator()(const Expression auto& x) const { return attention<heads>(x); }
};

/// The result and the gradient of the input, of a layer.
template <class Model, class Policy, class X>
std::vector<double> run(const X& x, int layer) {
  const Weights<Model, Policy> weights;
  Weights<Model, Policy> gradients;
  Session<Program<Model, Policy>> session(x.batch());
  session.context().layer = layer;
  const auto y = session.forward(weights, x);
  std::vector<double> all(y.data(), y.data() + y.size());
  auto seed = session.seed_gradient();
  for (Index i = 0; i < seed.size(); ++i) seed.data()[i] = double(i % 5) - 2;
  session.backward(gradients);
  const auto dx = session.template input_gradient_of<0>();
  all.insert(all.end(), dx.data(), dx.data() + dx.size());
  return all;
}

}  // namespace

TEST_CASE_TEMPLATE("a window is a sample of its own; the last layer of a quarter is plain attention: the same bits",
                   Policy, Reference<double>, Cpu<double>) {
  const auto x = random_tensor<double, Qkv>(2, 1);
  Tensor<double, Part> parts(2 * windows);
  for (Index i = 0; i < x.size(); ++i) parts.data()[i] = x.data()[i];
  const auto whole = run<Plain<Qkv>, Policy>(x, 0), apart = run<Plain<Part>, Policy>(parts, 0);
  CHECK(whole != apart);
  for (int layer = 0; layer < 8; ++layer) CHECK(run<Windowed, Policy>(x, layer) == (layer % 2 == 1 ? whole : apart));
  const auto again = run<Windowed, Policy>(x, 2);
  CHECK(again == apart);
}

TEST_CASE("gradients agree with differences") {
  const Weights<Windowed, Reference<double>> weights;
  check_backward(weights, random_tensor<double, Qkv>(2, 1));
}

TEST_CASE("operations: the average of a row") {
  constexpr Index of_all = 4 * tokens * tokens * D;
  static_assert(Program<Windowed, Cpu<float>, Inference>::flops == (4 * of_all + 4 * of_all / windows) / 8);
  using Large = WindowsAndQuarters<16, 12>;
  CHECK(Large::flops(4 * Index{4096} * 4096 * 768) == Index{4} * 4096 * 4096 * 768 * (4 * 16 + 8) / (12 * 16));
}
