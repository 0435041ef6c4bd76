// Results of chosen blocks of a Repeat: the numbers of the blocks written out, and gradients that all flow back.
#include <cmath>
#include <cstring>

#include <doctest/doctest.h>

#include <mae/backend/cpu/kernels.hpp>
#include <mae/nn/block.hpp>
#include <mae/optim/in_backward.hpp>

#include "modules.hpp"

using namespace test;

namespace {
using S = Shape<dyn, 5, 8>;
using InDouble = Reference<double>;
using InFloat = Cpu<float>;

// Blocks of all kinds: with drop path; with two gradients in turn instead of one in place; frozen.
using Dropping = mae::Block<8, 2, 16, StochasticDepth::on>;
struct TwoGradients {
  Affine<8, 8> first, second;
  MAE_MODULE(first, second)
  constexpr auto operator()(const Expression auto& x) const { return second(gelu(first(x))); }
};
using Frozen = Affine<8, 8, Trainable::no>;

template <class Kind>
struct Layers {
  Affine<8, 8> in, low, middle;
  Repeat<6, Kind> blocks;
  MAE_MODULE(in, low, middle, blocks)
  using Inputs = mae::Inputs<Input<S, void, true>>;
  constexpr auto head(const Expression auto& one, const Expression auto& two, const Expression auto& four) const {
    return weighted_squares(low(one) + middle(two) * four + two);
  }
};
template <class Kind>
struct Chosen : Layers<Kind> {
  constexpr auto operator()(const Expression auto& x) const {
    const auto [one, two, four] = this->blocks.template features<1, 2, 4>(this->in(x));  // [B, 5, 8] each
    return this->head(one, two, four);
  }
};
template <class Kind>
struct WrittenOut : Layers<Kind> {
  constexpr auto operator()(const Expression auto& x) const {
    auto one = this->blocks[1](this->blocks[0](this->in(x)));
    auto two = this->blocks[2](one).eval();
    return this->head(one, two, this->blocks[4](this->blocks[3](two)));
  }
};
// Only the last block's result is read, by `features` and by the Repeat as a whole.
template <class Kind>
struct LastChosen : Layers<Kind> {
  constexpr auto operator()(const Expression auto& x) const {
    return weighted_squares(this->blocks.template features<0, 3, 5>(this->in(x))[2]);
  }
};
template <class Kind>
struct Whole : Layers<Kind> {
  constexpr auto operator()(const Expression auto& x) const { return weighted_squares(this->blocks(this->in(x))); }
};
struct FixedTwice {
  Repeat<4, Frozen> blocks;
  MAE_MODULE(blocks)
  using Inputs = mae::Inputs<Input<S>>;
  constexpr auto operator()(const Expression auto& x) const {
    const auto [one, three] = blocks.template features<1, 3>(x);
    return weighted_squares(one + three);
  }
};

constexpr std::uint64_t keys[] = {11, 12, 13};
constexpr Context dropping{keys, 0.5};

template <class Net, class Policy>
struct Outcome {
  double loss;
  Weights<Net, Policy> gradients;
  std::vector<typename Policy::Activation> input_gradients;
};
template <class Net, class Policy, class Recompute>
Outcome<Net, Policy> outcome(const Context& context = {}) {
  Weights<Net, Policy> weights(1);
  Outcome<Net, Policy> all;
  Session<Program<Net, Policy, Recompute>> session(3);
  session.context() = context;
  session.poison_before_forward();
  all.loss = session.step(weights, all.gradients, random_tensor<typename Policy::Activation, S>(3, 1));
  const auto dx = session.template input_gradient_of<0>();
  all.input_gradients.assign(dx.begin(), dx.end());
  return all;
}
/// The largest difference of two lists of gradients, beside their largest number.
template <class A, class B>
double difference(const A& a, const B& b) {
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(a.size()); ++i) {
    worst = std::fmax(worst, std::fabs(double(a.data()[i]) - double(b.data()[i])));
    largest = std::fmax(largest, std::fabs(double(b.data()[i])));
  }
  return worst / largest;
}
template <template <class> class A, template <class> class B, class Kind, class Policy, class Recompute>
void check_equal(double tolerance, const Context& context = {}) {
  const auto a = outcome<A<Kind>, Policy, Recompute>(context);
  const auto b = outcome<B<Kind>, Policy, Recompute>(context);
  CHECK(a.loss == b.loss);
  CHECK(difference(a.gradients, b.gradients) <= tolerance);
  CHECK(difference(a.input_gradients, b.input_gradients) <= tolerance);
}
template <class Kind, class Policy, class Recompute>
void check_written_out() {
  // Where gradients meet they are added in another order.
  check_equal<Chosen, WrittenOut, Kind, Policy, Recompute>(std::is_same_v<Policy, InDouble> ? 1e-14 : 1e-6);
}
template <class Model, class Policy, class Recompute>
constexpr Index repeats() {
  Index count = 0;
  for (int i = 0; i < Program<Model, Policy, Recompute>::graph.node_count; ++i)
    count += Program<Model, Policy, Recompute>::graph.nodes[i].repeats;
  return count;
}
}  // namespace

TEST_CASE_TEMPLATE("the blocks written out give the same loss, bit for bit, and the same gradients", Recompute, KeepAll,
                   RecomputeCheap, CheckpointBlocks) {
  check_written_out<test::Block<8, 2>, InDouble, Recompute>();
  check_written_out<TwoGradients, InDouble, Recompute>();
  check_written_out<Frozen, InDouble, Recompute>();
  check_written_out<test::Block<8, 2>, InFloat, Recompute>();
}

