#include <cmath>

#include <mae/train/finetune.hpp>

#include <doctest/doctest.h>

#include "train/toy.hpp"

using namespace test;

namespace {

using Model = Classifier<ImageShape<1, 8, 8, 4>, Transformer<32, 2, 2>, 4>;
using Run = Finetuning<Model, Policy>;

const Dataset training = bars(100, 1), unseen = bars(200, 2);
const Normalization normalization = Normalization::of(channel_statistics(training));

FinetuningOptions small() {
  FinetuningOptions options;
  options.batch = 16;
  options.epochs = 30;
  options.warmup = 3;
  options.base_learning_rate = 3e-2;
  options.augmentation.shift = 1;
  options.seed = 2;
  return options;
}
const auto silent = [](const TrainingEpoch&) {};

/// How far from `start` the weights of `run` have moved, on average over the parameters of a layer.
double moved(Run& run, const Weights<Model, Policy>& start, const std::string& prefix) {
  double sum = 0, count = 0;
  for (const ParameterInfo& p : start.parameters()) {
    if (!p.name.starts_with(prefix)) continue;
    for (Index i = 0; i < p.count; ++i, ++count)
      sum += std::fabs(double(run.weights().at(p)[i]) - double(start.at(p)[i]));
  }
  return sum / count;
}

}  // namespace

TEST_CASE("classes that can be told apart are learnt; 100 images make six batches of 16 and one of 4") {
  Run run(training, small(), normalization);
  CHECK(accuracy(run.weights(), unseen, normalization) < 0.6);
  std::vector<double> losses;
  run.train([&](const TrainingEpoch& e) {
    losses.push_back(e.loss);
    CHECK(e.epoch == static_cast<Index>(losses.size()));
    CHECK(e.images == 100);
    const CosineSchedule schedule{scaled_rate(3e-2, 16), 1e-6, 3, 30};
    CHECK(e.rate == schedule.at(static_cast<double>(7 * e.epoch - 1) / 7));
  });
  CHECK(losses.size() == 30);
  CHECK(run.optimizer().steps() == 30 * 7);
  CHECK(losses.back() < losses.front());
  CHECK(accuracy(run.weights(), unseen, normalization) > 0.95);
}

TEST_CASE("smoothed targets: the loss of a uniform model is log K, and no loss is below the targets' entropy") {
  FinetuningOptions options = small();
  options.base_learning_rate = options.min_learning_rate = 0;  // nothing is learnt
  options.drop_path = 0;
  Run run(training, options, normalization);
  const ParameterInfo& weight = *run.weights().find("head.weight");
  const ParameterInfo& bias = *run.weights().find("head.bias");
  std::fill_n(run.weights().at(weight), weight.count, 0.f);
  CHECK(run.train_epoch().loss == doctest::Approx(std::log(4.)).epsilon(1e-6));
  // Logits (2, 0, 0, 0) for all: the loss is -Σ target log softmax with 0.925 on the label, 0.025 elsewhere.
  run.weights().at(bias)[0] = 2;
  const double normalizer = std::log(std::exp(2.) + 3);
  double expected = 0;
  for (const std::int32_t label : training.labels) expected += (normalizer - 2 * (label == 0 ? 0.925 : 0.025)) / 100;
  CHECK(run.train_epoch().loss == doctest::Approx(expected).epsilon(1e-6));
}

TEST_CASE("lower layers move less; without layer decay they do not lag behind") {
  for (const double decay : {0.3, 1.0}) {
    FinetuningOptions options = small();
    options.layer_decay = decay;
    options.epochs = 2;
    options.warmup = 0;
    options.optimizer.weight_decay = 0;
    Run run(training, options, normalization);
    const Weights<Model, Policy> start(options.seed);
    run.train(silent);
    const double embedding = moved(run, start, "patch_embed."), lower = moved(run, start, "blocks.0."),
                 upper = moved(run, start, "blocks.1."), head = moved(run, start, "head.");
    INFO("layer decay ", decay, ": ", embedding, " ", lower, " ", upper, " ", head);
    CHECK(embedding > 0);
    CHECK(embedding / head > 0.3 * std::pow(decay, 3));
    CHECK(embedding / head < 3 * std::pow(decay, 3));
    CHECK(lower / head > 0.3 * std::pow(decay, 2));
    CHECK(lower / head < 3 * std::pow(decay, 2));
    CHECK(upper / head > 0.3 * decay);
    CHECK(upper / head < 3 * decay);
  }
}

