// A step in micro_batches: the gradient of the whole batch, the same bits from any number of threads, and no
// allocation.
#include <doctest/doctest.h>
#include <cmath>
#include <limits>

#include <mae/autograd/run/batch_step.hpp>
#include <mae/backend/cpu/kernels.hpp>
#include <mae/ops/drop_path.hpp>

#include "modules.hpp"
#include "support/allocations.hpp"
#include "support/error_of.hpp"
#include "support/team.hpp"

using namespace test;

namespace {
using S = Shape<dyn, 5, 8>;
using Policy = Cpu<float, isa::Best, Team>;
/// A loss a sample of two inputs, with a random branch that follows the sample's key.
struct Net {
  Affine<8, 8> in;
  Repeat<3, Block<8, 2>> blocks;
  Affine<8, 8> out;
  MAE_MODULE(in, blocks, out)
  using Inputs = mae::Inputs<Input<S>, Input<S>>;
  constexpr auto operator()(const Expression auto& x, const Expression auto& y) const {
    auto h = in(x);
    return weighted_squares(out(blocks(h + drop_path<0>(in(y)))));
  }
};
/// More weights than a shard each could have a gradient for.
struct Large {
  Affine<1500, 1500> in;
  MAE_MODULE(in)
  using Inputs = mae::Inputs<Input<Shape<dyn, 1500>>>;
  constexpr auto operator()(const Expression auto& x) const { return weighted_squares(in(x)); }
};
using P = Program<Net, Policy>;
using Step = BatchStep<P>;

std::vector<std::uint64_t> keys(Index count) {
  std::vector<std::uint64_t> result;
  for (Index i = 0; i < count; ++i) result.push_back(std::uint64_t(i) * 0x9e3779b97f4a7c15u);
  return result;
}
template <class A, class B>
bool same_bits(const A& a, const B& b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), sizeof(*a.data()) * static_cast<std::size_t>(a.size())) == 0;
}
}  // namespace

TEST_CASE("the gradient and loss of a batch, of any size up to the capacity") {
  const Weights<Net, Policy> weights(1);
  const auto key = keys(100);
  Step micro_batches(100, 2);
  Session<P> whole(100);
  for (auto* context : {&micro_batches.context(), &whole.context()}) {
    context->sample_keys = key.data(), context->drop_path = 0.5;
    context->depth = 2, context->layer = 1;
  }
  for (const Index batch : {1, 7, 16, 17, 64, 99, 100}) {
    INFO("batch ", batch);
    const auto x = random_tensor<float, S>(batch, 1), y = random_tensor<float, S>(batch, 2);
    Weights<Net, Policy> found, expected;
    const double loss = micro_batches.step_scaled(0.5, weights, found, x, y);
    CHECK(loss == doctest::Approx(whole.step_scaled(0.5, weights, expected, x, y)).epsilon(1e-6));
    double difference = 0, size = 0;
    for (Index i = 0; i < found.size(); ++i) {
      difference += std::pow(double(found.data()[i]) - double(expected.data()[i]), 2);
      size += std::pow(double(expected.data()[i]), 2);
    }
    CHECK(size > 0);
    CHECK(std::sqrt(difference / size) < 1e-6);
  }
}

TEST_CASE("gradients are added, shards start from zero again") {
  const Weights<Net, Policy> weights(1);
  const auto x = random_tensor<float, S>(64, 1), y = random_tensor<float, S>(64, 2);
  Step step(64, 2);
  Weights<Net, Policy> once, twice;
  step.step_scaled(1, weights, once, x, y);
  step.step_scaled(1, weights, twice, x, y);
  CHECK(same_bits(once, twice));
  step.step_scaled(1, weights, twice, x, y);
  double largest = 0;
  for (Index i = 0; i < once.size(); ++i)
    largest = std::fmax(largest, std::fabs(double(twice.data()[i]) - 2 * double(once.data()[i])));
  CHECK(largest < 1e-4);
}

