// One of the files of the program: OUTCOME is the name of its function, its flags are given in CMakeLists.txt.
#include <cstring>

#include <mae/mae.hpp>

#include "flags.hpp"

namespace {

using Image = mae::ImageShape<1, 8, 8, 4>;
using Model = mae::MaskedAutoencoder<Image, mae::Transformer<16, 1, 2>, mae::Transformer<8, 1, 2>>;

/// Stripes, across or down, with some noise.
mae::Dataset stripes() {
  mae::Dataset data;
  data.channels = 1, data.height = data.width = 8, data.classes = 2;
  const mae::RandomStream noise(1, mae::Purpose::augment);
  for (std::uint32_t n = 0; n < 32; ++n) {
    for (std::uint32_t p = 0; p < 64; ++p)
      data.pixels.push_back(static_cast<std::uint8_t>((n % 2 ? p % 8 : p / 8) * 30 + noise.below(64 * n + p, 16)));
    data.labels.push_back(static_cast<int>(n % 2));
  }
  return data;
}

}  // namespace

Outcome OUTCOME() {
  const mae::Dataset data = stripes();
  const auto statistics = mae::Normalization::of(mae::channel_statistics(data));
  Outcome outcome;
  const auto train = [&](double rate) {  // returns a hash of the weights
    mae::Pretraining<Model> run(data, {.batch = 8, .epochs = 4, .warmup = 0.5, .base_learning_rate = rate}, statistics);
    run.train([&](const mae::TrainingEpoch& epoch) {
      if (rate < 1) (epoch.epoch == 1 ? outcome.first_loss : outcome.last_loss) = epoch.loss;
    });
    std::uint64_t hash = 1469598103934665603u;
    for (const mae::ParameterInfo& parameter : run.weights().parameters())
      for (mae::Index i = 0; i < parameter.count; ++i) {
        std::uint32_t bits;
        std::memcpy(&bits, run.weights().at(parameter) + i, sizeof bits);
        hash = (hash ^ bits) * 1099511628211u;
      }
    return hash;
  };
  outcome.weights = train(1e-2);
  try {
    train(1e30);
    outcome.error = "none";
  } catch (const mae::Error& error) {
    outcome.error = error.what();
  }
  return outcome;
}
