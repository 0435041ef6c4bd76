// A run on the emulated GPU: what `Reference` makes of it, whenever weights are updated, and nobody waits for the
// running step.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <string>

#include <mae/backend/reference.hpp>
#include <mae/mae.cuh>
#include <mae/optim/in_backward.hpp>

#include "machine.hpp"
#include "support/error_of.hpp"
#include "train/toy.hpp"

namespace {
using namespace mae;

using Model = Classifier<ImageShape<1, 8, 8, 4>, Transformer<8, 1, 2>, 4>;
template <class Policy, class Updates = AfterBackward>
using Run = Finetuning<Model, Policy, KeepAll, Updates>;
using Gpu = Cuda<float>;

const Dataset images = test::bars(24, 1);
const Normalization normalization = Normalization::of(channel_statistics(images));

FinetuningOptions options(Index accumulation = 1) {
  FinetuningOptions o;
  o.batch = 4;
  o.accumulation = accumulation;
  o.epochs = 3;
  o.warmup = 1;
  o.base_learning_rate = 1e-1;
  o.drop_path = 0.3;
  o.seed = 7;
  return o;
}
/// The batches of a run, but one has no finite number.
struct Faulty final : BatchSource<Model::ImageShape, float, Label> {
  template <class R>
  Faulty(const R& run, Index where) : good(run.loader(), 1), bad(where) {}
  const Batch<Model::ImageShape, float, Label>& at(Index position) override {
    const auto& batch = good.at(position);
    if (position != bad) return batch;
    changed.samples = batch.samples, changed.numbers = batch.numbers, changed.targets = batch.targets;
    for (Index i = 0; i < changed.images.size(); ++i) changed.images.data()[i] = NAN;
    return changed;
  }
  LoadOnDemand<Model::ImageShape, float, Serial, Label> good;
  Batch<Model::ImageShape, float, Label> changed{4};
  Index bad;
};
template <class R>
bool same_weights(const R& a, const R& b) {
  const auto bytes = static_cast<std::size_t>(a.weights().size()) * sizeof(float);
  return std::memcmp(a.weights().data(), b.weights().data(), bytes) == 0 &&
         std::memcmp(a.optimizer().state(0).data(), b.optimizer().state(0).data(), bytes) == 0;
}

TEST_CASE("losses of a run with drop path, one by one, and of an epoch that nobody watches") {
  for (const Index accumulation : {1, 3}) {
    Run<Reference<float>> expected(images, options(accumulation), normalization);
    Run<Gpu> run(images, options(accumulation), normalization), unwatched(images, options(accumulation), normalization);
    for (int epoch = 0; epoch < 2; ++epoch) {
      for (Index i = 0; i < run.updates_per_epoch(); ++i)
        CHECK(run.update() == doctest::Approx(expected.update()).epsilon(1e-4));
      CHECK(unwatched.train_epoch().loss == run.epoch_so_far().loss);
      CHECK(same_weights(run, unwatched));
    }
  }
}
TEST_CASE("updates during the backward pass: the same bits") {
  Run<Gpu> apart(images, options(), normalization);
  Run<Gpu, InBackward> in_backward(images, options(), normalization);
  for (int epoch = 0; epoch < 2; ++epoch) CHECK(in_backward.train_epoch().loss == apart.train_epoch().loss);
  const auto bytes = static_cast<std::size_t>(apart.weights().size()) * sizeof(float);
  CHECK(std::memcmp(apart.weights().data(), in_backward.weights().data(), bytes) == 0);
}
template <class Updates>
void check_waits() {
  Run<Gpu, Updates> run(images, options(), normalization);
  run.train_epoch();  // where graphs are recorded
  emulation::full_waits = emulation::event_waits = emulation::idle_waits = 0;
  run.train_epoch();
  CHECK(emulation::full_waits == 0);
  CHECK(emulation::event_waits == 2 * run.updates_per_epoch());  // the loss and the gradient's check of an earlier one
  CHECK(emulation::idle_waits == 1);                             // when the epoch ends
}
TEST_CASE("no step waits for itself") {
  check_waits<AfterBackward>();
  check_waits<InBackward>();
}
TEST_CASE_TEMPLATE("a loss that is not finite stops the run where it was, though the next step had begun", Policy, Gpu,
                   Reference<float>) {
  for (const Index accumulation : {1, 2}) {
    const auto chosen = options(accumulation);
    for (const Index bad : {0, 3, 5}) {  // the first batch of an epoch of six, and the last
      Run<Policy> run(images, chosen, normalization), undisturbed(images, chosen, normalization);
      Faulty source(run, bad);
      run.read_from(source);
      const std::string error = test::error_of([&] { run.train_epoch(); });
      CHECK(error.starts_with("mae: training step: input 0: found a value that is not finite"));
      CHECK(run.progress().steps == bad / accumulation);
      if (bad >= accumulation) undisturbed.advance(bad / accumulation);
      CHECK(run.progress().loss == undisturbed.progress().loss);
      CHECK(same_weights(run, undisturbed));
      source.bad = -1;
      CHECK(run.train_epoch().loss == undisturbed.train_epoch().loss);
      CHECK(same_weights(run, undisturbed));
    }
  }
}
TEST_CASE("a gradient that is not finite behind a finite loss is named, and changes nothing") {
  Weights<Model, Gpu> weights(1), gradients;
  const Weights<Model, Gpu> before(1);
  AdamW<Model, Gpu> optimizer;
  const ParameterInfo& p = *weights.find("blocks.0.norm2.bias");
  gradients.at(p)[3] = NAN;
  CHECK(test::error_of([&] { optimizer.step(weights, gradients, 0.1); }) ==
        "mae: gradient: found a norm that is not finite, first in blocks.0.norm2.bias, expected finite numbers; lower "
        "the learning rate");
  CHECK(optimizer.steps() == 0);
  CHECK(std::memcmp(std::as_const(weights).data(), before.data(),
                    static_cast<std::size_t>(weights.size()) * sizeof(float)) == 0);
}

}  // namespace
