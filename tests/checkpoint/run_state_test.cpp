#include <mae/checkpoint/run_state.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include <mae/checkpoint/load_encoder.hpp>
#include <mae/model/mask_strategies.hpp>
#include <mae/optim/lars.hpp>
#include <mae/optim/sgd.hpp>
#include <mae/train/finetune.hpp>

#include "checkpoint/parts.hpp"
#include "checkpoint/runs.hpp"

using namespace test;

namespace {

using Tuning = Finetuning<Classifier<Geometry, Size, 4>, Policy>;
template <class Rule>
using RunBy = Pretraining<Model, Policy, KeepAll, AfterBackward, Rule>;
using Small = Pretraining<MaskedAutoencoder<Geometry, Transformer<8, 1, 2>, Transformer<8, 1, 2>>, Policy>;
const Dataset fewer = bars(99, 1);

/// What a run says of each update, from where it is to its end.
template <class R>
std::vector<double> rest_of(R& run) {
  std::vector<double> said;
  while (!run.finished()) {
    said.push_back(run.update());
    const TrainingEpoch epoch = run.epoch_so_far();
    said.insert(said.end(), {double(epoch.epoch), epoch.loss, epoch.rate, double(epoch.images)});
  }
  return said;
}

}  // namespace

TEST_CASE_TEMPLATE("stopped after any update and continued by another run: the same bits, the same reports", R, Run,
                   Tuning, RunBy<SgdRule>, RunBy<LarsRule>) {
  const TemporaryDirectory folder;
  const auto options = small<typename R::Options>();
  R whole(images, options, normalization);
  std::vector<double> said = rest_of(whole);
  const Index updates = 3 * (std::is_same_v<R, Tuning> ? 5 : 4);
  REQUIRE(said.size() == static_cast<std::size_t>(5 * updates));
  for (Index stop = 0; stop <= updates; ++stop) {
    INFO("after ", stop, " updates");
    const std::string path = folder / "run";
    {
      R stopped(images, options, normalization);
      while (stopped.optimizer().steps() < stop) stopped.update();
      save_run(path, stopped);
      R again(images, options, normalization);
      load_run(path, again);
      CHECK(same_run(stopped, again));
    }
    Team::number = 1 + static_cast<int>(stop % 3);
    R resumed(images, options, normalization);
    for (Index other = 0; other < stop % 4; ++other) resumed.update();  // where it was before does not matter
    load_run(path, resumed);
    const std::vector<double> rest = rest_of(resumed);
    Team::number = 1;
    CHECK(rest == std::vector<double>(said.begin() + 5 * stop, said.end()));
    CHECK(same_run(resumed, whole));
  }
  CHECK(folder.entries() == 1);
}

TEST_CASE("the file is a checkpoint of the model too, and says what it holds") {
  const TemporaryDirectory folder;
  Run run(images, small<PretrainingOptions>(), normalization);
  for (int update = 0; update < 5; ++update) run.update();
  save_run(folder / "run", run, {{"config", "{}"}, {"run.steps", "7"}, {"mean", "[9]"}});  // no contradictions

  Weights<Model, Policy> weights;
  const LoadReport report = load_checkpoint(folder / "run", weights);
  CHECK(same_bits(weights, run.weights()));
  for (const LoadReport::Ignored& ignored : report.ignored) CHECK(ignored.tensor.starts_with("optimizer.exp_avg"));
  Weights<Classifier<Geometry, Size, 4>, Policy> classifier;
  CHECK(load_encoder(folder / "run", classifier, normalization).kept.size() == 4);

  const SafetensorsFile file = SafetensorsFile::read(folder / "run");
  CHECK(file.metadata("run.steps") == "5");
  CHECK(file.metadata("run.epoch_images") == "24");
  CHECK(file.metadata("run.images") == "100");
  CHECK(file.metadata("run.base_learning_rate") == "0.01");
  CHECK(file.metadata("run.flip") == "true");
  CHECK(file.metadata("epochs") == "1");
  CHECK(file.metadata("config") == "{}");
  CHECK(file.metadata("target") == "normalized pixels");
  CHECK(recorded_normalization(file).mean == normalization.mean);
  CHECK(file.find("optimizer.exp_avg.cls_token") != nullptr);
  CHECK(file.find("optimizer.exp_avg_sq.blocks.1.mlp.fc2.bias") != nullptr);
  CHECK(file.find("optimizer.exp_avg.pos_embed") == nullptr);  // frozen
  // Moments stand in the file as weights do.
  const auto moment = file.values<float>("optimizer.exp_avg.patch_embed.proj.weight");
  const ParameterInfo& patches = *run.weights().find("patch_embed.proj.weight");
  for (Index i = 0; i < patches.count; ++i)
    REQUIRE(moment[static_cast<std::size_t>(patches.file_position(i))] ==
            run.optimizer().first_moment().at(patches)[i]);
  check_checkpoint(folder / "run");
}

