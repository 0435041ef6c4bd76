#include <mae/train/recipes.hpp>

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include <mae/checkpoint/run_state.hpp>
#include <mae/data/prefetch.hpp>
#include <mae/optim/ema.hpp>

#include "support/temporary.hpp"
#include "train/toy.hpp"

using namespace test;

namespace {

using Model = Classifier<ImageShape<1, 8, 8, 4>, Transformer<16, 2, 2>, 4>;
using Rule = Averaged<AdamwRule>;
using Run = Finetuning<Model, Policy, KeepAll, AfterBackward, Rule>;

const Dataset training = bars(50, 1);
const Normalization normalization = Normalization::of(channel_statistics(training));

/// Every part of the recipe, on 50 images in passes of 8: the last one of an epoch has two.
Run::Options everything() {
  Run::Options options;
  options.batch = 8, options.accumulation = 2, options.epochs = 3, options.warmup = 1;
  options.base_learning_rate = 1e-2;
  options.drop_path = 0.2;
  options.optimizer.clip = 1, options.optimizer.ema_decay = 0.8, options.optimizer.ema_warmup = true;
  options.augmentation = {.flip = true, .min_crop_scale = 0.5};
  options.augmentation.transforms = {RandAugment{}, RandomErasing{}, Mixup{.mixup = 0.75}};
  options.seed = 3;
  return options;
}

/// Probabilities of the classes, [B, 4], by the definition.
std::vector<double> targets_of(const Run::Batch& batch, double smoothing) {
  std::vector<double> all;
  for (Index b = 0; b < batch.count(); ++b)
    for (int k = 0; k < 4; ++k) {
      const auto of = [&](Index image) {
        const bool right =
            training.labels[static_cast<std::size_t>(batch.numbers[static_cast<std::size_t>(image)])] == k;
        return smoothing / 4 + (right ? 1 - smoothing : 0);
      };
      all.push_back(batch.mix.share * of(b) + (1 - batch.mix.share) * of(batch.count() - 1 - b));
    }
  return all;
}

template <class R>
bool same_state(const R& a, const R& b) {
  for (int k = 0; k < a.optimizer().states; ++k)
    if (!same_bits(a.optimizer().state(k), b.optimizer().state(k))) return false;
  return same_bits(a.weights(), b.weights()) && a.progress().loss == b.progress().loss;
}

}  // namespace

TEST_CASE("the loss of mixed batches: cross-entropy with both images' smoothed labels, in their shares") {
  Run::Options options = everything();
  options.base_learning_rate = options.min_learning_rate = 0;  // nothing is learnt
  options.drop_path = 0;
  Run run(training, options, normalization);
  auto loader = run.loader();
  Run::Batch batch(8);
  Session<Program<Model, Policy, Inference>> session(8);
  double expected = 0;
  int mixed = 0;
  for (Index position = 0; position < 7; ++position) {
    loader.load<Serial>(position, batch, 1);
    mixed += batch.mix.share != 1;
    const std::vector<double> targets = targets_of(batch, options.label_smoothing);
    const auto logits = session.forward(run.weights(), batch.view());
    for (Index b = 0; b < batch.count(); ++b) {
      double sum = 0;
      for (int k = 0; k < 4; ++k) sum += std::exp(double(logits(b, k)));
      for (int k = 0; k < 4; ++k)
        expected -= targets[static_cast<std::size_t>(4 * b + k)] * (double(logits(b, k)) - std::log(sum)) / 50;
    }
  }
  CHECK(mixed == 7);
  CHECK(run.train_epoch().loss == doctest::Approx(expected).epsilon(1e-6));
}

TEST_CASE("everything at once: the same bits for any threads and loaders, and stopped after any update") {
  const TemporaryDirectory folder;
  const std::string path = folder / "run";
  Run whole(training, everything(), normalization);
  whole.train();
  const Index updates = whole.optimizer().steps();
  REQUIRE(updates == 12);
  {
    Team::number = 3;
    Run other(training, everything(), normalization);
    Prefetch ahead(other.loader(), 2);
    other.read_from(ahead);
    other.train();
    Team::number = 1;
    CHECK(same_state(other, whole));
  }
  for (const Index stop : {0, 1, 5, 8}) {
    INFO("after ", stop, " updates");
    {
      Run stopped(training, everything(), normalization);
      while (stopped.optimizer().steps() < stop) stopped.update();
      save_run(path, stopped);
    }
    Run resumed(training, everything(), normalization);
    load_run(path, resumed);
    resumed.train();
    CHECK(same_state(resumed, whole));
    CHECK(same_bits(averaged(resumed), averaged(whole)));
  }
  const auto average = averaged(whole);
  CHECK(!same_bits(average, whole.weights()));
}

TEST_CASE("the average is a model that classifies, also before it has forgotten where it began") {
  const Dataset many = bars(100, 1), unseen = bars(200, 2);
  Run::Options options;
  options.batch = 16, options.epochs = 30, options.warmup = 3, options.base_learning_rate = 3e-2;
  options.augmentation.shift = 1;
  options.optimizer.ema_decay = 0.9;
  Run run(many, options, normalization);
  CHECK(accuracy(averaged(run), unseen, normalization) == accuracy(run.weights(), unseen, normalization));
  run.train();
  CHECK(accuracy(averaged(run), unseen, normalization) > 0.95);
}