TEST_CASE("the same bits from any number of threads") {
  const Weights<Net, Policy> weights(1);
  const auto x = random_tensor<float, S>(150, 1), y = random_tensor<float, S>(150, 2);
  Team::number = 1;
  Weights<Net, Policy> expected;
  const double loss = Step(150, 1).step_scaled(1, weights, expected, x, y);
  for (const int threads : {2, 3, 7, 20}) {
    Team::number = threads;
    Weights<Net, Policy> found;
    CHECK(Step(150, threads).step_scaled(1, weights, found, x, y) == loss);
    CHECK(same_bits(found, expected));
  }
}

TEST_CASE("a step allocates nothing") {
  const Weights<Net, Policy> weights(1);
  const auto x = random_tensor<float, S>(50, 1), y = random_tensor<float, S>(50, 2);
  Weights<Net, Policy> gradients;
  for (const int threads : {1, 2}) {
    Step step(50, threads);
    const long before = allocations;
    step.step_scaled(1, weights, gradients, x, y);
    CHECK(before > 0);
    CHECK(allocations == before);
  }
}

TEST_CASE("a session a thread, no more than shards; a gradient a shard") {
  constexpr Index session = Session<P>::bytes(16, 1), gradient = weights_size<Net> * Index{sizeof(float)};
  CHECK(Step::bytes(64, 1) == session + 3 * gradient);
  CHECK(Step::bytes(64, 3) == 3 * session + 3 * gradient);
  CHECK(Step::bytes(64, 9) == 4 * session + 3 * gradient);
  CHECK(Step::bytes(16, 2) == Session<P>::bytes(16, 2));  // one micro_batch has all threads
}

TEST_CASE("a large model is worked whole, by all threads in every kernel") {
  using Whole = Program<Large, Policy>;
  const Weights<Large, Policy> weights(1);
  const auto x = random_tensor<float, Shape<dyn, 1500>>(20, 1);
  Weights<Large, Policy> found, expected;
  Session<Whole> session(20);
  CHECK(BatchStep<Whole>(20).step_scaled(1, weights, found, x) == session.step(weights, expected, x));
  CHECK(same_bits(found, expected));
  CHECK(BatchStep<Whole>::bytes(20, 3) == Session<Whole>::bytes(20, 3));
}

TEST_CASE("an error in a micro_batch is told, and the shards are clean afterwards") {
  const Weights<Net, Policy> weights(1);
  auto x = random_tensor<float, S>(64, 1), y = random_tensor<float, S>(64, 2);
  for (const int threads : {1, 2}) {
    Step step(64, threads);
    Weights<Net, Policy> expected, lost;
    step.step_scaled(1, weights, expected, x, y);
    for (auto* input : {&x, &y}) {
      Weights<Net, Policy> found;
      float& number = (*input)(40, 0, 0);
      const float good = std::exchange(number, std::numeric_limits<float>::quiet_NaN());
      CHECK(error_of([&] { step.step_scaled(1, weights, lost, x, y); }) ==
            std::string("mae: training step: input ") + (input == &x ? "0" : "1") +
                ": found a value that is not finite, expected finite numbers");
      number = good;
      step.step_scaled(1, weights, found, x, y);
      CHECK(same_bits(found, expected));
    }
  }
}

TEST_CASE("batches that do not fit are named") {
  const Weights<Net, Policy> weights(1);
  Weights<Net, Policy> gradients;
  Step step(8);
  const auto nine = random_tensor<float, S>(9, 1), eight = random_tensor<float, S>(8, 1);
  const std::string expected = ", expected the same for all inputs, from 1 to 8";
  CHECK(error_of([&] { step.step_scaled(1, weights, gradients, nine, nine); }) ==
        "mae: BatchStep: found a batch of 9" + expected);
  CHECK(error_of([&] { step.step_scaled(1, weights, gradients, eight, nine); }) ==
        "mae: BatchStep: found a batch of 8" + expected);
  CHECK(error_of([] { Step(0); }) == "mae: BatchStep: found a capacity of 0, expected at least one sample");
  CHECK(error_of([] { Step(64, 0); }) == "mae: BatchStep: found 0 threads, expected at least one");
  CHECK(error_of([] { Step::bytes(64, -1); }) == "mae: BatchStep: found -1 threads, expected at least one");
}
