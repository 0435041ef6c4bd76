// Repeat: depth is data.
#include <algorithm>

#include <doctest/doctest.h>

#include "modules.hpp"

using namespace test;

namespace {
using S = Shape<dyn, 5, 8>;
using Policy = Reference<double>;
template <int Depth>
struct Net {
  Affine<8, 8> in;
  Repeat<Depth, Block<8, 2>> blocks;
  MAE_MODULE(in, blocks)
  using Inputs = mae::Inputs<Input<S, void, true>>;
  constexpr auto operator()(const Expression auto& x) const { return weighted_squares(blocks(in(x))); }
};
struct ByHand {
  Affine<8, 8> in;
  Block<8, 2> b0, b1, b2;
  MAE_MODULE(in, b0, b1, b2)
  using Inputs = mae::Inputs<Input<S, void, true>>;
  constexpr auto operator()(const Expression auto& x) const { return weighted_squares(b2(b1(b0(in(x))))); }
};
template <bool Repeated>
struct Twelve {
  Repeat<12, Block<8, 2>> blocks;
  MAE_MODULE(blocks)
  using Inputs = mae::Inputs<Input<S, void, true>>;
  constexpr auto operator()(const Expression auto& x) const {
    if constexpr (Repeated) return weighted_squares(blocks(x));
    auto y = x.eval();
    for (int i = 0; i < 12; ++i) y = blocks[i](y).eval();
    return weighted_squares(y);
  }
};
// Stages of blocks, as hierarchical encoders have them.
struct Stage {
  Repeat<2, Block<8, 2>> blocks;
  Affine<8, 8> merge;
  MAE_MODULE(blocks, merge)
  constexpr auto operator()(const Expression auto& x) const { return merge(blocks(x)); }
};
// The gradient of what the blocks give is also that of another operand of the sum, which is read after them.
template <class Kind>
struct Beside {
  Affine<8, 8> a, b;
  Repeat<2, Kind> blocks;
  MAE_MODULE(a, b, blocks)
  constexpr auto operator()(const Expression auto& x) const {
    auto u = gelu(a(x));
    auto y = blocks(b(x));
    return y + u;
  }
};
// No gradient goes through these blocks.
struct Stopped {
  Affine<8, 8> layer;
  MAE_MODULE(layer)
  constexpr auto operator()(const Expression auto& x) const { return layer(stop_gradient(x)); }
};
struct StoppedByHand {
  Affine<8, 8> in;
  Stopped b0, b1, b2;
  MAE_MODULE(in, b0, b1, b2)
  using Inputs = mae::Inputs<Input<S, void, true>>;
  constexpr auto operator()(const Expression auto& x) const { return weighted_squares(b2(b1(b0(in(x))))); }
};
struct StoppedNet {
  Affine<8, 8> in;
  Repeat<3, Stopped> blocks;
  MAE_MODULE(in, blocks)
  using Inputs = mae::Inputs<Input<S, void, true>>;
  constexpr auto operator()(const Expression auto& x) const { return weighted_squares(blocks(in(x))); }
};
/// Whether the blocks of Net may overwrite the gradient of their result.
template <class Net, class Recompute>
constexpr bool may_overwrite_dy() {
  constexpr const Graph& g = Program<WithLoss<Net, S>, Policy, Recompute>::graph;
  for (int i = 0; i < g.node_count; ++i)
    if (g.nodes[i].repeats) return g.nodes[i].may_overwrite_dy;
  return false;
}
}  // namespace

TEST_CASE("the graph does not grow with depth; memory does by one block") {
  using Two = Program<Net<2>, Policy>;
  using Three = Program<Net<3>, Policy>;
  using Many = Program<Net<24>, Policy>;
  static_assert(Two::graph.node_count == Many::graph.node_count && Two::graph.step_count == Many::graph.step_count);
  static_assert(Many::saved_bytes - Two::saved_bytes == 22 * (Three::saved_bytes - Two::saved_bytes));
  static_assert(Two::scratch_bytes == Many::scratch_bytes);
  using Checkpoints = Program<Net<24>, Policy, CheckpointBlocks>;
  static_assert(Checkpoints::saved_bytes < Many::saved_bytes / 5);
  CHECK(Many::graph.node_count == 3);
}

TEST_CASE("a Repeat computes what its blocks written out compute, bit for bit") {
  static_assert(weights_size<Net<3>> == weights_size<ByHand>);
  const Weights<Net<3>, Policy> weights(1);
  Weights<Net<3>, Policy> gradients;
  Weights<ByHand, Policy> same_weights, same_gradients;
  std::copy(weights.data(), weights.data() + weights.size(), same_weights.data());
  Session<Program<Net<3>, Policy>> repeated(2);
  Session<Program<ByHand, Policy>> by_hand(2);
  const auto x = random_tensor<double, S>(2, 1);
  CHECK(repeated.step(weights, gradients, x) == by_hand.step(same_weights, same_gradients, x));
  CHECK(std::equal(gradients.data(), gradients.data() + gradients.size(), same_gradients.data()));
  const auto a = repeated.input_gradient_of<0>(), b = by_hand.input_gradient_of<0>();
  CHECK(std::equal(a.begin(), a.end(), b.begin()));
}