TEST_CASE("a run does not go on with other transforms, another mix or another average") {
  const TemporaryDirectory folder;
  const std::string path = folder / "run";
  Run run(training, everything(), normalization);
  run.update();
  save_run(path, run);
  const auto error = [&](const auto& change) {
    Run::Options options = everything();
    change(options);
    Run other(training, options, normalization);
    const std::string said = error_of([&] { load_run(path, other); });
    return said.substr(std::min(said.size(), said.find("found ")));
  };
  CHECK(error([](auto&) {}) == "");
  CHECK(error([](auto& o) { o.augmentation.transforms[2] = Mixup{.mixup = 0.5}; }).starts_with("found transforms '"));
  CHECK(error([](auto& o) { o.augmentation.transforms.pop_back(); }).starts_with("found transforms '"));
  CHECK(error([](auto& o) { o.augmentation.transforms = {}; }).find("expected transforms nothing") !=
        std::string::npos);
  CHECK(error([](auto& o) { o.augmentation.transforms = {RandomErasing{}}; }).find("rand_augment magnitude=9") !=
        std::string::npos);
  CHECK(error([](auto& o) { o.optimizer.ema_decay = 0.5; }) ==
        "found ema_decay '0.8', expected ema_decay '0.5', as this run has");
}

TEST_CASE("the last blocks alone are trained, as if nothing stood below them") {
  using Alone = Finetuning<Model, Policy>;
  FinetuningOptions options;
  options.batch = 16, options.epochs = 2, options.warmup = 0, options.base_learning_rate = 3e-2;
  options.optimizer.clip = 1e9;
  const Weights<Model, Policy> start(options.seed);
  for (const Index blocks : {-1, 0, 1, 2}) {
    INFO(blocks, " blocks");
    options.trained_blocks = blocks;
    Alone run(training, options, normalization);
    run.train();
    for (const ParameterInfo& p : start.parameters()) {
      INFO(p.name);
      const bool embeds = p.name == "cls_token" || p.name == "pos_embed" || p.name.starts_with("patch_embed.");
      const bool trained = blocks < 0 || (p.name.starts_with("blocks.0.")   ? blocks == 2
                                          : p.name.starts_with("blocks.1.") ? blocks >= 1
                                                                            : !embeds);
      const bool moved = !std::equal(start.at(p), start.at(p) + p.count, std::as_const(run.weights()).at(p));
      CHECK(moved == trained);
      // Nothing reaches the moments of what is frozen, so nor does it count in the norm of the gradient.
      const auto* const moment = std::as_const(run.optimizer()).state(1).at(p);
      const bool reached = std::any_of(moment, moment + p.count, [](float v) { return v != 0; });
      CHECK(reached == trained);
    }
  }
  for (const Index blocks : {3, -2}) {
    options.trained_blocks = blocks;
    CHECK(error_of([&] { Alone(training, options, normalization); }) ==
          "mae: trained_blocks: found " + std::to_string(blocks) +
              (blocks == 3 ? ", expected at most the encoder's 2"
                           : ", expected a number of blocks, or -1 for everything"));
  }
}

TEST_CASE("recipes are the published numbers") {
  const auto check = [](const char* name, Index epochs, double rate, double layer_decay, double drop_path) {
    INFO(name);
    const FinetuningRecipe recipe = finetuning_recipe(name);
    const FinetuningOptions& o = recipe.options;
    CHECK(o.batch * o.accumulation == 1024);
    CHECK(o.epochs == epochs);
    CHECK(scaled_rate(o.base_learning_rate, 1024) == doctest::Approx(rate));
    CHECK(o.warmup == 5);
    CHECK(o.min_learning_rate == 1e-6);
    CHECK(o.layer_decay == layer_decay);
    CHECK(o.drop_path == drop_path);
    CHECK(o.label_smoothing == 0.1);
    CHECK(o.optimizer.weight_decay == 0.05);
    CHECK(o.optimizer.beta2 == 0.999);
    CHECK(o.augmentation.min_crop_scale == 0.08);
    CHECK(o.augmentation.flip);
    REQUIRE(o.augmentation.transforms.size() == 3);
    CHECK(mixing_of(o.augmentation));
    CHECK(recipe.evaluation_crop == 0.875);
  };
  check("paper-base", 100, 2e-3, 0.65, 0.1);
  check("paper-large", 50, 4e-3, 0.75, 0.2);
  check("paper-huge", 50, 4e-3, 0.75, 0.3);
  CHECK(!mixing_of(finetuning_recipe("small-data").options.augmentation));
  for (const char* const name : finetuning_recipes) validate(finetuning_recipe(name).options.augmentation);
  CHECK(error_of([] { finetuning_recipe("paper"); }) ==
        "mae: recipe: found paper, expected paper-base, paper-large, paper-huge, small-data");
}
