// Is pre-training worth it? Loads the encoders of digits_pretrain and compares, on few labels: fine-tuning them, a
// linear probe on them frozen, and the same network trained from scratch. Prints test accuracy, mean and spread over
// seeds.
//
//   digits_finetune --in out
//
// With 300 labels an epoch is three times as long, so half as many do.
#include "digits.hpp"
#include "programs/framework/program.hpp"

#include <mae/checkpoint/load_encoder.hpp>
#include <mae/train/probe.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace {

struct Scores {
  std::vector<double> values;
  double mean() const {
    double sum = 0;
    for (const double v : values) sum += v;
    return sum / static_cast<double>(values.size());
  }
  /// Standard deviation over the seeds.
  double spread() const {
    double sum = 0;
    for (const double v : values) sum += (v - mean()) * (v - mean());
    return values.size() < 2 ? 0 : std::sqrt(sum / static_cast<double>(values.size() - 1));
  }
};

/// One run: the labelled images, how often they are seen, and what is made of the seed's encoder.
enum class Kind { scratch, tuned, probed };
struct Run {
  Kind kind;
  int seed, epochs;
  const mae::Dataset* labelled;
};

double accuracy_of(const Run& run, const mae::Dataset& test, const std::string& folder) {
  const auto encoder = mae::load_encoder<digits::Preset::Encoder>(digits::encoder_file(folder, run.seed));
  auto train = [&]<class Model>(mae::FinetuningOptions options, std::type_identity<Model>) {
    options.seed = static_cast<std::uint64_t>(run.seed);
    mae::Finetuning<Model, digits::Policy> training(*run.labelled, options, encoder.normalization);
    if (run.kind != Kind::scratch) mae::copy_encoder(encoder.weights, training.weights());
    if constexpr (std::is_same_v<Model, digits::Probe>) mae::probe(training);
    else training.train();
    return mae::accuracy(training.weights(), test, encoder.normalization);
  };
  if (run.kind == Kind::probed)
    return train(mae::probing_options(std::min(run.epochs, 100)), std::type_identity<digits::Probe>());
  mae::FinetuningOptions options;
  options.epochs = run.epochs;
  options.warmup = 0.1 * run.epochs;
  options.augmentation.shift = 1;
  // Each has the best of the settings that were tried for it, on 100 labels.
  options.base_learning_rate = run.kind == Kind::scratch ? 8e-3 : 1.6e-2;
  options.layer_decay = run.kind == Kind::scratch ? 1 : 0.75;
  options.drop_path = run.kind == Kind::scratch ? 0 : 0.1;
  options.optimizer.beta2 = run.kind == Kind::scratch ? 0.95 : 0.999;
  return train(options, std::type_identity<digits::Classifier>());
}

struct Settings : program::Settings {
  Settings() : program::Settings("digits_finetune", "Compares, on few labels, what digits_pretrain has learnt.") {}
  program::Integer seeds{*this, "seeds", 3, "runs, side by side", program::between(1, 1000)};
  program::Integer epochs{*this, "epochs", 300, "passes over 100 labelled images", program::between(1, 1e6)};
  program::Text in{*this, "in", ".", "folder of the encoders"};
};

}  // namespace

int main(int count, char** arguments) {
  return program::run<Settings>(count, arguments, [](const Settings& settings) {
    const int seeds = static_cast<int>(settings.seeds()), epochs = static_cast<int>(settings.epochs());
    const std::string folder = settings.in();
    const digits::Split data = digits::load();

    std::printf("test accuracy, mean and spread of %d seeds\n", seeds);
    std::printf("labels  from scratch   pre-trained    linear probe\n");
    for (const auto& [labels, passes] : {std::pair{100, epochs}, std::pair{300, (epochs + 1) / 2}}) {
      const mae::Dataset labelled = digits::first(data.unlabelled, labels);
      std::vector<Run> runs;
      for (const Kind kind : {Kind::scratch, Kind::tuned, Kind::probed})
        for (int seed = 0; seed < seeds; ++seed) runs.push_back({kind, seed, passes, &labelled});
      std::vector<double> accuracies(runs.size());
      digits::side_by_side(static_cast<int>(runs.size()), [&](int i) {
        const auto at = static_cast<std::size_t>(i);
        accuracies[at] = accuracy_of(runs[at], data.test, folder);
      });
      std::printf("%6d", labels);
      for (std::size_t kind = 0; kind < 3; ++kind) {
        const auto begin = accuracies.begin() + static_cast<std::ptrdiff_t>(kind) * seeds;
        const Scores scores{{begin, begin + seeds}};
        std::printf("  %4.1f %% ± %3.1f", 100 * scores.mean(), 100 * scores.spread());
      }
      std::printf("\n");
      std::fflush(stdout);
    }
  });
}
