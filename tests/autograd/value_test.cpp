// Where gradients stop: what lies before runs no backward and keeps nothing.
#include <doctest/doctest.h>

#include "modules.hpp"

using namespace test;

namespace {
using S = Shape<dyn, 3, 6>;
using Policy = Reference<double>;

// A probe on a network that is not trained.
struct Probe {
  Affine<6, 6> encoder1, encoder2;
  Repeat<2, Affine<6, 6>> blocks;
  Affine<6, 4> head;
  MAE_MODULE(encoder1, encoder2, blocks, head)
  using Inputs = mae::Inputs<Input<S>>;
  constexpr auto operator()(const Expression auto& x) const {
    auto features = blocks(encoder2(gelu(encoder1(x))));
    return weighted_squares(gelu(head(stop_gradient(features))));
  }
};
// The same by frozen parameters, which need no stop.
struct FrozenProbe {
  Affine<6, 6, Trainable::no> encoder1, encoder2;
  Repeat<2, Affine<6, 6, Trainable::no>> blocks;
  Affine<6, 4> head;
  MAE_MODULE(encoder1, encoder2, blocks, head)
  using Inputs = mae::Inputs<Input<S>>;
  constexpr auto operator()(const Expression auto& x) const {
    return weighted_squares(gelu(head(blocks(encoder2(gelu(encoder1(x)))))));
  }
};
// Frozen layers between trained ones: the gradient passes through, but none is made for them.
struct FrozenMiddle {
  Affine<6, 6> a;
  Affine<6, 6, Trainable::no> middle;
  Repeat<2, Affine<6, 6, Trainable::no>> blocks;
  MAE_MODULE(a, middle, blocks)
  constexpr auto operator()(const Expression auto& x) const { return blocks(middle(gelu(a(x)))); }
};
// One use of a value is stopped, the other is not: y + stop(y) is 2 y, but half of its gradient is missing.
template <bool Stop>
struct Doubled {
  Affine<6, 6> a;
  MAE_MODULE(a)
  using Inputs = mae::Inputs<Input<S, void, true>>;
  constexpr auto operator()(const Expression auto& x) const {
    auto y = a(x);
    if constexpr (Stop) return weighted_squares(y + stop_gradient(y));
    else return weighted_squares(y + y);
  }
};
struct StoppedModule {
  Affine<6, 6> a;
  MAE_MODULE(a)
  using Inputs = mae::Inputs<Input<S, void, true>>;
  constexpr auto operator()(const Expression auto& x) const { return stop_gradient(a(x)); }
};
// A block through which no gradient goes to its input, but to its parameters.
struct StopsInput {
  Affine<6, 6> a;
  MAE_MODULE(a)
  constexpr auto operator()(const Expression auto& x) const { return gelu(a(stop_gradient(x))); }
};

constexpr int backward_steps(const Graph& g) {
  int count = 0;
  for (int s = 0; s < g.step_count; ++s) count += !g.steps[s].recompute;
  return count;
}
template <class Model, class Recompute = KeepAll>
constexpr const Graph& graph_of = Program<Model, Policy, Recompute>::graph;
}  // namespace

TEST_CASE("before a stop nothing runs backward and nothing is kept") {
  constexpr const Graph &g = graph_of<Probe>, &f = graph_of<FrozenProbe>;
  static_assert(g.node_count == 5 && backward_steps(g) == 2);
  static_assert(!g.nodes[0].runs_backward && !g.nodes[1].runs_backward && !g.nodes[2].runs_backward);
  static_assert(!g.nodes[3].wants[0]);
  // The head's input, its result, and what its gelu notes.
  static_assert(g.saved_bytes == align_up(18 * 8) + 2 * align_up(12 * 8));
  static_assert(f.node_count == 5 && backward_steps(f) == 2 && f.saved_bytes == g.saved_bytes);
  CHECK(backward_steps(g) == 2);
}

