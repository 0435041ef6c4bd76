#include <mae/eval/pretrained.hpp>

#include <doctest/doctest.h>

#include <mae/train/probe.hpp>

#include "train/toy.hpp"

using namespace test;

namespace {

using Geometry = ImageShape<1, 8, 8, 4>;
using Size = Transformer<32, 1, 2>;
using Alone = Encoder<Geometry, Size>;

struct Mine : EncoderWithHead<Geometry, Size> {
  static constexpr Index classes = 4;
  Linear<32, 4> classifier;
  MAE_MODULE(encoder, classifier)
  constexpr auto operator()(const Expression auto& images) const {
    return classifier(pool<Pool::mean>(encoder(images)));  // [B, 4]
  }
};
using Run = Finetuning<Mine, Policy>;

const Dataset images = bars(40, 1);
const Pretrained<Alone, Policy> encoder{Weights<Alone, Policy>(5), {{0.25}, {0.125}}};

/// How far the weights whose names begin so have moved at most.
double moved(const Run& run, const Weights<Mine, Policy>& start, const std::string& beginning) {
  double most = 0;
  for (const ParameterInfo& p : start.parameters())
    for (Index i = 0; i < p.count && p.name.starts_with(beginning); ++i)
      most = std::fmax(most, std::fabs(double(run.weights().at(p)[i]) - double(start.at(p)[i])));
  return most;
}

}  // namespace

TEST_CASE("a run from a pre-trained encoder has its weights and normalisation, and a fresh head") {
  const Run run(images, {.batch = 40, .seed = 3}, encoder);
  CHECK(run.normalization() == encoder.normalization);
  const Weights<Mine, Policy> fresh(3);
  for (const ParameterInfo& p : run.weights().parameters()) {
    INFO(p.name);
    const bool is_new = p.name.starts_with("classifier.");
    const float* const expected = is_new ? fresh.at(p) : encoder.weights.at(*encoder.weights.find(p.name.substr(8)));
    CHECK(std::memcmp(run.weights().at(p), expected, static_cast<std::size_t>(p.count) * 4) == 0);
  }
}

TEST_CASE("layers have their rates and a frozen encoder stays, also where it has a name in the model") {
  FinetuningOptions options{.batch = 40, .warmup = 0, .base_learning_rate = 0.1, .layer_decay = 1e-3, .drop_path = 0};
  Run run(images, options, encoder);
  const Weights<Mine, Policy> start = [&] {
    Run copy(images, options, encoder);
    return std::move(copy.weights());
  }();
  run.update();
  const double head = moved(run, start, "classifier."), norm = moved(run, start, "encoder.norm.");
  CHECK(head > 1e-3);
  CHECK(norm > 0.3 * head);  // what comes after the blocks moves like the head, they a thousandth of that
  CHECK(moved(run, start, "encoder.blocks.") < 3e-3 * head);
  CHECK(moved(run, start, "encoder.blocks.") > 0);
  CHECK(moved(run, start, "encoder.patch_embed.") < 3e-6 * head);

  options.optimizer.weight_decay = 0.5;
  Run probed(images, options, encoder);
  freeze_encoder(probed);
  probed.update();
  CHECK(moved(probed, start, "encoder.") == 0);
  CHECK(moved(probed, start, "classifier.") > 1e-3);
}

TEST_CASE("an encoder is copied whole or not at all") {
  const Weights<Classifier<Geometry, Size, 4>, Policy> pooled(1);  // has no `norm`
  Weights<Alone, Policy> target(2);
  const Weights<Alone, Policy> before(2);
  CHECK(error_of([&] { copy_encoder(pooled, target); }) ==
        "mae: encoder: found no parameter norm.weight, expected all of the model's encoder");
  CHECK(same_bits(target, before));
}
