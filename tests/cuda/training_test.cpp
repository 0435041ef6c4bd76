// A small masked autoencoder trains on a GPU as it does on `Reference`: same losses, same weights, and twice the same bits.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include <mae/backend/reference.hpp>
#include <mae/mae.cuh>

namespace {
using namespace mae;

using Photo = ImageShape<3, 24, 16, 8>;
using Model = MaskedAutoencoder<Photo, Transformer<24, 2, 3>, Transformer<16, 1, 2>>;

struct Run {
  std::vector<double> losses, norms;
  std::vector<float> gradient;  // of the first update
  std::vector<float> weights;   // in the end
};
/// Five updates, the last of a smaller batch.
template <class Policy, class Recompute = KeepAll>
Run train() {
  constexpr Index batch = 4;
  Weights<Model, Policy> weights(3), gradients;
  BatchStep<Program<PretrainingLoss<Model>, Policy, Recompute>, Model> step(batch);
  AdamW<Model, Policy> optimizer({.clip = 0.3});
  Tensor<float, Photo::Pixels> images(batch);
  const RandomStream random(5, Purpose::probe);
  for (Index i = 0; i < images.size(); ++i) images.data()[i] = random.uniform(static_cast<std::uint32_t>(i), -2, 2);
  Model::Masks masks(batch);
  Run run;
  for (std::uint64_t update = 0; update < 5; ++update) {
    const Index count = update < 4 ? batch : batch - 1;
    masks.resize(count);
    for (Index b = 0; b < count; ++b) masks.random(b, 1, update, static_cast<std::uint64_t>(b));
    run.losses.push_back(step.step_scaled(1, weights, gradients, images.view().slice(0, count), masks.keep(),
                                          masks.hidden(), masks.restore()));
    run.norms.push_back(optimizer.norm(gradients));
    if (update == 0)
      run.gradient.assign(std::as_const(gradients).data(), std::as_const(gradients).data() + gradients.size());
    optimizer.step(weights, gradients, 1e-3);
  }
  run.weights.assign(std::as_const(weights).data(), std::as_const(weights).data() + weights.size());
  return run;
}
void check_near(const Run& found, const Run& expected, double tolerance) {
  for (std::size_t i = 0; i < expected.losses.size(); ++i) {
    CHECK(found.losses[i] == doctest::Approx(expected.losses[i]).epsilon(tolerance));
    CHECK(found.norms[i] == doctest::Approx(expected.norms[i]).epsilon(tolerance));
  }
  // Not the weights: a gradient that should be zero moves its weight as far as any other.
  double difference = 0;
  for (std::size_t i = 0; i < expected.gradient.size(); ++i) {
    const double here = double(found.gradient[i]) - double(expected.gradient[i]);
    difference += here * here;
  }
  CHECK(std::sqrt(difference) < tolerance * expected.norms[0]);
}

TEST_CASE("float") {
  const Run expected = train<Reference<float>>(), found = train<Cuda<float>>();
  check_near(found, expected, 1e-5);
  CHECK(expected.losses.front() > expected.losses[3]);
  const Run again = train<Cuda<float>>();
  CHECK(std::memcmp(found.weights.data(), again.weights.data(), found.weights.size() * sizeof(float)) == 0);
}
TEST_CASE("what is computed again has the same bits") {
  const Run kept = train<Cuda<float>>(), again = train<Cuda<float>, RecomputeCheap>();
  CHECK(std::memcmp(kept.weights.data(), again.weights.data(), kept.weights.size() * sizeof(float)) == 0);
}
TEST_CASE("checkpoints") { check_near(train<Cuda<float>, CheckpointBlocks>(), train<Reference<float>>(), 1e-5); }
TEST_CASE("tf32") { check_near(train<Cuda<tf32>>(), train<Reference<float>>(), 2e-3); }
TEST_CASE("bf16") { check_near(train<Cuda<bf16>>(), train<Reference<bf16>>(), 2e-2); }

}  // namespace
