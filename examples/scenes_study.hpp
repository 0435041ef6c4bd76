// Is pre-training worth it where labels are few? What detect_digits and segment_digits ask of their tasks, in one way.
//
// Encoders are pre-trained on scenes without labels, one for each seed, and stay in a folder for the other task. Then
// a model is trained on 100 and on 300 labelled scenes: from such an encoder, and the same one from scratch, on the
// same scenes for as many epochs. Scores are those on scenes of other digits and other backgrounds; settings are chosen
// on a third kind, `--validation`: new scenes of what training scenes are made of.
//
// A task has a name, its model, the set that it takes of scenes, two scores, and what is drawn of them:
//
//   struct Detection {
//     static constexpr const char *name, *summary, *scores[2], *panel;
//     static constexpr Index epochs;                                      // over 100 scenes
//     static constexpr double base_learning_rate;                         // for 256 scenes in one update
//     using Model = mae::Detector<…>;
//     static mae::DetectionSet set(const Scenes& scenes);
//     static std::array<double, 2> score(weights, set, normalization);
//     static mae::Image truth(const mae::DetectionSet& set, Index i);
//     static std::vector<mae::Image> found(weights, set, normalization);  // in the order of the set
//   };
#pragma once
#include "digit_scenes.hpp"
#include "programs/framework/program.hpp"

#include <mae/checkpoint/load_encoder.hpp>
#include <mae/data/fit.hpp>
#include <mae/mae.hpp>
#include <mae/plot/overlay.hpp>

#include <cmath>
#include <cstdio>
#include <filesystem>