TEST_CASE("a run of pre-training knows what it did") {
  Run run(images, small<PretrainingOptions>(), {{0.25}, {0.5}});
  const Metadata before{{"epochs", "0"}, {"mean", "[0.25]"}, {"deviation", "[0.5]"}, {"masking", "random"}};
  CHECK(metadata_of(run) == before);
  for (int update = 0; update < 9; ++update) run.update();  // two epochs of four, and a part of another
  CHECK(metadata_of(run).at("epochs") == "2");
}

TEST_CASE("the states of another optimizer have their own names, and its run is not that of AdamW") {
  const TemporaryDirectory folder;
  RunBy<SgdRule> run(images, small<PretrainingOptionsOf<SgdRule>>(), normalization);
  run.update();
  save_run(folder / "run", run);
  const SafetensorsFile file = SafetensorsFile::read(folder / "run");
  CHECK(file.metadata("run.optimizer") == "SGD");
  CHECK(file.metadata("run.nesterov") == "false");
  CHECK(file.find("optimizer.momentum_buffer.cls_token") != nullptr);
  CHECK(file.find("optimizer.exp_avg.cls_token") == nullptr);
  const std::string error = load_error<Run>(folder / "run");
  CHECK(contains(error, "optimizer 'SGD'"));
  CHECK(contains(error, "optimizer 'AdamW'"));
  CHECK(contains(load_error<RunBy<LarsRule>>(folder / "run"), "optimizer 'LARS'"));
  Run adamw(images, small<PretrainingOptions>(), normalization);
  save_run(folder / "adamw", adamw);
  CHECK(contains(load_error<RunBy<SgdRule>>(folder / "adamw"), "momentum nothing"));
}

TEST_CASE("a run that version 0.1 saved goes on") {
  const std::string path = source_folder() + "/tests/checkpoint/run_0_1.safetensors";  // after 6 updates of 24 images
  const SafetensorsFile file = SafetensorsFile::read(path);
  CHECK(file.metadata("version") == "0.1.0");
  CHECK_FALSE(file.metadata().contains("run.optimizer"));
  Small run(images, small<PretrainingOptions>(), normalization), whole(images, small<PretrainingOptions>(), normalization);
  load_run(path, run);
  CHECK(run.progress().steps == 6);
  while (whole.progress().steps < 6) whole.update();
  while (!run.finished()) CHECK(run.update() == doctest::Approx(whole.update()).epsilon(1e-4));
  double difference = 0;
  for (Index i = 0; i < run.weights().size(); ++i)
    difference = std::fmax(difference, std::fabs(double(run.weights().data()[i]) - double(whole.weights().data()[i])));
  CHECK(difference < 1e-3);
}

TEST_CASE("a run of other options, images or another model is not continued; all that differs is named") {
  const TemporaryDirectory folder;
  const std::string path = folder / "run";
  {
    Run run(images, small<PretrainingOptions>(), normalization);
    run.update();
    save_run(path, run);
  }
  // Every option by itself. The value that `small` has is in the file.
  int options_tried = 0;
  auto options = small<PretrainingOptions>();
  each_option(options, [&](const char* name, auto& value) {
    const auto kept = value;
    if constexpr (std::is_same_v<decltype(kept), const double>) value = 0.75 * (kept + 0.1);
    else if constexpr (std::is_same_v<decltype(kept), const bool>) value = !kept;
    else value = kept + 1;
    if (std::string(name) == "max_aspect_ratio") value = 2;
    const std::string error = load_error(path, options);
    INFO(name, ": ", error);
    CHECK(error.starts_with("mae: FILE: the run to continue: found " + std::string(name) + " "));
    CHECK(error.find(", as this run has") != std::string::npos);
    value = kept;
    ++options_tried;
  });
  CHECK(options_tried == 16);
  options.batch = 4, options.seed = 9;
  CHECK(load_error(path, options) ==
        "mae: FILE: the run to continue: found batch '8', seed '3', expected batch '4', seed '9', as this run has");
  CHECK(load_error(path, small<PretrainingOptions>(), fewer) ==
        "mae: FILE: the run to continue: found images '100', expected images '99', as this run has");
  CHECK(load_error(path, small<PretrainingOptions>(), images, {{0.25}, normalization.deviation})
            .ends_with("expected mean '[0.25]', as this run has"));

  CHECK(load_error<Small>(path) ==
        "mae: FILE: decoder: found 16 wide, 1 blocks, 2 heads, expected 8 wide, 1 blocks, 2 heads, as the model has");
  CHECK(load_error<Tuning>(path).starts_with("mae: FILE: the run to continue: found "));
}

