// Is pre-training worth it? Loads the encoders of digits_pretrain and compares, on few labels: fine-tuning them, a
// linear probe on them frozen, and the same network trained from scratch. Prints test accuracy, mean and spread over
// seeds.
//
//   digits_finetune [--seeds 3] [--epochs 300] [--in .]
//
// With 300 labels an epoch is three times as long, so half as many do.
#include "digits.hpp"

#include <mae/io/checkpoint.hpp>

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

double finetune(const mae::Dataset& labelled, const mae::Dataset& test, const mae::Normalization& normalization,
                int seed, int epochs, const std::string& encoder) {
  mae::FinetuningOptions options;
  options.epochs = epochs;
  options.warmup = 0.1 * epochs;
  options.base_rate = encoder.empty() ? 8e-3 : 1.6e-2;  // the better of several for each, on 100 labels
  options.layer_decay = encoder.empty() ? 1 : 0.75;
  options.augmentation.shift = 1;
  options.seed = static_cast<std::uint64_t>(seed);
  mae::Finetuning<digits::Classifier> run(labelled, options, normalization, digits::Encoder::depth);
  if (!encoder.empty()) mae::load_encoder(encoder, run.weights());
  run.train([](mae::Index, double) {});
  return mae::accuracy(run.weights(), test, normalization);
}

double probe(const mae::Dataset& labelled, const mae::Dataset& test, const mae::Normalization& normalization, int seed,
             int epochs, const std::string& encoder) {
  mae::FinetuningOptions options = mae::probing_options(epochs);
  options.seed = static_cast<std::uint64_t>(seed);
  mae::Finetuning<digits::Probe> run(labelled, options, normalization, digits::Encoder::depth);
  mae::load_encoder(encoder, run.weights());
  mae::probe(run, labelled, normalization, [](mae::Index, double) {});
  return mae::accuracy(run.weights(), test, normalization);
}

}  // namespace

int main(int count, char** arguments) {
  return digits::run([&] {
    const int seeds = digits::whole_number(count, arguments, "--seeds", 3);
    const int epochs = digits::whole_number(count, arguments, "--epochs", 300);
    const std::string folder = digits::option(count, arguments, "--in", ".");
    const auto [images, test] = digits::load();

    std::printf("test accuracy, mean and spread of %d seeds\n", seeds);
    std::printf("labels  from scratch   pre-trained    linear probe\n");
    for (const auto& [labels, passes] : {std::pair{100, epochs}, std::pair{300, (epochs + 1) / 2}}) {
      const mae::Dataset labelled = digits::first(images, labels);
      Scores scratch, tuned, probed;
      for (int seed = 0; seed < seeds; ++seed) {
        const std::string encoder = digits::encoder_file(folder, seed);
        const auto normalization = recorded_normalization(mae::SafetensorsFile::read(encoder));
        tuned.values.push_back(finetune(labelled, test, normalization, seed, passes, encoder));
        scratch.values.push_back(finetune(labelled, test, normalization, seed, passes, ""));
        probed.values.push_back(probe(labelled, test, normalization, seed, std::min(passes, 100), encoder));
      }
      std::printf("%6d", labels);
      for (const Scores* s : {&scratch, &tuned, &probed})
        std::printf("  %4.1f %% ± %3.1f", 100 * s->mean(), 100 * s->spread());
      std::printf("\n");
      std::fflush(stdout);
    }
  });
}
