// A session: no allocation in a step, the same bits every time, and errors that name what is wrong.
#include <doctest/doctest.h>
#include <algorithm>
#include <limits>

#include "modules.hpp"
#include "support/allocations.hpp"

#include "support/error_of.hpp"

using namespace test;

namespace {
using S = Shape<dyn, 5, 8>;
using Policy = Reference<float>;
struct Net {
  Affine<8, 8> in;
  Repeat<3, Block<8, 2>> blocks;
  MAE_MODULE(in, blocks)
  using Inputs = mae::Inputs<Input<S>>;
  constexpr auto operator()(const Expression auto& x) const { return weighted_squares(blocks(in(x))); }
};
// The gradient of both inputs; the second one only adds, so its gradient may be made in place.
struct TwoInputs {
  Affine<8, 8> a;
  MAE_MODULE(a)
  using Inputs = mae::Inputs<Input<S, void, true>, Input<S, void, true>, Input<S, void, true>>;
  constexpr auto operator()(const Expression auto& x, const Expression auto& y, const Expression auto&) const {
    return a(x) + y;
  }
};
template <class A, class B>
bool same_bits(const A& a, const B& b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), sizeof(*a.data()) * static_cast<std::size_t>(a.size())) == 0;
}
}  // namespace

TEST_CASE("a step allocates nothing") {
  const Weights<Net, Policy> weights(1);
  Weights<Net, Policy> gradients;
  Session<Program<Net, Policy, CheckpointBlocks>> session(4);
  const auto x = random_tensor<float, S>(4, 1);
  const long before = allocations;
  session.step(weights, gradients, x);
  session.forward(weights, x);
  CHECK(allocations == before);
  CHECK(allocations > 0);
}

TEST_CASE("the same step gives the same bits, whatever was computed before and whatever is kept") {
  const Weights<Net, Policy> weights(1);
  Weights<Net, Policy> a, b, c, d;
  Session<Program<Net, Policy, KeepAll>> session(4);
  Session<Program<Net, Policy, CheckpointBlocks>> other(7);
  Session<Program<Net, Policy, RecomputeCheap>> cheap(5);
  const auto x = random_tensor<float, S>(4, 1);
  const double loss = session.step(weights, a, x);
  session.poison_before_forward();
  CHECK(session.step(weights, b, x) == loss);
  CHECK(other.step(weights, c, x) == loss);
  CHECK(cheap.step(weights, d, x) == loss);
  CHECK(same_bits(a, b));
  CHECK(same_bits(a, c));
  CHECK(same_bits(a, d));
}

TEST_CASE("gradients are added to, times the scale") {
  const Weights<Net, Policy> weights(1);
  Weights<Net, Policy> once, twice;
  Session<Program<Net, Policy>> session(4);
  const auto x = random_tensor<float, S>(4, 1);
  session.step(weights, once, x);
  session.step_scaled(0.5, weights, twice, x);
  session.step_scaled(0.5, weights, twice, x);
  for (Index i = 0; i < once.size(); ++i) CHECK(twice.data()[i] == doctest::Approx(once.data()[i]).epsilon(1e-4));
}

TEST_CASE("a smaller batch uses the same session; samples do not see each other") {
  const Weights<Net, Policy> weights(1);
  Session<Program<Net, Policy, Inference>> session(4);
  const auto x = random_tensor<float, S>(4, 1);
  const auto all = session.forward(weights, x);
  std::vector<float> losses(all.begin(), all.end());
  for (Index b = 0; b < 4; ++b) CHECK(session.forward(weights, x.view().slice(b, 1))(0) == losses[std::size_t(b)]);
}

