#include <mae/eval/validation.hpp>

#include <doctest/doctest.h>

#include <mae/model/mask_strategies.hpp>
#include <mae/train/pretrain.hpp>

#include "train/toy.hpp"

using namespace test;

namespace {

using Model = MaskedAutoencoder<ImageShape<1, 8, 8, 2>, Transformer<16, 1, 2>, Transformer<16, 1, 2>>;
using Run = Pretraining<Model, Policy>;

const Dataset training = bars(64, 1), unseen = bars(30, 2);
const Normalization normalization = Normalization::of(channel_statistics(training));

}  // namespace

TEST_CASE("the mean over images, each with the mask of its number, whatever the batch") {
  const Weights<Model, Policy> weights(1);
  Session<Program<PretrainingLoss<Model>, Policy, Inference>> session(1);
  Model::Masks masks(1);
  Tensor<float, Model::ImageShape::Pixels> image(1);
  masks.resize(1);
  for (const auto& [masking, seed] : {std::pair{Masking(), 0u}, {Masking(), 5u}, {Masking(BlockMasking()), 5u}}) {
    double sum = 0;
    for (Index i = 0; i < 30; ++i) {
      load_sample(unseen, i, normalization, {}, 0, 0, image.data(), 8, 8);
      masks.draw(0, masking, {4, 4, 2}, seed, 0, static_cast<std::uint64_t>(i));
      sum += double(session.forward(weights, image, masks.keep(), masks.hidden(), masks.restore())(0));
    }
    for (const Index batch : {1, 7, 29, 30, 1000})
      CHECK(validation_loss(weights, unseen, normalization, seed, batch, masking) ==
            doctest::Approx(sum / 30).epsilon(1e-6));
  }
  CHECK(validation_loss(weights, unseen, normalization, 0) != validation_loss(weights, unseen, normalization, 5));
  CHECK(validation_loss(weights, unseen, normalization, 5) !=
        validation_loss(weights, unseen, normalization, 5, 64, BlockMasking{}));
}

TEST_CASE("a run draws the masks of its strategy, from its seed and epoch and the numbers of samples") {
  PretrainingOptions options;
  options.batch = 32, options.seed = 4, options.epochs = 2, options.warmup = 0, options.base_learning_rate = 0;
  const Weights<Model, Policy> start(options.seed);
  Session<Program<PretrainingLoss<Model>, Policy, Inference>> session(32);
  Model::Masks masks(32);
  masks.resize(32);
  for (const Masking& masking : {Masking(), Masking(GridMasking{}), Masking(HalfBlockMasking{})}) {
    INFO(masking.name());
    options.masking = masking;
    Run run(training, options, normalization);
    for (Index pass = 0; pass < 4; ++pass) {  // of two epochs
      const auto& batch = run.source().at(pass);
      REQUIRE(batch.epoch == static_cast<std::uint64_t>(pass / 2));
      for (Index b = 0; b < 32; ++b)
        masks.draw(b, masking, {4, 4, 2}, 4, batch.epoch,
                   static_cast<std::uint64_t>(batch.samples[static_cast<std::size_t>(b)]));
      double sum = 0;
      for (const float loss : session.forward(start, batch.view(), masks.keep(), masks.hidden(), masks.restore()))
        sum += double(loss);
      CHECK(run.update() == doctest::Approx(sum / 32).epsilon(1e-6));
    }
  }
}

TEST_CASE("it does not disturb a run, and falls as the run learns") {
  PretrainingOptions options;
  options.batch = 16, options.epochs = 30, options.warmup = 1, options.base_learning_rate = 3e-2;
  Run watched(training, options, normalization), alone(training, options, normalization);
  const double before = validation_loss(watched.weights(), unseen, normalization);
  while (!watched.finished()) {
    alone.update(), watched.update();
    if (watched.at_epoch_end()) validation_loss(watched.weights(), unseen, normalization);
  }
  CHECK(same_bits(watched.weights(), alone.weights()));
  CHECK(validation_loss(watched.weights(), unseen, normalization) < 0.8 * before);
}

TEST_CASE("the same bits from two threads") {
  const Weights<Model, Policy> weights(1);
  const double one = validation_loss(weights, unseen, normalization);
  Team::number = 2;
  CHECK(validation_loss(weights, unseen, normalization) == one);
  Team::number = 1;
}

TEST_CASE("images that do not fit") {
  const Weights<Model, Policy> weights(1);
  auto error_with = [&](const Dataset& set, Index batch = 64) {
    return error_of([&] { validation_loss(weights, set, normalization, 0, batch); });
  };
  CHECK(error_with(Dataset{1, 8, 8, {}, {}, 0}) == "mae: held-out images: found no images, expected at least one");
  CHECK(error_with(Dataset{3, 8, 8, std::vector<std::uint8_t>(192), {}, 0}) ==
        "mae: images: found 3 channels, expected the model's 1");
  CHECK(error_with(unseen, 0) == "mae: Session: found a capacity of 0, expected at least one sample");
}