namespace digit_scenes {

using Geometry = mae::ImageShape<1, side, side, 4>;  // 144 patches of 4 × 4
using Encoder = mae::Transformer<96, 6, 4>;
using Autoencoder = mae::MaskedAutoencoder<Geometry, Encoder, mae::Transformer<48, 2, 4>>;
using digits::Policy;
inline constexpr Index panel_scale = 4;

template <class Task>
struct StudySettings : program::Settings {
  StudySettings() : program::Settings(Task::name, Task::summary) {}
  program::Integer unlabelled{*this, "unlabelled", 2000, "scenes to pre-train on", program::between(1, 1e6)};
  program::Integer pretraining{*this, "pretraining_epochs", 60, "passes over the unlabelled", program::between(1, 1e6)};
  program::Integer labelled{*this, "labelled", 0, "scenes to learn from; 0: 100, then 300", program::between(0, 1e6)};
  program::Integer epochs{*this, "epochs", Task::epochs, "passes over 100 labelled, half as many over more",
                          program::between(1, 1e6)};
  program::Number rate{*this, "base_learning_rate", Task::base_learning_rate, "of both, for 256 scenes in one update",
                       program::above(0)};
  program::Switch validation{*this, "validation", false, "scores on scenes to choose settings by"};
  program::Integer seeds{*this, "seeds", 3, "runs of each kind, side by side", program::between(1, 1000)};
  program::Text out{*this, "out", ".", "folder for the panel and the encoders"};
};

inline std::string encoder_file(const std::string& folder, int seed) {
  return folder + "/scenes-encoder-" + std::to_string(seed) + ".safetensors";
}

/// Makes the encoder of `seed` if it is not there.
inline void pretrain_encoder(const std::string& folder, const mae::Dataset& scenes, int seed, Index epochs) {
  const std::string path = encoder_file(folder, seed);
  if (std::filesystem::exists(path)) {
    std::printf("%s is there\n", path.c_str());
    return;
  }
  mae::PretrainingOptions options;
  options.batch = 16;  // many small steps: there are few scenes
  options.epochs = epochs;
  options.warmup = 0.1 * static_cast<double>(epochs);
  options.base_learning_rate = 1.6e-2;
  options.augmentation.min_crop_scale = 0.5;
  options.seed = static_cast<std::uint64_t>(seed);
  mae::Pretraining<Autoencoder, Policy> run(scenes, options, mae::Normalization::of(scenes));
  run.train([&](const mae::TrainingEpoch& e) {
    if (e.epoch % 10 != 0 && e.epoch != epochs) return;
    std::printf("seed %d  epoch %3jd  loss %.4f\n", seed, e.epoch, e.loss);
    std::fflush(stdout);
  });
  mae::save_encoder(path, run);
}

/// Mean of values, and their standard deviation.
struct Spread {
  double mean = 0, deviation = 0;
  explicit Spread(const std::vector<double>& values) {
    for (const double v : values) mean += v / static_cast<double>(values.size());
    for (const double v : values) deviation += (v - mean) * (v - mean);
    deviation = values.size() < 2 ? 0 : std::sqrt(deviation / static_cast<double>(values.size() - 1));
  }
};

/// How a model is trained on labelled scenes, from an encoder or from scratch.
inline mae::FinetuningOptions training_options(int seed, Index epochs, double base_learning_rate) {
  mae::FinetuningOptions options;
  options.batch = 8;
  options.epochs = epochs;
  options.warmup = static_cast<double>(epochs) / 10;
  options.base_learning_rate = base_learning_rate;
  options.layer_decay = 1;
  options.drop_path = 0;
  options.label_smoothing = 0;
  options.optimizer.weight_decay = 0.1;
  options.augmentation.shift = 2;
  options.augmentation.transforms = {mae::Fit{.min_scale = 0.75, .max_scale = 1.33}};
  options.seed = static_cast<std::uint64_t>(seed);
  return options;
}

/// The whole program of a task.
template <class Task>
int study(int count, char** arguments) {
  return program::run<StudySettings<Task>>(count, arguments, [](const StudySettings<Task>& settings) {
    const std::string folder = settings.out();
    program::check_folder("--out", folder);
    program::make_folder("--out", folder);
    const int seeds = static_cast<int>(settings.seeds());
    const digits::Split digits = digits::load();
    const Material seen = material(digits.unlabelled, true), unseen = material(digits.test, false);
    const mae::Dataset unlabelled = make(seen, settings.unlabelled(), 1).images;
    const auto test = Task::set(settings.validation() ? make(seen, 200, 4) : make(unseen, 300, 3));
    const auto drawn = Task::set(make(unseen, 4, 3));  // the first of the test scenes
    const auto normalization = mae::Normalization::of(unlabelled);
    digits::side_by_side(seeds, [&](int seed) { pretrain_encoder(folder, unlabelled, seed, settings.pretraining()); });

    std::printf("%jd other scenes, mean and spread of %d seeds\n", test.size(), seeds);
    std::printf("scenes  epochs  from scratch             pre-trained\n");
    std::printf("                %-11s  %-10s  %-11s  %-10s\n", Task::scores[0], Task::scores[1], Task::scores[0],
                Task::scores[1]);
    std::vector<Index> numbers{100, 300};
    if (settings.labelled() > 0) numbers = {settings.labelled()};
    for (const Index number : numbers) {
      const auto labelled = Task::set(make(seen, number, 2));
      const Index epochs = number > 100 ? (settings.epochs() + 1) / 2 : settings.epochs();
      std::vector<double> scores[4];  // from scratch, then pre-trained: two of each seed
      for (auto& of_seeds : scores) of_seeds.resize(static_cast<std::size_t>(seeds));
      std::vector<mae::Image> found[2];
      digits::side_by_side(2 * seeds, [&](int i) {
        const int seed = i % seeds;
        const bool pretrained = i >= seeds;
        const auto options = training_options(seed, epochs, settings.rate());
        mae::Finetuning<typename Task::Model, Policy> run(labelled, options, normalization);
        if (pretrained) mae::load_encoder(encoder_file(folder, seed), run.weights(), normalization);
        run.train();
        const std::array<double, 2> two = Task::score(run.weights(), test, normalization);
        for (std::size_t k = 0; k < 2; ++k)
          scores[(pretrained ? 2 : 0) + k][static_cast<std::size_t>(seed)] = 100 * two[k];
        if (seed == 0) found[pretrained ? 1 : 0] = Task::found(run.weights(), drawn, normalization);
      });
      std::printf("%6jd  %6jd", number, epochs);
      for (const auto& of_seeds : scores) {
        const Spread spread(of_seeds);
        std::printf("  %4.1f ± %4.1f", spread.mean, spread.deviation);
      }
      std::printf("\n");
      std::fflush(stdout);
      if (number != numbers.front()) continue;
      std::vector<std::vector<mae::Image>> rows(2);
      for (std::size_t k = 0; k < 4; ++k)
        for (const mae::Image& image : {Task::truth(drawn, Index(k)), found[1][k], found[0][k]})
          rows[k / 2].push_back(image);
      mae::write_png(
          folder + "/" + Task::panel,
          mae::image_grid({"truth", "pre-trained", "from scratch", "truth", "pre-trained", "from scratch"}, rows));
      std::printf("wrote %s/%s\n", folder.c_str(), Task::panel);
    }
  });
}

}  // namespace digit_scenes
