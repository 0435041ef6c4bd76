// The paper's linear probe: twenty updates as PyTorch makes them; a whole run; and what is noted of a batch waits for
// the update.
#include <mae/train/linear_probe.hpp>

#include <doctest/doctest.h>

#include <mae/backend/reference.hpp>
#include <mae/checkpoint/run_state.hpp>
#include <mae/data/mixup.hpp>

#include "support/golden.hpp"
#include "support/temporary.hpp"
#include "train/toy.hpp"

using namespace test;

namespace {

using Probe = LinearProbe<ImageShape<1, 8, 8, 4>, Transformer<8, 1, 2>, 4>;

template <class P>
void check_probe(double tolerance) {
  using T = typename P::Accumulator;
  constexpr Index B = 12, D = 8, K = 4;
  const SafetensorsFile file = test::golden_file("optimizers");
  const auto rates = file.values<double>("rates"), losses = file.values<double>("probe.losses");
  const auto features = file.values<T>("probe.features"), start = file.values<T>("probe.start");
  const auto labels = file.values<std::int32_t>("probe.labels");
  Weights<Probe, P> weights, gradients;
  auto at = [&](const char* name) { return weights.at(*weights.find(name)); };
  weights.initialise(*weights.find("head.0.running_var"), 0);  // 1
  const ParameterInfo& matrix = *weights.find("head.1.weight");
  for (Index i = 0; i < matrix.count; ++i)
    weights.at(matrix)[i] = start[static_cast<std::size_t>(matrix.file_position(i))];
  LARS<Probe, P> optimizer;
  Session<Program<ProbeHeadLoss<Probe>, P>> session(B);
  FeatureNorm<D> norm;
  Tensor<T, Shape<dyn, D>> x(B), y(B);
  Tensor<T, Shape<dyn, K>> targets(B);
  double worst = 0;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    for (Index b = 0; b < B; ++b) {
      for (Index k = 0; k < K; ++k) targets(b, k) = T(labels[i * B + static_cast<std::size_t>(b)] == k);
      for (Index c = 0; c < D; ++c) x(b, c) = features[(i * B + static_cast<std::size_t>(b)) * D + std::size_t(c)];
    }
    norm.standardize(x, y);
    const double loss = session.step(weights, gradients, y, targets);
    worst = std::fmax(worst, std::fabs(loss - losses[i]));
    optimizer.step(weights, gradients, 20 * rates[i]);
    norm.follow(at("head.0.running_mean"), at("head.0.running_var"));
  }
  for (const auto& [name, golden] :
       {std::pair("head.1.weight", "probe.weight"), std::pair("head.1.bias", "probe.bias"),
        std::pair("head.0.running_mean", "probe.mean"), std::pair("head.0.running_var", "probe.variance")}) {
    const ParameterInfo& p = *weights.find(name);
    const auto expected = file.values<double>(golden);
    for (Index i = 0; i < p.count; ++i)
      worst = std::fmax(worst, std::fabs(double(weights.at(p)[i]) - expected[std::size_t(p.file_position(i))]));
  }
  MESSAGE("within ", worst);
  CHECK(worst < tolerance);
}

using Model = LinearProbe<ImageShape<1, 8, 8, 4>, Transformer<32, 1, 2>, 4>;
using Run = LinearProbing<Model, Policy>;

const Dataset training = bars(150, 1), unseen = bars(200, 2);
const Normalization normalization = Normalization::of(channel_statistics(training));

LinearProbeOptions small() { return {.batch = 40, .epochs = 6, .warmup = 1, .base_learning_rate = 8, .seed = 6}; }
bool same_run(const Run& a, const Run& b) {
  return same_bits(a.weights(), b.weights()) && same_bits(a.optimizer().state(0), b.optimizer().state(0)) &&
         a.progress().steps == b.progress().steps;
}

}  // namespace

TEST_CASE("twenty updates of the paper's probe: batch norm, layer and LARS as PyTorch's") {
  check_probe<Reference<double>>(1e-11);
  check_probe<Cpu<float>>(1e-4);
}