TEST_CASE("a graph has room for twelve blocks written out, and no room to spare") {
  using Long = Program<Twelve<false>, Policy>;
  using Short = Program<Twelve<true>, Policy>;
  static_assert(Long::graph.node_count > 84 && Short::graph.node_count == 2);
  static_assert(sizeof(Short::graph) < 3000 && sizeof(Long::graph) < Long::graph.node_count * 1000);
  const Weights<Twelve<false>, Policy> weights(1);
  const Weights<Twelve<true>, Policy> same_weights(1);
  Weights<Twelve<false>, Policy> gradients;
  Weights<Twelve<true>, Policy> same_gradients;
  Session<Long> by_hand(2);
  Session<Short> repeated(2);
  const auto x = random_tensor<double, S>(2, 1);
  CHECK(by_hand.step(weights, gradients, x) == repeated.step(same_weights, same_gradients, x));
  CHECK(std::equal(gradients.data(), gradients.data() + gradients.size(), same_gradients.data()));
}

TEST_CASE("gradients through a Repeat, whatever is kept") {
  CHECK(gradient_report<Repeat<1, Block<8, 2>>, S, KeepAll>(8).worst <= 1e-6);
  CHECK(gradient_report<Repeat<1, Block<8, 2>>, S, CheckpointBlocks>(8).worst <= 1e-6);
  CHECK(gradient_report<Repeat<4, Block<8, 2>>, S, RecomputeCheap>(8).worst <= 1e-6);
  CHECK(gradient_report<Repeat<4, Block<8, 2>>, S, CheckpointBlocks>(8).worst <= 1e-6);
}

TEST_CASE_TEMPLATE("a gradient that others read after the blocks stays whole", Recompute, KeepAll, CheckpointBlocks) {
  static_assert(may_overwrite_dy<Repeat<2, Block<8, 2>>, Recompute>());
  static_assert(!may_overwrite_dy<Beside<Block<8, 2>>, Recompute>() && !may_overwrite_dy<Beside<Stage>, Recompute>());
  CHECK(gradient_report<Beside<Block<8, 2>>, S, Recompute>(8).worst <= 1e-6);  // blocks with one gradient
  CHECK(gradient_report<Beside<Stage>, S, Recompute>(6).worst <= 1e-6);        // and with two in turn
}

TEST_CASE("blocks that stop the gradient of what enters them") {
  const Weights<StoppedNet, Policy> weights(1);
  Weights<StoppedNet, Policy> gradients;
  Weights<StoppedByHand, Policy> same_weights, same_gradients;
  std::copy(weights.data(), weights.data() + weights.size(), same_weights.data());
  Session<Program<StoppedNet, Policy>> repeated(2);
  Session<Program<StoppedByHand, Policy>> by_hand(2);
  repeated.poison_before_forward();
  const auto x = random_tensor<double, S>(2, 1);
  CHECK(repeated.step(weights, gradients, x) == by_hand.step(same_weights, same_gradients, x));
  CHECK(std::equal(gradients.data(), gradients.data() + gradients.size(), same_gradients.data()));
  for (const double number : repeated.input_gradient_of<0>()) CHECK(number == 0);
}

TEST_CASE_TEMPLATE("frozen blocks get no gradient, nor does what is below; those above get theirs", Memory, KeepAll,
                   CheckpointBlocks) {
  const Weights<Net<3>, Policy> weights(1);
  const auto x = random_tensor<double, S>(2, 1);
  const Index size = weights_size<Block<8, 2>>, begin = weights.find("blocks.0.norm1.weight")->offset;
  Session<Program<Net<3>, Policy, Memory>> session(2);
  Weights<Net<3>, Policy> all;
  const double loss = session.step(weights, all, x);
  for (const int frozen : {0, 1, 2, 3}) {  // and what is below
    Weights<Net<3>, Policy> some;
    session.context().frozen_from = 0, session.context().frozen_to = begin + frozen * size;
    CHECK(session.step(weights, some, x) == loss);
    for (Index i = 0; i < some.size(); ++i)
      CHECK(some.data()[i] == (i < begin + frozen * size ? 0 : all.data()[i]));
    for (const double number : session.template input_gradient_of<0>()) CHECK(number == 0);
  }
}

TEST_CASE("a Repeat inside a Repeat") {
  CHECK(gradient_report<Repeat<2, Stage>, S, KeepAll>(6).worst <= 1e-6);
  CHECK(gradient_report<Repeat<2, Stage>, S, CheckpointBlocks>(6).worst <= 1e-6);
}

TEST_CASE("blocks are named by their number and reached one by one") {
  const auto all = parameters<Net<3>>();
  CHECK(all[2].name == "blocks.0.norm1.weight");
  CHECK(all.back().name == "blocks.2.fc2.bias");
  const Net<3> net = bound<Net<3>>();
  for (const ParameterInfo& parameter : all)
    if (parameter.name == "blocks.1.attn.proj.bias") CHECK(net.blocks[1].attn.proj.bias.offset == parameter.offset);
}
