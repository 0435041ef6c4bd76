// Pre-trains a masked autoencoder on handwritten digits, without their labels, once for each seed.
//
//   digits_pretrain --out out
//
// Writes the encoders, the whole model of seed 0, a panel of reconstructions of test images, and the loss curve.
#include "digits.hpp"
#include "programs/framework/program.hpp"

#include <mae/checkpoint/checkpoint.hpp>
#include <mae/io/images/png.hpp>
#include <mae/plot/line_plot.hpp>
#include <mae/plot/panel.hpp>

#include <chrono>
#include <cstdio>

namespace {

struct Settings : program::Settings {
  Settings() : program::Settings("digits_pretrain", "Pre-trains on handwritten digits, without their labels.") {}
  program::Integer seeds{*this, "seeds", 3, "runs, side by side", program::between(1, 1000)};
  program::Integer epochs{*this, "epochs", 100, "passes over the images", program::between(1, 1e6)};
  program::Text out{*this, "out", ".", "folder for encoders and images"};
};

}  // namespace

int main(int count, char** arguments) {
  return program::run<Settings>(count, arguments, [](const Settings& settings) {
    const int seeds = static_cast<int>(settings.seeds());
    const mae::Index epochs = settings.epochs();
    const std::string folder = settings.out();
    program::check_folder("--out", folder);
    const digits::Split data = digits::load();
    const auto normalization = mae::Normalization::of(data.unlabelled);

    program::make_folder("--out", folder);
    mae::Plot plot{"Pre-training on digits", "epoch", "loss on hidden patches", {}};
    for (int seed = 0; seed < seeds; ++seed) plot.curves.push_back({"seed " + std::to_string(seed), {}, {}});
    digits::side_by_side(seeds, [&](int seed) {
      mae::PretrainingOptions options;
      options.epochs = epochs;
      options.warmup = 0.1 * static_cast<double>(epochs);
      options.base_learning_rate = 4e-3;
      options.augmentation.shift = 1;
      options.seed = static_cast<std::uint64_t>(seed);
      mae::Pretraining<digits::Autoencoder, digits::Policy> pretraining(data.unlabelled, options, normalization);

      mae::Curve& curve = plot.curves[static_cast<std::size_t>(seed)];
      const auto start = std::chrono::steady_clock::now();
      pretraining.train([&](const mae::PretrainingEpoch& e) {
        curve.x.push_back(static_cast<double>(e.epoch));
        curve.y.push_back(e.loss);
        if (e.epoch % 20 != 0 && e.epoch != epochs) return;
        const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
        std::printf("seed %d  epoch %3jd  loss %.4f  %6.0f images/s\n", seed, e.epoch, e.loss,
                    static_cast<double>(e.epoch * e.images) / time.count());
        std::fflush(stdout);
      });

      const mae::Metadata metadata{{"data", "UCI optical digits"}};
      mae::save_encoder(digits::encoder_file(folder, seed), pretraining, metadata);
      if (seed > 0) return;
      mae::save_checkpoint(folder + "/digits-mae.safetensors", pretraining, metadata);
      mae::write_png(folder + "/digits-panel.png",
                     mae::draw_panel(pretraining.weights(), digits::first(data.test, 6), normalization, {.scale = 12}));
    });
    mae::write_png(folder + "/digits-loss.png", mae::draw_plot(plot));
    std::printf("wrote %s/digits-panel.png and digits-loss.png\n", folder.c_str());
  });
}
