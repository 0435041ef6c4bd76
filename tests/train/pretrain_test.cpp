#include <algorithm>
#include <cmath>

#include <mae/train/pretrain.hpp>

#include <doctest/doctest.h>

#include "train/toy.hpp"

using namespace test;

namespace {

using Model = MaskedAutoencoder<ImageShape<1, 8, 8, 4>, Transformer<64, 1, 2>, Transformer<32, 1, 2>>;
using Run = Pretraining<Model, Policy>;

const Dataset images = bars(160, 1);
const Normalization normalization = Normalization::of(channel_statistics(images));

// Options of fine-tuning are none here.
template <class Options>
concept HasLayerDecay = requires(Options options) { options.layer_decay = 1.0; };
static_assert(!HasLayerDecay<PretrainingOptions>);

PretrainingOptions small() {
  PretrainingOptions options;
  options.batch = 16;
  options.epochs = 5;
  options.warmup = 1;
  options.base_learning_rate = 2e-2;
  options.augmentation = {.shift = 1, .flip = true, .min_crop_scale = 0.7};
  options.seed = 3;
  return options;
}
std::string error_with(const PretrainingOptions& options, const Dataset& set = images,
                       const Normalization& statistics = normalization) {
  return error_of([&] {
    Run run(set, options, statistics);
    run.train([](const PretrainingEpoch&) {});
  });
}

}  // namespace

TEST_CASE("the loss falls below that of predicting the mean, and each epoch reports") {
  PretrainingOptions options = small();
  options.epochs = 40;
  options.augmentation = {};
  Run run(images, options, normalization);
  std::vector<PretrainingEpoch> epochs;
  run.train([&](const PretrainingEpoch& e) { epochs.push_back(e); });
  REQUIRE(epochs.size() == 40);
  CHECK(run.epoch() == 40);
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    CHECK(epochs[i].epoch == static_cast<Index>(i) + 1);
    CHECK(epochs[i].images == 160);
    const CosineSchedule schedule{scaled_rate(2e-2, 16), 0, 1, 40};
    CHECK(epochs[i].rate == schedule.at(static_cast<double>(10 * i + 9) / 10));
  }
  CHECK(epochs.front().loss > 0.8);  // the mean predicted: 15/16, as 16 values have unbiased deviation 1
  CHECK(epochs.back().loss < 0.5);
  run.train([](const PretrainingEpoch&) { FAIL("all epochs are done"); });
}

TEST_CASE("two passes of 8 make the update of one pass of 16") {
  PretrainingOptions whole = small(), halves = small();
  halves.batch = 8, halves.accumulation = 2;
  Run one(images, whole, normalization), two(images, halves, normalization);
  CHECK(two.updates_per_epoch() == one.updates_per_epoch());
  for (int update = 0; update < 3; ++update) CHECK(two.update() == doctest::Approx(one.update()).epsilon(1e-6));
  // The gradients themselves: the first moment is linear in them.
  double difference = 0, size = 0;
  const auto &a = one.optimizer().first_moment(), &b = two.optimizer().first_moment();
  for (Index i = 0; i < a.size(); ++i) {
    difference += std::pow(double(a.data()[i]) - double(b.data()[i]), 2);
    size += std::pow(double(a.data()[i]), 2);
  }
  CHECK(std::sqrt(difference / size) < 1e-6);
}

TEST_CASE("fifty updates: the same bits again, and from two and three threads") {
  auto run = [](int threads, std::vector<double>& losses) {
    Team::number = threads;
    PretrainingOptions options = small();
    options.batch = 160;  // enough for several threads
    options.epochs = 50;
    Run pretraining(images, options, normalization);
    while (pretraining.epoch() < 50) losses.push_back(pretraining.update());
    Team::number = 1;
    return std::move(pretraining.weights());
  };
  std::vector<double> losses;
  const auto weights = run(1, losses);
  CHECK(losses.size() == 50);
  for (const int threads : {1, 2, 3}) {
    std::vector<double> other_losses;
    const auto other = run(threads, other_losses);
    INFO(threads, " threads");
    CHECK(other_losses == losses);
    CHECK(same_bits(other, weights));
  }
  CHECK_FALSE(same_bits(weights, Weights<Model, Policy>(3)));
}

TEST_CASE("weights, moments and the number of steps are the whole state of a run, also amid an epoch") {
  Run whole(images, small(), normalization);
  for (int update = 0; update < 13; ++update) whole.update();
  Run resumed(images, small(), normalization);
  auto copy = [](auto& to, const auto& from) { std::copy(from.data(), from.data() + from.size(), to.data()); };
  copy(resumed.weights(), whole.weights());
  copy(resumed.optimizer().first_moment(), whole.optimizer().first_moment());
  copy(resumed.optimizer().second_moment(), whole.optimizer().second_moment());
  resumed.optimizer().set_steps(whole.optimizer().steps());
  double sum = 0;
  for (int update = 13; update < 20; ++update) sum += whole.update();
  const PretrainingEpoch rest = resumed.train_epoch();
  CHECK(rest.epoch == 2);
  CHECK(rest.images == 7 * 16);
  CHECK(rest.loss == doctest::Approx(sum / 7).epsilon(1e-12));
  CHECK(same_bits(whole.weights(), resumed.weights()));
}

TEST_CASE("images that make no whole update wait for another epoch") {
  PretrainingOptions options = small();
  options.batch = 24, options.accumulation = 3;  // 72 of 160
  Run run(images, options, normalization);
  CHECK(run.updates_per_epoch() == 2);
  CHECK(run.train_epoch().images == 144);
  CHECK(run.epoch() == 1);
}

TEST_CASE("mistakes are told before anything is computed") {
  PretrainingOptions options = small();
  options.batch = 100, options.accumulation = 2;
  CHECK(error_with(options) == "mae: images: found 160 images, expected at least the 200 of one update");
  check_training_mistakes(small(), [](const PretrainingOptions& o) { Run(images, o, normalization); });
  CHECK(error_with(small(), Dataset{1, 8, 8, {}, {}, 0}) == "mae: images: found no images, expected at least one");
  CHECK(error_with(small(), Dataset{3, 8, 8, std::vector<std::uint8_t>(192 * 20), {}, 0}) ==
        "mae: images: found 3 channels, expected the model's 1");
  CHECK(error_with(small(), images, {{0, 0, 0}, {1, 1, 1}}) ==
        "mae: normalization: found statistics of 3 channels, expected the model's 1");
}

TEST_CASE("a loss that is not finite ends the run and names what is first") {
  CHECK(error_with(small(), images, {{0.5}, {0}}) ==
        "mae: training step: input 0: found a value that is not finite, expected finite numbers");
  PretrainingOptions options = small();
  options.warmup = 0;
  options.base_learning_rate = 1e30;
  options.optimizer.weight_decay = 0;
  const std::string exploded = error_with(options);
  INFO(exploded);
  CHECK(exploded.starts_with("mae: training step: found a loss of "));
  CHECK(exploded.find("first not finite in blocks.0.") != std::string::npos);
  CHECK(exploded.ends_with("expected finite numbers; lower the learning rate or clip the gradient"));
}
