// A checkpoint does not know where it was written: a run begun on the processor goes on on a GPU, and the other way
// round, from the same bits, and to the same losses as one that stayed.
#include <mae/mae.cuh>

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include <mae/checkpoint/run_state.hpp>
#include <mae/checkpoint/load_encoder.hpp>
#include <mae/mae.hpp>

#include "machine.hpp"
#include "support/temporary.hpp"

namespace {
using namespace mae;

using Geometry = ImageShape<1, 8, 8, 4>;
using Size = Transformer<8, 1, 2>;
using Model = MaskedAutoencoder<Geometry, Size, Transformer<8, 1, 2>>;
template <class Policy>
using Run = Pretraining<Model, Policy>;
using Here = test::Processor;
using There = Cuda<float>;

const PretrainingOptions options{.batch = 4, .accumulation = 2, .epochs = 3, .warmup = 1, .base_learning_rate = 1e-2};

Dataset noise(Index n) {
  Dataset set{1, 8, 8, {}, {}, 0};
  const RandomStream stream(1, Purpose::probe);
  for (Index i = 0; i < n * 64; ++i)
    set.pixels.push_back(static_cast<std::uint8_t>(stream.below(static_cast<std::uint32_t>(i), 256)));
  return set;
}
const Dataset images = noise(16);
const Normalization normalization = Normalization::of(channel_statistics(images));

template <class A, class B>
bool same_bits(const A& a, const B& b) {
  const auto bytes = static_cast<std::size_t>(a.size()) * sizeof(float);
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), bytes) == 0;
}
template <class R>
double update_and_square(R& run, double& norm) {
  const double loss = run.update();
  norm = 0;
  const auto& weights = std::as_const(run).weights();
  for (Index i = 0; i < weights.size(); ++i) norm += double(weights.data()[i]) * double(weights.data()[i]);
  return loss;
}

/// Two updates by `From`, then those that are left by `To`, beside a run that stays where it was.
template <class From, class To>
void check_moved() {
  const test::TemporaryDirectory folder;
  const std::string first = folder / "first.safetensors", second = folder / "second.safetensors";
  Run<From> stayed(images, options, normalization);
  for (int update = 0; update < 2; ++update) stayed.update();
  save_run(first, stayed);

  Run<To> moved(images, options, normalization);
  load_run(first, moved);
  CHECK(same_bits(std::as_const(stayed).weights(), std::as_const(moved).weights()));
  CHECK(same_bits(stayed.optimizer().first_moment(), moved.optimizer().first_moment()));
  CHECK(same_bits(stayed.optimizer().second_moment(), moved.optimizer().second_moment()));
  save_run(second, moved);
  CHECK(test::read_text(first) == test::read_text(second));

  int updates = 0;
  for (; !stayed.finished(); ++updates) {
    double expected_norm = 0, found_norm = 0;
    const double expected = update_and_square(stayed, expected_norm), found = update_and_square(moved, found_norm);
    CHECK(found == doctest::Approx(expected).epsilon(1e-4));
    CHECK(found_norm == doctest::Approx(expected_norm).epsilon(1e-4));
  }
  CHECK(updates == 4);
  CHECK(moved.finished());
}

TEST_CASE("from the processor to a GPU") { check_moved<Here, There>(); }
TEST_CASE("from a GPU to the processor") { check_moved<There, Here>(); }

TEST_CASE("an encoder that a GPU trained is read by the processor, and a whole model too") {
  const test::TemporaryDirectory folder;
  Run<There> run(images, options, normalization);
  run.update();
  const Weights<Model, There>& trained = run.weights();
  save_encoder(folder / "encoder.safetensors", trained);
  save_checkpoint(folder / "model.safetensors", trained);
  Weights<Model, Here> read;
  load_checkpoint(folder / "model.safetensors", read);
  CHECK(same_bits(trained, std::as_const(read)));
  Weights<Encoder<Geometry, Size>, Here> encoder;
  load_encoder(folder / "encoder.safetensors", encoder, normalization);
  for (const ParameterInfo& parameter : encoder.parameters()) {
    const ParameterInfo* const source = trained.find(parameter.name);
    REQUIRE(source != nullptr);
    CHECK(std::memcmp(trained.at(*source), std::as_const(encoder).at(parameter),
                      static_cast<std::size_t>(parameter.count) * sizeof(float)) == 0);
  }
}

}  // namespace
