#include <algorithm>
#include <cmath>

#include <mae/optim/in_backward.hpp>
#include <mae/train/loop.hpp>

#include <doctest/doctest.h>

#include <mae/train/finetune.hpp>

#include "train/toy.hpp"

using namespace test;

namespace {

using Model = Classifier<ImageShape<1, 8, 8, 4>, Transformer<32, 1, 2>, 4>;
using Run = Finetuning<Model, Policy>;

const Dataset images = bars(100, 1);
const Normalization normalization = Normalization::of(channel_statistics(images));

FinetuningOptions small(Index batch, Index accumulation) {
  FinetuningOptions options;
  options.batch = batch;
  options.accumulation = accumulation;
  options.epochs = 3;
  options.warmup = 1;
  options.base_learning_rate = 1e-2;
  options.drop_path = 0.3;
  options.augmentation.shift = 1;
  options.seed = 7;
  return options;
}

/// The batches of a run, but for one.
struct Faulty final : BatchSource<Run::ImageShape, float, Label> {
  Faulty(const Run& run, Index where, bool reading) : good(run.loader(), 1), bad(where), reading_fails(reading) {}
  const Run::Batch& at(Index position) override {
    const auto& batch = good.at(position);
    if (position != bad) return batch;
    if (reading_fails) throw Error("photo.png", "nonsense", "an image");
    changed.samples = batch.samples, changed.numbers = batch.numbers, changed.targets = batch.targets;
    for (Index i = 0; i < changed.images.size(); ++i) changed.images.data()[i] = NAN;
    return changed;
  }
  LoadOnDemand<Run::ImageShape, float, Serial, Label> good;
  Run::Batch changed{8};
  Index bad;
  bool reading_fails;
};

struct State {
  explicit State(const Run& run) : progress(run.progress()) {
    for (const auto* w : {&run.weights(), &run.optimizer().first_moment(), &run.optimizer().second_moment()})
      numbers.insert(numbers.end(), w->data(), w->data() + w->size());
  }
  bool operator==(const State& other) const {
    return progress.steps == other.progress.steps && progress.images == other.progress.images &&
           progress.loss == other.progress.loss &&
           std::memcmp(numbers.data(), other.numbers.data(), numbers.size() * sizeof(float)) == 0;
  }
  Progress progress;
  std::vector<float> numbers;
};

}  // namespace

TEST_CASE("passes of 8 make the updates of 16, the last and smaller one too: 100 images are six of 16 and one of 4") {
  Run one(images, small(16, 1), normalization), two(images, small(8, 2), normalization);
  CHECK(one.updates_per_epoch() == 7);
  CHECK(two.updates_per_epoch() == 7);
  CHECK(two.loader().order().per_epoch == 13);
  for (int update = 1; update <= 7; ++update) {
    CHECK(two.update() == doctest::Approx(one.update()).epsilon(1e-5));
    CHECK(two.at_epoch_end() == (update == 7));
    CHECK(two.epoch_so_far().images == (update == 7 ? 100 : 16 * update));
  }
  CHECK(two.epoch_so_far().loss == doctest::Approx(one.epoch_so_far().loss).epsilon(1e-5));
  CHECK(two.epoch_so_far().rate == one.epoch_so_far().rate);
  // The gradients of all updates: moments are sums of them.
  double difference = 0, size = 0;
  const auto &a = one.optimizer().first_moment(), &b = two.optimizer().first_moment();
  for (Index i = 0; i < a.size(); ++i) {
    difference += std::pow(double(a.data()[i]) - double(b.data()[i]), 2);
    size += std::pow(double(a.data()[i]), 2);
  }
  CHECK(std::sqrt(difference / size) < 1e-3);
}

TEST_CASE("more passes than an epoch has batches: one update an epoch, of all images") {
  Run run(images, small(16, PTRDIFF_MAX), normalization), all(images, small(PTRDIFF_MAX, 1), normalization);
  CHECK(run.updates_per_epoch() == 1);
  CHECK(run.update() == doctest::Approx(all.update()).epsilon(1e-5));
  CHECK(run.epoch_so_far().images == 100);
  CHECK(run.epoch() == 1);
}

TEST_CASE("a run before its first update, and after its last") {
  Run run(images, small(16, 1), normalization);
  const TrainingEpoch start = run.epoch_so_far();
  CHECK(start.epoch == 1);
  CHECK(start.images == 0);
  CHECK_FALSE(run.at_epoch_end());
  run.train([](const TrainingEpoch&) {});
  CHECK(run.finished());
  CHECK(run.at_epoch_end());
  CHECK(run.epoch_so_far().epoch == 3);
}

TEST_CASE("an update that fails in its second pass changes nothing, and the run goes on as if it had not been") {
  Run undisturbed(images, small(8, 2), normalization);
  for (int update = 0; update < 9; ++update) undisturbed.update();
  for (const Index bad : {Index{1}, Index{3}, Index{14}})  // of the first update, the second, the first of an epoch
    for (const bool reading : {false, true}) {
      Run run(images, small(8, 2), normalization);
      Faulty faulty(run, bad, reading);
      run.read_from(faulty);
      std::string error;
      for (int update = 0; update < 9; ++update) {
        const State before(run);
        error = error_of([&] { run.update(); });
        if (error.empty()) continue;
        CHECK(State(run) == before);
        break;
      }
      CHECK(error.starts_with(reading ? "mae: photo.png: found nonsense" : "mae: training step: input 0: found a"));
      faulty.bad = -1;
      while (run.optimizer().steps() < 9) run.update();
      CHECK(State(run) == State(undisturbed));
    }
}

