// Which parts of the fine-tuning recipe help where there is little data? Loads the encoders of digits_pretrain,
// fine-tunes them on 100 labelled digits with each part alone switched on over a plain base, and prints test accuracy,
// mean and spread over seeds, and the mean difference to the base of the same seed.
//
//   digits_pretrain --seeds 5 --out out
//   digits_recipe --seeds 5 --in out
#include "digits.hpp"
#include "programs/framework/program.hpp"

#include <mae/checkpoint/load_encoder.hpp>
#include <mae/optim/ema.hpp>
#include <mae/train/recipes.hpp>

#include <cmath>
#include <cstdio>

namespace {

using Rule = mae::Averaged<mae::AdamwRule>;
using Options = mae::FinetuningOptionsOf<Rule>;

/// All of `small-data`, but for the length of the run. Mirrored digits are none: `flip` is a choice here.
void take_recipe(Options& o, bool flip) {
  const mae::FinetuningOptions recipe = mae::finetuning_recipe("small-data").options;
  o.batch = recipe.batch, o.base_learning_rate = recipe.base_learning_rate;
  o.layer_decay = recipe.layer_decay, o.drop_path = recipe.drop_path, o.label_smoothing = recipe.label_smoothing;
  o.optimizer.beta2 = recipe.optimizer.beta2, o.optimizer.weight_decay = recipe.optimizer.weight_decay;
  o.augmentation = recipe.augmentation;
  o.augmentation.flip = flip;
}

/// A part of the recipe: what it changes in the base.
struct Part {
  const char* name;
  void (*set)(Options&);
  bool average = false;  ///< whether the average of the weights is what is tested
};
const Part parts[] = {
    {"the base", [](Options&) {}},
    {"drop path 0.1", [](Options& o) { o.drop_path = 0.1; }},
    {"label smoothing 0.1", [](Options& o) { o.label_smoothing = 0.1; }},
    {"random resized crop from 0.6", [](Options& o) { o.augmentation.min_crop_scale = 0.6; }},
    {"RandAugment m9", [](Options& o) { o.augmentation.transforms = {mae::RandAugment{}}; }},
    {"RandAugment m3, one operation",
     [](Options& o) { o.augmentation.transforms = {mae::RandAugment{.magnitude = 3, .operations = 1}}; }},
    {"random erasing", [](Options& o) { o.augmentation.transforms = {mae::RandomErasing{}}; }},
    {"mixup 0.8 or cutmix 1", [](Options& o) { o.augmentation.transforms = {mae::Mixup{}}; }},
    {"average of weights, 0.99", [](Options& o) { o.optimizer.ema_decay = 0.99, o.optimizer.ema_warmup = true; }, true},
    {"the last two blocks alone", [](Options& o) { o.trained_blocks = 2; }},
    {"drop path, smoothing, m3, erasing, mixing",
     [](Options& o) {
       o.drop_path = o.label_smoothing = 0.1;
       o.augmentation.transforms = {mae::RandAugment{.magnitude = 3, .operations = 1}, mae::RandomErasing{},
                                    mae::Mixup{}};
     }},
    {"no layer decay", [](Options& o) { o.layer_decay = 1; }},
    {"mixup 0.8", [](Options& o) { o.augmentation.transforms = {mae::Mixup{.cutmix = 0}}; }},
    {"cutmix 1", [](Options& o) { o.augmentation.transforms = {mae::Mixup{.mixup = 0}}; }},
    {"random resized crop from 0.08", [](Options& o) { o.augmentation.min_crop_scale = 0.08; }},
    {"the last block alone", [](Options& o) { o.trained_blocks = 1; }},
    {"clip 1", [](Options& o) { o.optimizer.clip = 1; }},
    {"recipe small-data", [](Options& o) { take_recipe(o, true); }},
    {"recipe small-data, not mirrored", [](Options& o) { take_recipe(o, false); }},
};

double accuracy_of(const Part& part, int seed, mae::Index epochs, const mae::Dataset& labelled,
                   const mae::Dataset& test, const std::string& folder) {
  const auto encoder = mae::load_encoder<digits::Preset::Encoder>(digits::encoder_file(folder, seed));
  Options options;
  options.epochs = epochs;
  options.warmup = 0.1 * static_cast<double>(epochs);
  options.base_learning_rate = 1.6e-2;
  options.layer_decay = 0.75;
  options.drop_path = options.label_smoothing = 0;
  options.augmentation.shift = 1;
  options.seed = static_cast<std::uint64_t>(seed);
  part.set(options);
  mae::Finetuning<digits::Classifier, digits::Policy, mae::KeepAll, mae::AfterBackward, Rule> run(labelled, options,
                                                                                                  encoder);
  run.train();
  return part.average ? mae::accuracy(averaged(run), test, encoder.normalization)
                      : mae::accuracy(run.weights(), test, encoder.normalization);
}

struct Settings : program::Settings {
  Settings() : program::Settings("digits_recipe", "Compares parts of the fine-tuning recipe on few labels.") {}
  program::Integer seeds{*this, "seeds", 5, "runs, side by side", program::between(1, 1000)};
  program::Integer labels{*this, "labels", 100, "images that have labels", program::between(1, 1437)};
  program::Integer epochs{*this, "epochs", 300, "passes over them", program::between(1, 1e6)};
  program::Text in{*this, "in", ".", "folder of the encoders"};
  program::Text part{*this, "part", "", "of the parts beside the base, those whose name begins so"};
};

}  // namespace

int main(int count, char** arguments) {
  return program::run<Settings>(count, arguments, [](const Settings& settings) {
    const auto seeds = static_cast<std::size_t>(settings.seeds());
    const digits::Split data = digits::load();
    const mae::Dataset labelled = digits::first(data.unlabelled, settings.labels());
    std::printf("test accuracy after %jd epochs on %jd labels, mean and spread of %zu seeds, and against the base\n",
                settings.epochs(), settings.labels(), seeds);
    std::vector<double> base(seeds);
    for (const Part& part : parts) {
      if (&part != parts && !std::string_view(part.name).starts_with(settings.part())) continue;
      std::vector<double> found(seeds);
      digits::side_by_side(static_cast<int>(seeds), [&](int seed) {
        found[static_cast<std::size_t>(seed)] =
            accuracy_of(part, seed, settings.epochs(), labelled, data.test, settings.in());
      });
      if (&part == parts) base = found;
      double mean = 0, squares = 0, difference = 0;
      for (std::size_t i = 0; i < seeds; ++i)
        mean += found[i] / double(seeds), difference += (found[i] - base[i]) / double(seeds);
      for (const double value : found) squares += (value - mean) * (value - mean);
      const double spread = seeds < 2 ? 0 : std::sqrt(squares / double(seeds - 1));
      std::printf("%-44s %5.1f %% ± %3.1f  %+5.1f\n", part.name, 100 * mean, 100 * spread, 100 * difference);
      std::fflush(stdout);
    }
  });
}
