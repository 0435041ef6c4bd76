// Mixed precision: a model whose activations are bf16 computes what the model in float computes, but for rounding, in
// plain loops and in fast kernels; its weights are the same.
#include <cmath>

#include <doctest/doctest.h>

#include <mae/backend/reference.hpp>
#include <mae/mae.hpp>

#include "support/team.hpp"

using namespace mae;

namespace {

using Model = MaskedAutoencoder<ImageShape<3, 16, 16, 4>, Transformer<32, 2, 4>, Transformer<16, 1, 2>>;
using Loss = PretrainingLoss<Model>;
using Image = Model::ImageShape;

/// Loss and gradient of a batch of random images under `Policy`.
template <class Policy, class Recompute = KeepAll>
struct Trained {
  double loss;
  Weights<Model, Policy> gradients;

  explicit Trained(std::uint64_t seed, Index batch = 4, int threads = 1) {
    Tensor<float, typename Image::Pixels> images(batch);
    Model::Masks masks(batch);
    masks.resize(batch);
    const RandomStream random(seed, Purpose::initialise);
    for (Index i = 0; i < images.size(); ++i)
      images.data()[i] = random.uniform(static_cast<std::uint32_t>(i), -2.0f, 2.0f);
    for (Index b = 0; b < batch; ++b) masks.random(b, seed, 0, static_cast<std::uint64_t>(b));
    const Weights<Model, Policy> weights(seed);
    Session<Program<Loss, Policy, Recompute>> session(batch, threads);
    session.poison_before_forward();
    loss = session.step(weights, gradients, images, masks.keep(), masks.hidden(), masks.restore());
  }
};

/// |a - b| / |b| of all gradients.
double difference(const auto& a, const auto& b) {
  double between = 0, size = 0;
  for (Index i = 0; i < a.size(); ++i) {
    const double x = double(a.data()[i]), y = double(b.data()[i]);
    between += (x - y) * (x - y), size += y * y;
  }
  return std::sqrt(between / size);
}

template <class Policy, class Recompute = KeepAll>
void check_policy() {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const Trained<Reference<float>> whole(seed);
    const Trained<Policy, Recompute> mixed(seed);
    CHECK(mixed.loss == doctest::Approx(whole.loss).epsilon(2e-3));
    CHECK(difference(mixed.gradients, whole.gradients) < 2e-2);
  }
}

}  // namespace

TEST_CASE("plain loops, whatever is kept") {
  check_policy<Reference<bf16>>();
  check_policy<Reference<bf16>, RecomputeCheap>();
  check_policy<Reference<bf16>, CheckpointBlocks>();
}

TEST_CASE("fast kernels, with each instruction set that the machine has") {
  check_policy<Cpu<bf16>>();
  check_policy<Cpu<bf16, isa::Baseline, Serial>>();
  if (isa::Avx2::supported()) check_policy<Cpu<bf16, isa::Avx2, Serial>>();
  if (isa::Avx512::supported()) check_policy<Cpu<bf16, isa::Avx512, Serial>>();
  if (isa::Avx512Bf16::supported()) check_policy<Cpu<bf16, isa::Avx512Bf16, Serial>>();
}

TEST_CASE("one thread, two and three compute the same bits") {
  using Policy = Cpu<bf16, isa::Best, test::Team>;
  const Trained<Policy> one(1, 20, 1);
  for (const int threads : {2, 3}) {
    test::Team::number = threads;
    const Trained<Policy> several(1, 20, threads);
    CHECK(several.loss == one.loss);
    CHECK(difference(several.gradients, one.gradients) == 0);
  }
  test::Team::number = 1;
}

TEST_CASE("recomputing what is cheap changes no bit; under checkpoints the last block is computed whole") {
  const Trained<Cpu<bf16>> kept(1);
  const Trained<Cpu<bf16>, RecomputeCheap> cheap(1);
  const Trained<Cpu<bf16>, CheckpointBlocks> blocks(1);
  CHECK(cheap.loss == kept.loss);
  CHECK(blocks.loss == kept.loss);
  CHECK(difference(cheap.gradients, kept.gradients) == 0);
  CHECK(difference(blocks.gradients, kept.gradients) < 1e-3);
}

TEST_CASE("a classifier that leaves out branches: sums of a wide and a narrow operand, pooling, cross-entropy") {
  using Classes = Classifier<ImageShape<3, 16, 16, 4>, Transformer<32, 2, 4>, 5>;
  constexpr Index batch = 6;
  Tensor<float, typename Classes::ImageShape::Pixels> images(batch);
  Tensor<float, Shape<dyn, 5>> target(batch);
  std::uint64_t keys[batch];
  const RandomStream random(7, Purpose::initialise);
  for (Index i = 0; i < images.size(); ++i)
    images.data()[i] = random.uniform(static_cast<std::uint32_t>(i), -2.0f, 2.0f);
  for (Index b = 0; b < batch; ++b) target(b, b % 5) = 1, keys[b] = static_cast<std::uint64_t>(b);
  auto step = [&]<class Policy, class Recompute = KeepAll>(Weights<Classes, Policy>& gradients, Recompute = {}) {
    Weights<Classes, Policy> weights(1);
    for (Index i = 0; i < weights.size(); ++i)  // the head begins next to zero: no gradient would flow
      weights.data()[i] += 0.05f * random.uniform(static_cast<std::uint32_t>(i), -1.0f, 1.0f);
    Session<Program<ClassificationLoss<Classes>, Policy, Recompute>> session(batch);
    session.context().sample_keys = keys;
    session.context().drop_path = 0.5;
    return session.step(weights, gradients, images, target);
  };
  Weights<Classes, Reference<float>> whole;
  Weights<Classes, Reference<bf16>> plain;
  Weights<Classes, Cpu<bf16>> fast;
  const double expected = step(whole);
  CHECK(step(plain) == doctest::Approx(expected).epsilon(5e-3));
  CHECK(step(fast) == doctest::Approx(expected).epsilon(5e-3));
  CHECK(difference(plain, whole) < 2e-2);
  CHECK(difference(fast, whole) < 2e-2);
  Weights<Classes, Cpu<bf16>> checkpoints;
  step(checkpoints, CheckpointBlocks{});
  CHECK(difference(checkpoints, fast) == 0);
}

TEST_CASE("branches of a block are narrow, its stream is wide") {
  using Layer = Program<Block<32, 4>, Cpu<bf16>, KeepAll, Inputs<Input<Shape<dyn, 5, 32>>>>;
  static constexpr const Graph& graph = Layer::graph;
  for (int i = 0; i < graph.node_count; ++i) {
    INFO(graph.nodes[i].name);
    const bool stream = graph.nodes[i].name == "linear + residual";
    CHECK(graph.values[graph.nodes[i].output].element_bytes == (stream ? 4 : 2));
  }
  CHECK(std::is_same_v<Layer::ResultElement, float>);
}

TEST_CASE("what is kept of activations is half as large; the residual stream is not") {
  using Mixed = Program<Loss, Reference<bf16>>;
  using Whole = Program<Loss, Reference<float>>;
  CHECK(Mixed::saved_bytes < Whole::saved_bytes * 3 / 4);
  CHECK(std::is_same_v<Mixed::ResultElement, float>);
}