TEST_CASE("a gradient that overflows behind a finite loss changes nothing either") {
  Run undisturbed(images, small(16, 1), normalization), run(images, small(16, 1), normalization);
  undisturbed.update(), run.update();
  // Features that hardly vary, normalised to a tenth of 1, make logits of some 1e37: a finite loss. Its gradient goes
  // back times 1e37 and a thousand, one over the deviation.
  const std::vector<float> kept(run.weights().data(), run.weights().data() + run.weights().size());
  for (const ParameterInfo& p : run.weights().parameters()) {
    const float factor = p.name == "fc_norm.weight" ? 1e25f : p.name == "head.weight" ? 1e17f : 1e-4f;
    for (Index i = 0; i < p.count; ++i) run.weights().at(p)[i] *= factor;
  }
  const State before(run);
  const std::string error = error_of([&] { run.update(); });
  INFO(error);
  CHECK(error.starts_with("mae: gradient: found a norm that is not finite, first in "));
  CHECK(State(run) == before);
  std::copy(kept.begin(), kept.end(), run.weights().data());
  undisturbed.update(), run.update();
  CHECK(State(run) == State(undisturbed));
}

TEST_CASE("a run cannot be where its options never lead") {
  Run run(images, small(16, 1), normalization);  // 3 epochs of 7
  const auto error_at = [&](const Progress& progress) {
    const std::string error = error_of([&] { run.resume(progress, "x"); });
    if (!error.empty()) CHECK(run.optimizer().steps() == 0);
    return error;
  };
  CHECK(error_at({-1, 0, 0}) == "mae: x: found -1 updates, expected at most 3 epochs of 7");
  CHECK(error_at({22, 0, 0}) == "mae: x: found 22 updates, expected at most 3 epochs of 7");
  CHECK(error_at({PTRDIFF_MAX, 0, 0}).starts_with("mae: x: found "));
  CHECK(error_at({1, 101, 0}) ==
        "mae: x: found a loss of 0.000000 over 101 images, expected a finite one over at most 100");
  CHECK(error_at({1, -1, 0}).starts_with("mae: x: found a loss of "));
  CHECK(error_at({1, 16, NAN}).starts_with("mae: x: found a loss of "));
  CHECK(error_at({21, 100, 5}) == "");
  CHECK(run.finished());
}

TEST_CASE("options by name: each once, none missing, and what is written is read") {
  FinetuningOptions options = small(8, 2), copy;
  std::vector<std::string> names;
  std::vector<double> values;
  each_option(options, [&](const char* name, auto& value) {
    names.push_back(name);
    values.push_back(static_cast<double>(value));
  });
  std::size_t next = 0;
  each_option(copy, [&](const char* name, auto& value) {
    CHECK(names.at(next) == name);
    value = static_cast<std::remove_reference_t<decltype(value)>>(values[next++]);
  });
  CHECK(next == 11 + 5 + 4);  // of which optimizer and augmentation hold 5 and 4
  const bool same = copy.batch == 8 && copy.accumulation == 2 && copy.epochs == 3 && copy.warmup == 1 &&
                    copy.base_learning_rate == 1e-2 && copy.min_learning_rate == 1e-6 && copy.drop_path == 0.3 &&
                    copy.optimizer.beta2 == 0.999 && copy.layer_decay == 0.75 && copy.label_smoothing == 0.1 &&
                    copy.augmentation.shift == 1;
  CHECK(same);
  CHECK(copy.seed == 7);
}

TEST_CASE("updates during the backward pass: the same run, bit by bit") {
  using Large = Classifier<ImageShape<1, 8, 8, 4>, Transformer<448, 1, 2>, 4>;  // too large to be worked in lanes
  const FinetuningOptions options = small(16, 1);
  Finetuning<Large, Policy> apart(images, options, normalization);
  Finetuning<Large, Policy, KeepAll, InBackward> in_backward(images, options, normalization);
  for (int update = 0; update < 8; ++update) CHECK(in_backward.update() == apart.update());
  CHECK(in_backward.progress().steps == 8);
  CHECK(same_bits(in_backward.weights(), apart.weights()));
  CHECK(same_bits(in_backward.optimizer().first_moment(), apart.optimizer().first_moment()));
  CHECK(same_bits(in_backward.optimizer().second_moment(), apart.optimizer().second_moment()));

  auto told = [&](const FinetuningOptions& o) {
    return error_of([&] { Finetuning<Large, Policy, KeepAll, InBackward>(images, o, normalization); });
  };
  CHECK(told(small(8, 2)) == "mae: accumulation: found 2, expected 1, since weights are updated during the backward pass");
  FinetuningOptions clipped = options;
  clipped.optimizer.clip = 1;
  CHECK(told(clipped) == "mae: clip: found 1.000000, expected 0, since weights are updated during backward");
}