TEST_CASE_TEMPLATE("all gradients agree with differences, with drop path too", Recompute, KeepAll, RecomputeCheap,
                   CheckpointBlocks) {
  auto worst = []<class Net>(const Net&) {
    return check_gradients<Program<Net, InDouble, Recompute>>(GradientCheckOptions{4, 1e-3, dropping},
                                                           Weights<Net, InDouble>(5), random_tensor<double, S>(3, 3))
        .worst;
  };
  CHECK(worst(Chosen<Dropping>{}) <= 1e-6);
  CHECK(worst(Chosen<TwoGradients>{}) <= 1e-6);
  CHECK(worst(Chosen<Frozen>{}) <= 1e-6);
}

TEST_CASE_TEMPLATE("a row in parts computes what the row computes, to the last bit and dropped branch", Recompute,
                   KeepAll, RecomputeCheap, CheckpointBlocks) {
  check_equal<LastChosen, Whole, Dropping, InDouble, Recompute>(0, dropping);
  check_equal<LastChosen, Whole, Dropping, InFloat, Recompute>(0, dropping);
  CHECK(outcome<Whole<Dropping>, InDouble, Recompute>(dropping).loss !=
        outcome<Whole<Dropping>, InDouble, Recompute>().loss);
}

TEST_CASE("each range is one operation; blocks after the last do not run; frozen ones keep nothing") {
  static_assert(repeats<Chosen<Dropping>, InFloat, KeepAll>() == 3);
  static_assert(repeats<Whole<Dropping>, InFloat, KeepAll>() == 1);
  using InParts = Program<LastChosen<Dropping>, InFloat>;
  using AsWhole = Program<Whole<Dropping>, InFloat>;
  static_assert(InParts::flops == AsWhole::flops && InParts::saved_bytes == AsWhole::saved_bytes);
  static_assert(Program<LastChosen<Dropping>, InFloat, CheckpointBlocks>::saved_bytes ==
                Program<Whole<Dropping>, InFloat, CheckpointBlocks>::saved_bytes);
  constexpr const Graph& g = Program<Chosen<Dropping>, InFloat>::graph;
  Index flops = 0;
  for (int i = 0; i < g.node_count; ++i)
    if (g.nodes[i].repeats) flops += g.nodes[i].flops;
  for (int i = 0; i < AsWhole::graph.node_count; ++i)
    if (AsWhole::graph.nodes[i].repeats) CHECK(6 * flops == 5 * AsWhole::graph.nodes[i].flops);
  CHECK(parameters<Chosen<Dropping>>().size() == parameters<Whole<Dropping>>().size());
  // No gradient is wanted: nothing is trained, neither before these blocks nor in them.
  static_assert(Program<FixedTwice, InFloat>::saved_bytes == Program<FixedTwice, InFloat, Inference>::saved_bytes);
}

TEST_CASE_TEMPLATE("weights updated during the backward pass have the bits of updates after it", Recompute, KeepAll,
                   CheckpointBlocks) {
  using Net = Chosen<Dropping>;
  using P = Program<Net, InFloat, Recompute>;
  static_assert(!shares_parameters(P::graph));
  Weights<Net, InFloat> apart(1), in_backward(1), gradients;
  AdamW<Net, InFloat> optimizer, other;
  Session<P> session(3), other_session(3);
  session.context() = other_session.context() = dropping;
  OptimizerInBackward<Net, InFloat> update(other, in_backward, largest_gradient(P::graph));
  for (std::uint64_t step = 0; step < 3; ++step) {
    const auto x = random_tensor<float, S>(3, step);
    const double loss = session.step(apart, gradients, x);
    optimizer.step(apart, gradients, 0.01);
    update.begin(0.01);
    CHECK(other_session.step_scaled(1, in_backward, update, x) == loss);
    update.finish();
    CHECK(std::memcmp(apart.data(), in_backward.data(), static_cast<std::size_t>(apart.size()) * sizeof(float)) == 0);
  }
  const Weights<Net, InFloat> start(1);
  for (const char* name : {"blocks.0.attn.qkv.weight", "blocks.2.mlp.fc1.weight", "blocks.4.norm1.weight"})
    CHECK(in_backward.at(*in_backward.find(name))[0] != start.at(*start.find(name))[0]);
}

TEST_CASE("a plan that loses a gradient of a range, or takes its memory too early, is rejected") {
  constexpr auto& planned = Program<Chosen<TwoGradients>, InFloat>::graph;
  int changed = 0;
  auto must_reject = [&](auto change) {
    for (int i = 0; i < planned.node_count; ++i) {
      auto wrong = planned;
      if (!wrong.nodes[i].repeats || !change(wrong.nodes[i])) continue;
      ++changed;
      CHECK(!verified(wrong));
    }
  };
  CHECK(verified(planned));
  must_reject([](Node& n) { return n.accumulates[0] = !n.accumulates[0], true; });
  must_reject([](Node& n) { return std::exchange(n.wants[0], false); });
  must_reject([](Node& n) { return !std::exchange(n.may_overwrite_dy, true); });
  must_reject([](Node& n) { return n.y.offset += alignment, true; });
  CHECK(changed >= 9);
}