TEST_CASE("the gradient of a probe is that of its head alone") {
  const Weights<Probe, Policy> weights(1);
  Weights<Probe, Policy> gradients;
  Session<Program<Probe, Policy>> session(2);
  session.step(weights, gradients, random_tensor<double, S>(2, 1));
  for (const ParameterInfo& parameter : gradients.parameters())
    for (Index i = 0; i < parameter.count; ++i)
      CHECK((gradients.at(parameter)[i] != 0) == parameter.name.starts_with("head."));
}

TEST_CASE("a gradient passes through frozen layers and makes none for them") {
  const auto report = gradient_report<FrozenMiddle, S, KeepAll>();
  CHECK(report.worst <= 1e-6);
  CHECK(report.checked == 42 + 2 * 18);
  CHECK(gradient_report<FrozenMiddle, S, CheckpointBlocks>().worst <= 1e-6);
  using Model = WithLoss<FrozenMiddle, S>;
  const Weights<Model, Policy> weights(1);
  Weights<Model, Policy> gradients;
  Session<Program<Model, Policy>> session(2);
  session.step(weights, gradients, random_tensor<double, S>(2, 1));
  for (const ParameterInfo& parameter : gradients.parameters())
    if (!parameter.trained)
      for (Index i = 0; i < parameter.count; ++i) CHECK(gradients.at(parameter)[i] == 0);
}

TEST_CASE("a stop concerns one use of a value") {
  const Weights<Doubled<true>, Policy> weights(1);
  const Weights<Doubled<false>, Policy> same_weights(1);
  Weights<Doubled<true>, Policy> half;
  Weights<Doubled<false>, Policy> whole;
  Session<Program<Doubled<true>, Policy>> with_stop(2);
  Session<Program<Doubled<false>, Policy>> without(2);
  const auto x = random_tensor<double, S>(2, 1);
  CHECK(with_stop.step(weights, half, x) == without.step(same_weights, whole, x));
  CHECK(whole.data()[0] != 0);
  for (Index i = 0; i < half.size(); ++i) CHECK(2 * half.data()[i] == whole.data()[i]);
}

TEST_CASE("a module whose result is stopped runs no backward, alone or repeated") {
  static_assert(graph_of<StoppedModule>.step_count == 0 && graph_of<StoppedModule>.saved_bytes == 0);
  const auto report = gradient_report<Repeat<2, StopsInput>, S, KeepAll>();
  CHECK(report.where == "module.0.a.weight");  // its true derivative is not zero: only the last block learns
  CHECK(report.derivative == 0);
  using Model = WithLoss<Repeat<2, StopsInput>, S>;
  const Weights<Model, Policy> weights(1);
  Weights<Model, Policy> gradients;
  Session<Program<Model, Policy>> session(2);
  session.poison_before_forward();
  session.step(weights, gradients, random_tensor<double, S>(2, 1));
  for (const ParameterInfo& parameter : gradients.parameters())
    for (Index i = 0; i < parameter.count; ++i)
      CHECK((gradients.at(parameter)[i] != 0) == parameter.name.starts_with("module.1."));
  for (const double gradient : session.input_gradient_of<0>()) CHECK(gradient == 0);
}

TEST_CASE("inference keeps nothing") {
  static_assert(graph_of<Probe, Inference>.saved_bytes == 0 && graph_of<Probe, Inference>.step_count == 0);
  static_assert(graph_of<WithLoss<Repeat<4, Block<6, 2>>, S>, Inference>.saved_bytes == 0);
  static_assert(graph_of<WithLoss<Repeat<4, Block<6, 2>>, S>, Inference>.scratch_bytes ==
                graph_of<WithLoss<Repeat<40, Block<6, 2>>, S>, Inference>.scratch_bytes);
  for (int i = 0; i < graph_of<Probe, Inference>.node_count; ++i) {
    CHECK(!graph_of<Probe, Inference>.nodes[i].backward);
    CHECK(!graph_of<Probe, Inference>.nodes[i].recompute);
  }
}
