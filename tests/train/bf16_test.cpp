// Mixed precision trains as float does: the same loss curve, from the same weights, into weights of the same files.
#include <algorithm>

#include <mae/checkpoint/checkpoint.hpp>
#include <mae/eval/nearest_neighbours.hpp>
#include <mae/train/finetune.hpp>
#include <mae/train/pretrain.hpp>

#include <doctest/doctest.h>

#include "support/temporary.hpp"
#include "train/toy.hpp"

using namespace test;

namespace {

using Model = MaskedAutoencoder<ImageShape<1, 8, 8, 2>, Transformer<48, 3, 3>, Transformer<32, 1, 2>>;
using Mixed = Cpu<bf16, isa::Best, Team>;

const Dataset images = bars(160, 1);
const Normalization normalization = Normalization::of(channel_statistics(images));

template <class P>
std::vector<double> losses_of(Pretraining<Model, P>& run) {
  std::vector<double> losses;
  while (!run.finished()) losses.push_back(run.update());
  return losses;
}

}  // namespace

TEST_CASE("two hundred updates: the loss curve of float within one percent") {
  PretrainingOptions options;
  options.batch = 16;
  options.epochs = 20;
  options.warmup = 2;
  options.base_learning_rate = 2e-2;
  options.augmentation = {.shift = 1, .flip = true};
  options.seed = 3;
  Pretraining<Model, Policy> whole(images, options, normalization);
  Pretraining<Model, Mixed> mixed(images, options, normalization);
  const std::vector<double> expected = losses_of(whole), found = losses_of(mixed);
  REQUIRE(expected.size() == 200);
  REQUIRE(found.size() == 200);
  double worst = 0;
  for (std::size_t i = 0; i < 200; ++i) worst = std::fmax(worst, std::fabs(found[i] / expected[i] - 1));
  INFO("first loss ", expected.front(), ", last ", expected.back(), ", largest difference ", worst);
  CHECK(worst < 0.01);
  CHECK(expected.back() < 0.75 * expected.front());
}

TEST_CASE("weights are float in both: a file of one policy is read by the other") {
  const TemporaryDirectory folder;
  const std::string path = folder / "mixed.safetensors";
  const Weights<Model, Mixed> saved(5);
  Weights<Model, Policy> loaded;
  save_checkpoint(path, saved);
  load_checkpoint(path, loaded);
  CHECK(std::equal(saved.data(), saved.data() + saved.size(), loaded.data()));
}

TEST_CASE("a classifier trains, drops paths and is measured") {
  using Classes = Classifier<ImageShape<1, 8, 8, 4>, Transformer<32, 2, 2>, 4>;
  FinetuningOptions options;
  options.batch = 16;
  options.epochs = 30;
  options.warmup = 3;
  options.base_learning_rate = 3e-2;
  options.seed = 2;
  Finetuning<Classes, Mixed> run(images, options, normalization);
  run.train([](const TrainingEpoch&) {});
  const Dataset unseen = bars(100, 2);
  CHECK(accuracy(run.weights(), unseen, normalization) > 0.9);
  CHECK(nearest_neighbour_accuracy(Weights<Model, Mixed>(1), images, unseen, normalization) > 0.3);
}
