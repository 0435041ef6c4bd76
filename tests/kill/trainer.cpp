// A run small enough to be killed a hundred times: trainer pretrain|finetune FOLDER UPDATES.
// It goes on from the newest checkpoint of the folder, if there is one, saves every few updates, and ends.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <mae/backend/cpu/kernels.hpp>
#include <mae/checkpoint/rotation.hpp>
#include <mae/data/dataset.hpp>
#include <mae/data/prefetch.hpp>
#include <mae/eval/validation.hpp>
#include <mae/train/finetune.hpp>
#include <mae/train/interval.hpp>
#include <mae/train/pretrain.hpp>

namespace {

using Geometry = mae::ImageShape<1, 8, 8, 4>;
using Size = mae::Transformer<32, 1, 2>;
using Model = mae::MaskedAutoencoder<Geometry, Size, mae::Transformer<16, 1, 2>>;

/// Grey gradients of another slope each.
mae::Dataset gradients(int count) {
  mae::Dataset set{1, 8, 8, {}, {}, 2};
  for (int i = 0; i < count; ++i) {
    for (int at = 0; at < 64; ++at) set.pixels.push_back(static_cast<std::uint8_t>(at / 8 * i + at % 8 * (20 - i)));
    set.labels.push_back(i % 2);
  }
  return set;
}

template <class Options>
Options settings(mae::Index updates) {
  Options options;
  options.batch = 2;
  options.accumulation = 3;
  options.epochs = updates / 4;  // 25 images: four updates of 6, or 5 with the one that is left over
  options.warmup = 1;
  options.base_learning_rate = 1e-2;
  options.augmentation = {.shift = 1, .flip = true, .min_crop_scale = 0.5};
  return options;
}

template <class Run>
void train(const mae::Dataset& images, const std::string& path, mae::Index updates) {
  const auto normalization = mae::Normalization::of(mae::channel_statistics(images));
  Run run(images, settings<typename Run::Options>(updates), normalization);
  mae::Prefetch ahead(run.loader(), 2);
  run.read_from(ahead);
  const mae::CheckpointFolder folder(path, {.keep = 2, .metric = "loss"});
  const auto newest = folder.newest();
  for (const std::string& skipped : newest.skipped) std::printf("skipped: %s\n", skipped.c_str());
  if (!newest.path.empty()) mae::load_run(newest.path, run);
  std::printf("from update %jd\n", run.optimizer().steps());
  mae::Interval saves(7, 0);
  while (!run.finished()) {
    run.update();
    if (!saves.due(run.optimizer().steps(), 0) && !run.at_epoch_end()) continue;
    double metric = run.epoch_so_far().loss;
    if constexpr (requires { Run::Model::mask_ratio; })
      metric = mae::validation_loss(run.weights(), images, normalization, 1);
    folder.save(run, {}, run.at_epoch_end() ? metric : std::nan(""));
  }
}

}  // namespace

int main(int count, char** words) {
  try {
    if (count != 4)
      throw mae::Error("trainer", std::to_string(count - 1) + " words", "pretrain|finetune FOLDER UPDATES");
    const mae::Dataset images = gradients(25);
    const mae::Index updates = std::atol(words[3]);
    if (words[1] == std::string("pretrain")) train<mae::Pretraining<Model>>(images, words[2], updates);
    else train<mae::Finetuning<mae::Classifier<Geometry, Size, 2>>>(images, words[2], updates);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
