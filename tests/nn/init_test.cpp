// What parameters start as, on a model small enough to look at all of it: bounds, means and deviations.
#include <cmath>

#include <doctest/doctest.h>

#include <mae/autograd/run/weights.hpp>
#include <mae/backend/policy.hpp>
#include <mae/model/masked_autoencoder.hpp>

using namespace mae;

namespace {

using Model = MaskedAutoencoder<ImageShape<3, 32, 32, 8>, Transformer<128, 2, 4>, Transformer<64, 2, 4>>;
using ModelWeights = Weights<Model, Reference<double>>;

struct Statistics {
  double mean = 0, deviation = 0, largest = 0;
};
Statistics statistics(const ModelWeights& weights, const char* name) {
  const ParameterInfo* const parameter = weights.find(name);
  REQUIRE(parameter != nullptr);
  const double* const x = weights.at(*parameter);
  const double n = static_cast<double>(parameter->count);
  Statistics s;
  for (Index i = 0; i < parameter->count; ++i) s.mean += x[i] / n, s.largest = std::fmax(s.largest, std::fabs(x[i]));
  for (Index i = 0; i < parameter->count; ++i) s.deviation += (x[i] - s.mean) * (x[i] - s.mean) / n;
  s.deviation = std::sqrt(s.deviation);
  return s;
}
void check_uniform(const ModelWeights& weights, const char* name, double bound) {
  INFO(name);
  const Statistics s = statistics(weights, name);
  const double n = static_cast<double>(weights.find(name)->count);
  CHECK(s.largest <= bound);
  CHECK(s.largest >= bound * (1 - 12 / n));
  CHECK(std::fabs(s.mean) < 4 * bound / std::sqrt(3 * n));
  CHECK(s.deviation == doctest::Approx(bound / std::sqrt(3)).epsilon(2.5 / std::sqrt(n)));
}
void check_all(const ModelWeights& weights, const char* name, double value) {
  INFO(name);
  const Statistics s = statistics(weights, name);
  CHECK(s.mean == value);
  CHECK(s.deviation == 0);
}

}  // namespace

TEST_CASE("linear layers are xavier-uniform with zero biases; qkv counts as one matrix") {
  const ModelWeights weights(1);
  for (const std::string block : {"blocks.0", "blocks.1"}) {
    check_uniform(weights, (block + ".attn.qkv.weight").c_str(), std::sqrt(6.0 / (4 * 128)));
    check_uniform(weights, (block + ".attn.proj.weight").c_str(), std::sqrt(6.0 / (2 * 128)));
    check_uniform(weights, (block + ".mlp.fc1.weight").c_str(), std::sqrt(6.0 / (5 * 128)));
    check_uniform(weights, (block + ".mlp.fc2.weight").c_str(), std::sqrt(6.0 / (5 * 128)));
    for (const char* layer : {".attn.qkv", ".attn.proj", ".mlp.fc1", ".mlp.fc2"})
      check_all(weights, (block + layer + ".bias").c_str(), 0);
  }
  check_uniform(weights, "decoder_blocks.1.attn.qkv.weight", std::sqrt(6.0 / (4 * 64)));
  check_uniform(weights, "decoder_embed.weight", std::sqrt(6.0 / (128 + 64)));
  check_uniform(weights, "decoder_pred.weight", std::sqrt(6.0 / (64 + 192)));
  check_all(weights, "decoder_embed.bias", 0);
  check_all(weights, "decoder_pred.bias", 0);
}
TEST_CASE("the patch embedding is xavier-uniform as a matrix, its bias as a convolution's") {
  const ModelWeights weights(1);
  check_uniform(weights, "patch_embed.proj.weight", std::sqrt(6.0 / (128 + 192)));
  check_uniform(weights, "patch_embed.proj.bias", 1 / std::sqrt(192.0));
}
TEST_CASE("norms are the identity") {
  const ModelWeights weights(1);
  for (const std::string norm : {"blocks.0.norm1", "norm", "decoder_blocks.1.norm2", "decoder_norm"}) {
    check_all(weights, (norm + ".weight").c_str(), 1);
    check_all(weights, (norm + ".bias").c_str(), 0);
  }
}
TEST_CASE("tokens are normal with deviation 0.02, not truncated") {
  double squares = 0, sum = 0, beyond = 0;
  const int seeds = 100;
  for (int seed = 0; seed < seeds; ++seed) {
    const RandomStream stream(static_cast<std::uint64_t>(seed), Purpose::initialise);
    for (Index i = 0; i < 128; ++i) {
      const double value = init::Normal<2, 100>::value<Shape<1, 1, 128>>(stream, i);
      sum += value;
      squares += value * value;
      beyond += std::fabs(value) > 0.04;
    }
  }
  const double n = seeds * 128;
  CHECK(std::fabs(sum / n) < 4 * 0.02 / std::sqrt(n));
  CHECK(std::sqrt(squares / n) == doctest::Approx(0.02).epsilon(0.02));
  CHECK(beyond / n == doctest::Approx(0.0455).epsilon(0.1));  // share of a normal beyond two deviations
  const ModelWeights weights(1);
  for (const char* token : {"cls_token", "mask_token"}) {
    const Statistics s = statistics(weights, token);
    CHECK(s.deviation > 0.015);
    CHECK(s.deviation < 0.025);
  }
}
TEST_CASE("first values follow from seed and name alone") {
  const ModelWeights a(7), same(7), other(8);
  const Weights<Model::Encoder, Reference<double>> encoder(7);
  auto equal = [](const double* x, const double* y, Index count) {
    Index same_values = 0;
    for (Index i = 0; i < count; ++i) same_values += x[i] == y[i];
    return same_values == count;
  };
  for (const ParameterInfo& p : a.parameters()) {
    INFO(p.name);
    CHECK(equal(a.at(p), same.at(p), p.count));
    const bool random = p.trained && (p.shape.size() > 1 || p.name == "patch_embed.proj.bias");
    CHECK(equal(a.at(p), other.at(p), p.count) == !random);
    if (const ParameterInfo* const alone = encoder.find(p.name)) CHECK(equal(a.at(p), encoder.at(*alone), p.count));
  }
  const ParameterInfo* const first_block = a.find("blocks.0.mlp.fc1.weight");
  const ParameterInfo* const second_block = a.find("blocks.1.mlp.fc1.weight");
  CHECK_FALSE(equal(a.at(*first_block), a.at(*second_block), first_block->count));
}