TEST_CASE("gradients of inputs: in place, in a buffer of their own, or zero") {
  using P = Program<TwoInputs, Reference<double>>;
  static_assert(P::gradient_region(1) == seed && P::gradient_region(2) == nowhere);
  const Weights<TwoInputs, Reference<double>> weights(1);
  Weights<TwoInputs, Reference<double>> gradients;
  Session<P> session(2);
  const auto x = random_tensor<double, S>(2, 1);
  session.forward(weights, x, x, x);
  const auto seeds = random_tensor<double, S>(2, 5);
  std::copy(seeds.begin(), seeds.end(), session.seed_gradient().begin());
  session.poison_before_backward();
  session.backward(gradients);
  CHECK(same_bits(session.input_gradient_of<1>(), seeds));
  double expected = 0;
  const auto* weight = weights.find("a.weight");
  for (Index o = 0; o < 8; ++o) expected += weights.at(*weight)[o * 8 + 3] * seeds(1, 4, o);
  CHECK(session.input_gradient_of<0>()(1, 4, 3) == doctest::Approx(expected));
  for (const double value : session.input_gradient_of<2>()) CHECK(value == 0);
}

TEST_CASE("a batch that does not fit, and sessions for nobody, are errors") {
  const Weights<TwoInputs, Policy> weights(1);
  Session<Program<TwoInputs, Policy>> session(2);
  const auto two = random_tensor<float, S>(2, 1), three = random_tensor<float, S>(3, 1),
             one = random_tensor<float, S>(1, 1);
  CHECK(error_of([&] { session.forward(weights, three, three, three); }) ==
        "mae: Session: input 0: found a batch of 3, expected the batch of input 0, within the capacity of 2");
  CHECK(error_of([&] { session.forward(weights, two, one, two); }) ==
        "mae: Session: input 1: found a batch of 1, expected the batch of input 0, within the capacity of 2");
  CHECK(error_of([&] { session.forward(weights, two.view().slice(0, 0), two, two); }).find("a batch of 0") !=
        std::string::npos);
  CHECK(error_of([] { Session<Program<TwoInputs, Policy>> none(0); }) ==
        "mae: Session: found a capacity of 0, expected at least one sample");
  CHECK(error_of([] { Session<Program<TwoInputs, Policy>> none(-3); }).find("a capacity of -3") != std::string::npos);
  CHECK(error_of([] { Session<Program<TwoInputs, Policy>> huge(Index{1} << 60); }).find("no room for") !=
        std::string::npos);
  CHECK(error_of([] { Session<Program<TwoInputs, Policy>> none(2, 0); }) ==
        "mae: Session: found 0 threads, expected at least one");
}

TEST_CASE("a loss that is not finite names the first layer at fault") {
  Weights<Net, Policy> weights(1), gradients;
  Session<Program<Net, Policy, CheckpointBlocks>> session(2);
  const auto x = random_tensor<float, S>(2, 1);
  auto message = [&](const char* name, float value) {
    float& weight = weights.at(*weights.find(name))[5];
    const float old = std::exchange(weight, value);
    const std::string error = error_of([&] { session.step(weights, gradients, x); });
    weight = old;
    return error;
  };
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  CHECK(message("blocks.2.attn.qkv.weight", nan) ==
        "mae: training step: found a loss of nan, first not finite in blocks.2.attn.qkv.weight (linear), "
        "expected finite numbers; lower the learning rate or clip the gradient");
  CHECK(message("blocks.1.norm2.bias", inf).find("blocks.1.norm2.weight (layer norm)") != std::string::npos);
  CHECK(message("in.bias", 1e30f).find("first not finite in") != std::string::npos);
  for (const float gradient : std::vector<float>(gradients.data(), gradients.data() + gradients.size()))
    REQUIRE(gradient == 0);  // nothing was added
  CHECK(error_of([&] { session.step(weights, gradients, x); }) == "");
}

TEST_CASE("the memory of a session is known at compile time") {
  using P = Program<Net, Policy>;
  static_assert(Session<P>::bytes(10, 1) - Session<P>::bytes(9, 1) ==
                P::saved_bytes + P::scratch_bytes + 2 * alignment);
  using Look = Program<Net, Policy, Inference>;  // has no backward pass that begins with a gradient of the result
  static_assert(Session<Look>::bytes(10, 1) - Session<Look>::bytes(9, 1) ==
                Look::saved_bytes + Look::scratch_bytes + alignment);
  CHECK(Session<P>::bytes(1, 1) > 0);
}
