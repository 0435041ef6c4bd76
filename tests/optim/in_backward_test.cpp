// Updates during the backward pass: the bits of the separate update, whatever memory keeps and however many threads,
// for layers in a Repeat, used by rows, used in part, not used, and frozen; one operation's gradients are all the
// memory.
#include <mae/optim/in_backward.hpp>

#include <cmath>
#include <cstring>
#include <limits>

#include <doctest/doctest.h>

#include <mae/autograd/run/session.hpp>
#include <mae/backend/cpu/kernels.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/block.hpp>

#include "autograd/modules.hpp"
#include "support/allocations.hpp"
#include "support/error_of.hpp"
#include "support/team.hpp"

using namespace test;

namespace {

using S = Shape<dyn, 5, 8>;

struct Net {
  Linear<8, 8> in;
  Repeat<3, mae::Block<8, 2>> blocks;  // the last one by itself
  Linear<8, 12> part;                  // outputs [4, 8) alone
  Linear<8, 300> idle;
  Affine<8, 8, Trainable::no> fixed;
  Linear<4, 8> out;
  MAE_MODULE(in, blocks, part, idle, fixed, out)
  using Inputs = mae::Inputs<Input<S>>;
  constexpr auto operator()(const Expression auto& x) const {
    auto two = blocks.template first<2>(in(x));                               // [B, 5, 8]
    auto seen = blocks[2].norm1(two);                                         // [B, 5, 8]
    auto three = two + blocks[2].attn(seen, seen);                            // [B, 5, 8]
    return weighted_squares(out(part.template outputs<4, 4>(fixed(three))));  // [B]
  }
};

template <class Policy, class Recompute>
void check_bits(int threads) {
  using P = Program<Net, Policy, Recompute>;
  using W = Weights<Net, Policy>;
  Team::number = threads;
  W apart(1), in_backward(1), gradients;
  AdamW<Net, Policy> optimizer, other;
  for (auto* o : {&optimizer, &other})
    o->set_scale([](const ParameterInfo& p) { return p.name.starts_with("blocks.1") ? 0.5 : 1.0; });
  Session<P> session(6, threads), other_session(6, threads);
  OptimizerInBackward<Net, Policy> update(other, in_backward, largest_gradient(P::graph));
  for (int step = 0; step < 4; ++step) {
    const double rate = 0.01 * (step + 1);
    const auto x = random_tensor<typename Policy::Activation, S>(6, static_cast<std::uint64_t>(step));
    const double loss = session.step(apart, gradients, x);
    optimizer.step(apart, gradients, rate);
    const long before = allocations;
    update.begin(rate);
    CHECK(other_session.step_scaled(1, in_backward, update, x) == loss);
    update.finish();
    CHECK(allocations == before);
    CHECK(other.steps() == optimizer.steps());
    const auto bytes = static_cast<std::size_t>(apart.size()) * sizeof(*apart.data());
    CHECK(std::memcmp(apart.data(), in_backward.data(), bytes) == 0);
    CHECK(std::memcmp(optimizer.first_moment().data(), other.first_moment().data(), bytes) == 0);
    CHECK(std::memcmp(optimizer.second_moment().data(), other.second_moment().data(), bytes) == 0);
  }
  for (const char* moves : {"in.weight", "blocks.0.mlp.fc1.weight", "blocks.2.attn.qkv.weight", "part.weight",
                            "blocks.2.mlp.fc1.weight", "idle.weight", "out.bias"}) {
    const W start(1);
    const ParameterInfo& p = *start.find(moves);
    INFO(moves);
    CHECK(std::memcmp(start.at(p), in_backward.at(p), static_cast<std::size_t>(p.count) * sizeof(*start.data())) != 0);
  }
}

struct Shared {
  Affine<8, 8> layer;
  MAE_MODULE(layer)
  using Inputs = mae::Inputs<Input<S>>;
  constexpr auto operator()(const Expression auto& x) const { return weighted_squares(layer(layer(x))); }
};
struct Overlapping {
  Linear<8, 12> layer;
  MAE_MODULE(layer)
  using Inputs = mae::Inputs<Input<S>>;
  constexpr auto operator()(const Expression auto& x) const {
    return weighted_squares(layer.outputs<0, 7>(x)) + weighted_squares(layer.outputs<6, 6>(x));
  }
};
struct Twice {
  Affine<8, 8> layer;
  MAE_MODULE(layer)
  constexpr auto operator()(const Expression auto& x) const { return layer(layer(x)); }
};
using SharedInBlocks = WithLoss<Repeat<2, Twice>, S>;

}  // namespace

TEST_CASE_TEMPLATE("the same bits as updates after the pass", Policy, Reference<double>, Cpu<float, isa::Best, Team>) {
  for (const int threads : {1, 3}) {
    check_bits<Policy, KeepAll>(threads);
    check_bits<Policy, RecomputeCheap>(threads);
    check_bits<Policy, CheckpointBlocks>(threads);
  }
}

TEST_CASE("gradients take the room of the largest operation's; who shares parameters is known to the compiler") {
  using P = Program<Net, Reference<double>>;
  static_assert(largest_gradient(P::graph) == 8 * 32 + 32);  // fc1 or fc2 of a block; `idle` does not run
  static_assert(!shares_parameters(P::graph));
  static_assert(shares_parameters(Program<Shared, Reference<double>>::graph));
  static_assert(shares_parameters(Program<Overlapping, Reference<double>>::graph));
  static_assert(shares_parameters(Program<SharedInBlocks, Reference<double>>::graph));
  static_assert(!shares_parameters(Program<Shared, Reference<double>, Inference>::graph));
}

TEST_CASE("a gradient that is not finite is told with its parameter; clipping is not to be had") {
  using Policy = Reference<double>;
  Weights<Net, Policy> weights(1);
  AdamW<Net, Policy> optimizer;
  OptimizerInBackward<Net, Policy> update(optimizer, weights, 288);
  CHECK(update.bytes() == 288 * 8);
  update.begin(0.1);
  const ParameterInfo& p = *weights.find("blocks.1.norm2.bias");
  auto* const gradient = static_cast<double*>(update.memory);
  gradient[3] = std::numeric_limits<double>::quiet_NaN();
  const Weights<Net, Policy> start(1);
  update.take(weights.at(p), p.count, gradient);
  CHECK(error_of([&] { update.finish(); }) ==
        "mae: gradient: found a norm that is not finite, first in blocks.1.norm2.bias, expected finite numbers; lower "
        "the learning rate, and go on from a checkpoint");
  CHECK(std::memcmp(start.data(), weights.data(), static_cast<std::size_t>(start.size()) * sizeof(double)) == 0);
  update.zero();
  CHECK(gradient[3] == 0);
  CHECK(optimizer.steps() == 0);

  AdamwOptions clipping;
  clipping.clip = 1;
  AdamW<Net, Policy> clips(clipping);
  CHECK(error_of([&] { OptimizerInBackward<Net, Policy>(clips, weights, 288); }) ==
        "mae: clip: found 1.000000, expected 0, since weights are updated during backward");
}