TEST_CASE(
    "a run learns, leaves the encoder alone and follows the statistics of whole batches, for any number of threads") {
  // The paper has forty times as many updates: each moves the layer more here.
  const LarsOptions trusting{.trust = 0.03};
  Run run(training, {.batch = 50, .epochs = 60, .warmup = 6, .base_learning_rate = 3, .optimizer = trusting, .seed = 6},
          normalization);
  CHECK(run.updates_per_epoch() == 3);
  run.train([](const TrainingEpoch&) {});
  CHECK(accuracy(run.weights(), unseen, normalization) > 0.9);
  const Weights<Model, Policy> start(6);
  for (const ParameterInfo& p : start.parameters()) {
    INFO(p.name);
    const bool kept = std::memcmp(run.weights().at(p), start.at(p), static_cast<std::size_t>(p.count) * 4) == 0;
    CHECK(kept == !p.name.starts_with("head."));
  }
  // After 180 updates what was noted is near the statistics of the whole set, which does not move.
  Weights<Model, Policy> whole(6);
  set_feature_statistics(whole, training, normalization);
  for (Index c = 0; c < 32; ++c)
    for (const char* name : {"head.0.running_mean", "head.0.running_var"}) {
      const double expected = whole.at(*whole.find(name))[c],
                   deviation = std::sqrt(whole.at(*whole.find("head.0.running_var"))[c]);
      CHECK(std::fabs(run.weights().at(*start.find(name))[c] - expected) <
            0.2 * std::fmax(deviation, deviation * deviation));
    }

  Run one(training, small(), normalization);
  Team::number = 3;
  Run three(training, small(), normalization);
  for (int i = 0; i < 5; ++i) three.update();
  Team::number = 1;
  for (int i = 0; i < 5; ++i) one.update();
  CHECK(one.progress().images == 80);  // 3 updates of 40 an epoch, 30 images wait
  CHECK(same_run(one, three));
}

TEST_CASE("a run that is saved and loaded goes on to the same bits, its statistics too") {
  const TemporaryDirectory folder;
  Run whole(training, small(), normalization), stopped(training, small(), normalization),
      resumed(training, small(), normalization);
  for (int i = 0; i < 4; ++i) stopped.update();
  save_run(folder / "run", stopped);
  load_run(folder / "run", resumed);
  CHECK(same_run(resumed, stopped));
  whole.train([](const TrainingEpoch&) {}), resumed.train([](const TrainingEpoch&) {});
  CHECK(same_run(resumed, whole));
}

TEST_CASE("an update that fails in its second pass leaves the statistics as they were") {
  struct Failing final : BatchSource<Run::ImageShape, float> {
    explicit Failing(const Run& run) : good(run.loader(), 1) {}
    const Batch<Run::ImageShape, float>& at(Index position) override {
      if (position == bad) throw Error("photo.png", "nonsense", "an image");
      return good.at(position);
    }
    LoadOnDemand<Run::ImageShape, float, Serial> good;
    Index bad = 1;
  };
  LinearProbeOptions options = small();
  options.batch = 20, options.accumulation = 2;
  Run run(training, options, normalization), undisturbed(training, options, normalization),
      fresh(training, options, normalization);
  Failing source(run);
  run.read_from(source);
  CHECK(error_of([&] { run.update(); }).starts_with("mae: photo.png"));
  CHECK(same_run(run, fresh));
  source.bad = -1;
  run.update(), undisturbed.update();
  CHECK(same_run(run, undisturbed));
  CHECK_FALSE(same_run(run, fresh));
}

TEST_CASE("mistakes are told") {
  auto told = [](const LinearProbeOptions& options) {
    return error_of([&] { Run(training, options, normalization); });
  };
  CHECK(told({.batch = 1, .warmup = 0}) == "mae: batch: found 1, expected at least 2 images, which have a variance");
  CHECK(told({.optimizer = {.momentum = 2}}) == "mae: momentum: found 2.000000, expected a number in [0, 1)");
  CHECK(told({.epochs = 5, .warmup = 6}).starts_with("mae: warmup: found 6 epochs"));
  CHECK(told({.augmentation = {.transforms = {Mixup{}}}}) ==
        "mae: transform mixup: found images that are mixed, expected none: a probe's labels are not");
  const Dataset none{1, 8, 8, {}, {}, 4};
  CHECK(error_of([&] { Run(none, {}, normalization); }) != "");
}