TEST_CASE("weight decay takes matrices, but neither positions nor class token, biases nor normalisations") {
  // The first update of two runs that differ in nothing else: what decays differs by rate · decay · start.
  FinetuningOptions options = small();
  options.batch = 100;
  options.warmup = 0;
  options.layer_decay = 1;
  options.optimizer.weight_decay = 0;
  Run without(training, options, normalization);
  options.optimizer.weight_decay = 10;
  Run with(training, options, normalization);
  without.update(), with.update();
  const Weights<Model, Policy> start(options.seed);
  int decaying = 0;
  for (const ParameterInfo& p : start.parameters()) {
    INFO(p.name);
    const bool decays = p.name.ends_with(".weight") && p.name.find("norm") == std::string::npos;
    decaying += decays;
    const double factor = decays ? scaled_rate(options.base_learning_rate, 100) * 10 : 0;
    double worst = 0;
    for (Index i = 0; i < p.count; ++i) {
      const double difference = double(without.weights().at(p)[i]) - double(with.weights().at(p)[i]);
      worst = std::fmax(worst, std::fabs(difference - factor * double(start.at(p)[i])));
    }
    CHECK(worst <= (decays ? 1e-6 : 0));
  }
  CHECK(decaying == 2 + 2 * 4);  // patches, head, and four matrices a block
}

TEST_CASE("the same bits again, and from two threads, with drop path") {
  auto run = [](int threads) {
    Team::number = threads;
    FinetuningOptions options = small();
    options.epochs = 3;
    options.drop_path = 0.5;
    Run finetuning(training, options, normalization);
    finetuning.train(silent);
    Team::number = 1;
    return std::move(finetuning.weights());
  };
  const auto one = run(1);
  CHECK(same_bits(run(1), one));
  CHECK(same_bits(run(2), one));
}

TEST_CASE("mistakes are told before anything is computed") {
  auto error_with = [](const Dataset& set, const Normalization& statistics = normalization) {
    return error_of([&] { Run(set, small(), statistics); });
  };
  Dataset set = training;
  set.classes = 5;
  CHECK(error_with(set) == "mae: training set: found 5 classes, expected at most the model's 4");
  set.labels.clear();
  CHECK(error_with(set) == "mae: training set: found images without labels, expected a label for each");
  set.pixels.clear();
  CHECK(error_with(set) == "mae: training set: found no images, expected at least one");
  set = training;
  set.labels.pop_back();
  CHECK(error_with(set) == "mae: training set: found 99 labels for 100 images, expected one for each");
  set = Dataset{2, 8, 4, training.pixels, training.labels, 4};
  CHECK(error_with(set) == "mae: training set: found 2 channels, expected the model's 1");
  CHECK(error_with(training, {{0, 0}, {1, 1}}) ==
        "mae: normalization: found statistics of 2 channels, expected the model's 1");
  check_training_mistakes(small(),
                          [](const FinetuningOptions& options) { Run(training, options, normalization); });
  FinetuningOptions options;
  for (const double decay : {-0.5, double(INFINITY), double(NAN)}) {
    options = small(), options.layer_decay = decay;
    CHECK(error_of([&] { Run(training, options, normalization); }).starts_with("mae: layer_decay: found "));
  }
  for (const double rate : {-0.1, 1.0, double(NAN)}) {
    options = small(), options.drop_path = rate;
    CHECK(error_of([&] { Run(training, options, normalization); }).starts_with("mae: drop_path: found "));
    options = small(), options.label_smoothing = rate;
    CHECK(error_of([&] { Run(training, options, normalization); }).starts_with("mae: label_smoothing: found "));
  }
}
