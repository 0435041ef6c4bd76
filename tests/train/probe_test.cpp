#include <cmath>

#include <mae/train/probe.hpp>

#include <doctest/doctest.h>

#include "train/toy.hpp"

using namespace test;

namespace {

using Geometry = ImageShape<1, 8, 8, 4>;
using Size = Transformer<32, 1, 2>;
using Model = LinearProbe<Geometry, Size, 4, Pool::mean>;
using Run = Finetuning<Model, Policy>;

const Dataset training = bars(150, 1), unseen = bars(200, 2);
const Normalization normalization = Normalization::of(channel_statistics(training));
const auto silent = [](const TrainingEpoch&) {};

}  // namespace

TEST_CASE("options for probing") {
  const FinetuningOptions options = probing_options(50, 0.1);
  CHECK(options.epochs == 50);
  CHECK(options.warmup == 5);
  CHECK(options.base_learning_rate == 0.1);
  CHECK(options.min_learning_rate == 0);
  CHECK(options.optimizer.weight_decay == 0);
  CHECK(options.drop_path == 0);
  CHECK(options.label_smoothing == 0);
  CHECK(options.layer_decay == 1);
}

TEST_CASE("statistics of the features are their mean and variance over all images, whatever the batch") {
  Weights<Model, Policy> weights(4);
  Session<Program<ProbeFeatures<Model>, Policy, Inference>> session(150);
  Tensor<float, Geometry::Pixels> images(150);
  for (Index i = 0; i < 150; ++i)
    load_sample(training, i, normalization, {}, 0, 0, images.data() + 64 * i, 8, 8);
  const auto features = session.forward(weights, images);
  for (const Index batch : {7, 64, 1000}) {
    set_feature_statistics(weights, training, normalization, batch);
    for (Index c = 0; c < 32; ++c) {
      double mean = 0, variance = 0;
      for (Index i = 0; i < 150; ++i) mean += double(features(i, c)) / 150;
      for (Index i = 0; i < 150; ++i) variance += std::pow(double(features(i, c)) - mean, 2) / 150;
      CHECK(weights.at(*weights.find("head.0.running_mean"))[c] == doctest::Approx(mean).epsilon(1e-6));
      CHECK(weights.at(*weights.find("head.0.running_var"))[c] == doctest::Approx(variance).epsilon(1e-5));
    }
  }
  CHECK(error_of([&] { set_feature_statistics(weights, Dataset{3, 8, 8, {}, {}, 0}, normalization); }) ==
        "mae: images: found 3 channels, expected the model's 1");
}

TEST_CASE("a probe of random features learns, and leaves the encoder alone to the bit, even with weight decay") {
  for (const double decay : {0., 0.5}) {
    FinetuningOptions options = probing_options(60, 0.2);
    options.seed = 6;
    options.optimizer.weight_decay = decay;
    Run run(training, options, normalization);
    const Weights<Model, Policy> start(options.seed);
    probe(run, silent);
    if (decay == 0) CHECK(accuracy(run.weights(), unseen, normalization) > 0.9);
    for (const ParameterInfo& p : start.parameters()) {
      INFO(p.name);
      const bool kept = std::memcmp(run.weights().at(p), start.at(p), static_cast<std::size_t>(p.count) * 4) == 0;
      CHECK(kept == !p.name.starts_with("head."));
    }
  }
}