TEST_CASE("a mask strategy is recorded, and a run goes on with it alone; files of version 0.1 know the random one") {
  const TemporaryDirectory folder;
  const std::string path = folder / "run", old = folder / "old";
  auto options = small<PretrainingOptions>(), random = options;
  options.masking = GridMasking{};
  Run run(images, options, normalization), other(images, random, normalization);
  CHECK(run.update() != other.update());
  save_run(path, run);
  CHECK(SafetensorsFile::read(path).metadata("masking") == "grid");
  CHECK(metadata_of(run).at("masking") == "grid");
  CHECK(load_error(path, random) ==
        "mae: FILE: the run to continue: found masking 'grid', expected masking 'random', as "
        "this run has");
  Run again(images, options, normalization);
  load_run(path, again);
  CHECK(same_run(run, again));
  CHECK(run.update() == again.update());

  // The file of a random run, as version 0.1 wrote it: without the name.
  save_run(path, other);
  CHECK(recorded_masking(SafetensorsFile::read(path)) == "random");
  Parts parts(path);
  CHECK(parts.metadata.erase("masking") == 1);
  parts.write_run(old);
  CHECK(recorded_masking(SafetensorsFile::read(old)) == "random");
  Run resumed(images, random, normalization);
  load_run(old, resumed);
  CHECK(same_run(resumed, other));
  CHECK(load_error(old, options) ==
        "mae: FILE: the run to continue: found masking 'random', expected masking 'grid', as "
        "this run has");
}

TEST_CASE_TEMPLATE("a run goes on for longer, or less long: from there on at the rates of the new length", R, Run,
                   Tuning) {
  const TemporaryDirectory folder;
  auto options = small<typename R::Options>();
  const Index epoch = R(images, options, normalization).updates_per_epoch();
  for (const Index stop : {epoch + 1, 3 * epoch}) {
    R run(images, options, normalization);
    while (run.optimizer().steps() < stop) run.update();
    save_run(folder / "run", run);
    auto more = options;
    more.epochs = 5;
    R longer(images, more, normalization);
    CHECK(contains(error_of([&] { load_run(folder / "run", longer); }), "found epochs '3', expected epochs '5'"));
    CHECK(longer.optimizer().steps() == 0);
    load_run(folder / "run", longer, {.other_length = true});
    CHECK(same_run(longer, run));
    // The same updates, but for their rates: at the first one images, crops and masks are those of the other run.
    const CosineSchedule schedule{scaled_rate(options.base_learning_rate, longer.images_per_update()),
                                  options.min_learning_rate, 1, 5};
    const double loss = longer.update();
    if (!run.finished()) CHECK(run.update() == loss);
    CHECK(longer.epoch_so_far().rate == schedule.at(static_cast<double>(stop) / static_cast<double>(epoch)));
    while (!longer.finished()) longer.update();
    CHECK(longer.epoch() == 5);
    // What is saved now is a run of five epochs.
    save_run(folder / "longer", longer);
    R again(images, more, normalization);
    load_run(folder / "longer", again);
    CHECK(same_run(longer, again));
  }
  auto less = options;
  less.epochs = 2;
  R shorter(images, less, normalization);
  CHECK(error_of([&] { load_run(folder / "run", shorter, {.other_length = true}); }) ==
        "mae: " + (folder / "run") + ": found " + std::to_string(3 * epoch) +
            " updates, expected at most 2 epochs of " + std::to_string(epoch));
  less.epochs = 5, less.warmup = 2;
  R warmer(images, less, normalization);
  CHECK(contains(error_of([&] { load_run(folder / "run", warmer, {.other_length = true}); }), "found warmup '1.0'"));
}
