#include <cmath>

#include <mae/checkpoint/run_state.hpp>

#include <doctest/doctest.h>

#include <mae/checkpoint/load_encoder.hpp>
#include <mae/model/mask_strategies.hpp>
#include <mae/optim/lars.hpp>
#include <mae/optim/sgd.hpp>
#include <mae/train/finetune.hpp>
#include <mae/train/pretrain.hpp>

#include "support/temporary.hpp"
#include "train/toy.hpp"

using namespace mae;
using namespace test;

namespace {

using Geometry = ImageShape<1, 8, 8, 4>;
using Size = Transformer<16, 2, 2>;
using Model = MaskedAutoencoder<Geometry, Size, Transformer<16, 1, 2>>;
using Run = Pretraining<Model, Policy>;
using Tuning = Finetuning<Classifier<Geometry, Size, 4>, Policy>;
template <class Rule>
using RunBy = Pretraining<Model, Policy, KeepAll, AfterBackward, Rule>;

const Dataset images = bars(100, 1), fewer = bars(99, 1);
const Normalization normalization = Normalization::of(channel_statistics(images));

/// Three epochs: of 4 updates of 24 images, or of 5 updates of 24 images but for the last.
template <class Options>
Options small() {
  Options options;
  options.batch = 8;
  options.accumulation = 3;
  options.epochs = 3;
  options.warmup = 1;
  options.base_learning_rate = 1e-2;
  options.augmentation = {.shift = 1, .flip = true, .min_crop_scale = 0.7};
  options.optimizer.clip = 1;
  options.seed = 3;
  return options;
}

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
template <class R>
bool same_run(const R& a, const R& b) {
  const Progress p = a.progress(), q = b.progress();
  for (int k = 0; k < a.optimizer().states; ++k)
    if (!same_bits(a.optimizer().state(k), b.optimizer().state(k))) return false;
  return same_bits(a.weights(), b.weights()) && p.steps == q.steps && p.images == q.images && p.loss == q.loss;
}

/// The error of continuing the file at `path`; the run must keep every bit.
template <class R = Run, class Options = typename R::Options>
std::string load_error(const std::string& path, Options options = small<Options>(), const Dataset& set = images,
                       const Normalization& statistics = normalization) {
  R run(set, options, statistics), before(set, options, statistics);
  run.update(), before.update();
  const std::string error = error_of([&] { load_run(path, run); });
  CHECK(same_run(run, before));
  const auto at = error.find(path);
  REQUIRE(at != std::string::npos);
  return error.substr(0, at) + "FILE" + error.substr(at + path.size());
}

void write_changed(const std::string& from, const std::string& to, const auto& edit) {
  std::string text = read_text(from);
  edit(text);
  write_text(to, text);
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
  using Small = MaskedAutoencoder<Geometry, Transformer<8, 1, 2>, Transformer<8, 1, 2>>;
  const std::string path = source_folder() + "/tests/checkpoint/run_0_1.safetensors";  // after 6 updates of 24 images
  const SafetensorsFile file = SafetensorsFile::read(path);
  CHECK(file.metadata("version") == "0.1.0");
  CHECK_FALSE(file.metadata().contains("run.optimizer"));
  Pretraining<Small, Policy> run(images, small<PretrainingOptions>(), normalization),
      whole(images, small<PretrainingOptions>(), normalization);
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

  using Wider = Pretraining<MaskedAutoencoder<Geometry, Size, Transformer<32, 1, 2>>, Policy>;
  CHECK(load_error<Wider>(path) ==
        "mae: FILE: decoder: found 16 wide, 1 blocks, 2 heads, expected 32 wide, 1 blocks, 2 "
        "heads, as the model has");
  using Ratio = Pretraining<MaskedAutoencoder<Geometry, Size, Transformer<16, 1, 2>, MaskRatio<50>>, Policy>;
  CHECK(load_error<Ratio>(path) ==
        "mae: FILE: the run to continue: found mask_ratio '0.750000', expected mask_ratio "
        "'0.500000', as this run has");
  CHECK(load_error<Tuning>(path).starts_with("mae: FILE: the run to continue: found "));
  using Double = Pretraining<Model, Cpu<double>>;
  CHECK(load_error<Double>(path) == "mae: FILE: tensor 'cls_token': found dtype F32, expected F64");
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
  const SafetensorsFile file = SafetensorsFile::read(path);
  CHECK(recorded_masking(file) == "random");
  Metadata metadata = file.metadata();
  CHECK(metadata.erase("masking") == 1);
  Checksum sum;
  detail::add_metadata(sum, metadata);
  std::vector<std::vector<std::byte>> bytes;
  std::vector<TensorBytes> tensors;
  for (const TensorEntry& entry : file.entries()) {
    bytes.push_back(file.bytes(entry.name));
    tensors.push_back({entry.name, entry.dtype, entry.shape, bytes.back().data()});
    sum.add(bytes.back().data(), static_cast<Index>(bytes.back().size()));
  }
  metadata[detail::checksum_key] = sum.text();
  write_safetensors(old, tensors, metadata);
  CHECK(recorded_masking(SafetensorsFile::read(old)) == "random");
  Run resumed(images, random, normalization);
  load_run(old, resumed);
  CHECK(same_run(resumed, other));
  CHECK(load_error(old, options) ==
        "mae: FILE: the run to continue: found masking 'random', expected masking 'grid', as "
        "this run has");
}

TEST_CASE("files that are no state of a run, or damaged") {
  const TemporaryDirectory folder;
  const std::string path = folder / "run", bad = folder / "bad";
  Run run(images, small<PretrainingOptions>(), normalization);
  run.update();
  CHECK(load_error(path) == "mae: FILE: found \"No such file or directory\" on opening, expected a readable file");
  save_checkpoint(path, run.weights());
  CHECK(load_error(path) ==
        "mae: FILE: found a checkpoint without the state of a run, expected one that save_run wrote");
  check_checkpoint(path);  // whole, though

  save_run(path, run);
  const std::size_t bytes = read_text(path).size();
  for (const std::size_t left : {std::size_t{0}, std::size_t{7}, std::size_t{1000}, bytes / 2, bytes - 1}) {
    write_changed(path, bad, [&](std::string& text) { text.resize(left); });
    INFO(left, " bytes of ", bytes);
    CHECK(load_error(bad).starts_with("mae: FILE: "));
    CHECK_THROWS_AS(check_checkpoint(bad), Error);
  }
  // One bit, in a weight, a moment, the last byte, or the number of updates.
  const std::size_t steps = read_text(path).find("\"run.steps\":\"1\"") + 13;
  for (const std::size_t place : {bytes / 3, bytes / 2, bytes - 1, steps}) {
    write_changed(path, bad, [&](std::string& text) { text[place] = static_cast<char>(text[place] ^ 2); });
    INFO("byte ", place, " of ", bytes);
    CHECK(load_error(bad).ends_with("; the file is damaged"));
    CHECK_THROWS_AS(check_checkpoint(bad), Error);
  }
}

TEST_CASE("weights and moments that are no numbers: which, where and how many, and nothing is loaded") {
  const TemporaryDirectory folder;
  Run run(images, small<PretrainingOptions>(), normalization);
  run.update();
  save_run(folder / "run", run);
  const SafetensorsFile file = SafetensorsFile::read(folder / "run");
  const auto infinite = std::bit_cast<std::uint32_t>(HUGE_VALF), nan = infinite + 1;
  for (const std::string name :
       {"patch_embed.proj.weight", "optimizer.exp_avg.blocks.1.attn.qkv.weight", "optimizer.exp_avg_sq.cls_token"})
    for (const std::uint32_t bits : {infinite, infinite | 1u << 31, nan, nan | 1u << 31}) {
      std::vector<std::vector<std::byte>> bytes;
      std::vector<TensorBytes> tensors;
      Checksum sum;
      detail::add_metadata(sum, file.metadata());
      for (const TensorEntry& entry : file.entries()) {
        bytes.push_back(file.bytes(entry.name));
        if (entry.name == name)
          for (const std::size_t at : {std::size_t{13}, std::size_t{15}})
            std::memcpy(bytes.back().data() + 4 * at, &bits, 4);
        sum.add(bytes.back().data(), static_cast<Index>(bytes.back().size()));
        tensors.push_back({entry.name, entry.dtype, entry.shape, bytes.back().data()});
      }
      Metadata metadata = file.metadata();
      metadata["run.checksum"] = sum.text();
      write_safetensors(folder / "bad", tensors, metadata);
      const Index count = file.at(name).count();
      const std::string place = name.ends_with("token")        ? "[0, 0, 13]"
                                : name.ends_with("qkv.weight") ? "[0, 13]"
                                                               : "[0, 0, 3, 1]";
      CHECK(load_error(folder / "bad") == "mae: FILE: tensor '" + name + "': found 2 of " + std::to_string(count) +
                                              " numbers that are not finite, the first at " + place +
                                              ", expected finite numbers");
      CHECK_THROWS_AS(check_checkpoint(folder / "bad"), Error);
    }
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

TEST_CASE("files that say nonsense, with the right checksum") {
  const TemporaryDirectory folder;
  Run run(images, small<PretrainingOptions>(), normalization);
  run.update();
  save_run(folder / "run", run);
  const SafetensorsFile file = SafetensorsFile::read(folder / "run");
  auto error_with = [&](const std::string& key, const std::string& value) {
    Metadata metadata = file.metadata();
    if (value.empty()) metadata.erase(key);
    else metadata[key] = value;
    Checksum sum;
    detail::add_metadata(sum, metadata);
    std::vector<std::vector<std::byte>> bytes;
    std::vector<TensorBytes> tensors;
    for (const TensorEntry& entry : file.entries()) {
      bytes.push_back(file.bytes(entry.name));
      sum.add(bytes.back().data(), static_cast<Index>(bytes.back().size()));
      tensors.push_back({entry.name, entry.dtype, entry.shape, bytes.back().data()});
    }
    metadata["run.checksum"] = sum.text();
    write_safetensors(folder / "bad", tensors, metadata);
    return load_error(folder / "bad");
  };
  for (const char* const steps : {"x", "1.5", "[1]", "\"1\"", "1e99999", "99999999999999999999", "{"})
    CHECK(error_with("run.steps", steps).starts_with("mae: FILE"));
  CHECK(error_with("run.steps", "1\n5") == "mae: FILE: metadata 'run.steps': found '1?5', expected a whole number");
  CHECK(error_with("run.steps", "13") == "mae: FILE: found 13 updates, expected at most 3 epochs of 4");
  CHECK(error_with("run.steps", "-1") == "mae: FILE: found -1 updates, expected at most 3 epochs of 4");
  CHECK(error_with("run.steps", "") == "mae: FILE: metadata: found no key 'run.steps', expected one");
  CHECK(error_with("run.epoch_images", "-7").starts_with("mae: FILE: found a loss of "));
  CHECK(error_with("run.epoch_loss", "1e999").starts_with("mae: FILE: metadata 'run.epoch_loss': found '1e999'"));
  CHECK(error_with("run.seed", "") ==
        "mae: FILE: the run to continue: found seed nothing, expected seed '3', as this run has");
  CHECK(error_with("run.seed", std::string(5000, '9')).size() < 300);
}

TEST_CASE("a file that cannot be written leaves the earlier one") {
  const TemporaryDirectory folder;
  Run run(images, small<PretrainingOptions>(), normalization);
  save_run(folder / "run", run);
  const std::string before = read_text(folder / "run");
  run.update();
  CHECK(
      error_of([&] { save_run(folder / "none/run", run); }).starts_with("mae: " + (folder / "none/run") + ": found "));
  CHECK(error_of([&] { save_run(folder / "run", run, {{"config", "\xff"}}); }).find("UTF-8") != std::string::npos);
  // Weights that have run away must not take the place of good ones.
  run.weights().at(*run.weights().find("norm.bias"))[3] = HUGE_VALF;
  CHECK(
      error_of([&] { save_run(folder / "run", run); }) ==
      "mae: " + (folder / "run") +
          ": tensor 'norm.bias': found 1 of 16 numbers that is not finite, the first at [3], expected finite numbers");
  run.weights().at(*run.weights().find("norm.bias"))[3] = 0;
  run.optimizer().second_moment().at(*run.weights().find("cls_token"))[0] = NAN;
  CHECK(contains(error_of([&] { save_run(folder / "run", run); }), "'optimizer.exp_avg_sq.cls_token': found 1 of 16"));
  CHECK(read_text(folder / "run") == before);
  CHECK(folder.entries() == 1);
}
