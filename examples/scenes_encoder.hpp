// What the programs on scenes share: the sizes of the model, and an encoder that is pre-trained on scenes without
// labels, once for a seed.
#pragma once
#include <mae/checkpoint/load_encoder.hpp>
#include <mae/mae.hpp>

#include <cmath>
#include <cstdio>
#include <filesystem>

#include "digit_scenes.hpp"

namespace digit_scenes {

using Geometry = mae::ImageShape<1, side, side, 4>;  // 144 patches of 4 × 4
using Encoder = mae::Transformer<96, 6, 4>;
using Autoencoder = mae::MaskedAutoencoder<Geometry, Encoder, mae::Transformer<48, 2, 4>>;
using digits::Policy;

inline std::string encoder_file(const std::string& folder, int seed) {
  return folder + "/scenes-encoder-" + std::to_string(seed) + ".safetensors";
}

/// Makes the encoder of `seed` if it is not there.
inline void pretrain_encoder(const std::string& folder, const mae::Dataset& scenes, int seed, Index epochs) {
  const std::string path = encoder_file(folder, seed);
  if (std::filesystem::exists(path)) return;
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

}  // namespace digit_scenes
