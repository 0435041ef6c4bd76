// Pre-trains a small masked autoencoder on tiles of two photographs and rebuilds a third one that it has never seen.
//
//   photographs --out out
//
// Two photographs are far too few to learn what the world looks like, but enough to learn edges, shading and texture:
// watch what the third photograph's hidden patches become. Writes photographs-panel.png and photographs-loss.png.
#include "programs/framework/program.hpp"

#include <mae/io/images/png.hpp>
#include <mae/mae.hpp>
#include <mae/plot/line_plot.hpp>
#include <mae/plot/panel.hpp>

#include <cstdio>

namespace {

using Geometry = mae::ImageShape<3, 32, 32, 4>;  // 64 patches of 4 × 4
using Model = mae::MaskedAutoencoder<Geometry, mae::Transformer<128, 4, 4>, mae::Transformer<64, 2, 4>,
                                     mae::MaskRatio<75>, mae::Target::pixels>;

/// Every tile of 32 × 32 pixels whose corner lies on a grid of `stride` pixels.
void add_tiles(mae::Dataset& tiles, const mae::Image& photograph, mae::Index stride) {
  for (mae::Index top = 0; top + Geometry::height <= photograph.height; top += stride)
    for (mae::Index left = 0; left + Geometry::width <= photograph.width; left += stride) {
      const mae::Image tile = mae::crop(photograph, top, left, Geometry::height, Geometry::width);
      tiles.pixels.insert(tiles.pixels.end(), tile.pixels.begin(), tile.pixels.end());
    }
}

mae::Dataset no_tiles() { return {Geometry::channels, Geometry::height, Geometry::width, {}, {}, 0}; }

/// A row of four images of the whole photograph, rebuilt tile by tile.
void draw_row(mae::Image& panel, mae::Index top, const mae::Image& photograph,
              const mae::Weights<Model, mae::Cpu<float>>& weights, const mae::Normalization& normalization) {
  mae::Dataset tiles = no_tiles();
  add_tiles(tiles, photograph, Geometry::width);
  const mae::Index across = photograph.width / Geometry::width;
  for (mae::Index i = 0; i < tiles.size(); ++i) {
    const auto r = mae::reconstruct(weights, tiles, i, normalization, 1);
    const mae::Image* const images[] = {&r.original, &r.masked, &r.reconstruction, &r.pasted};
    for (mae::Index k = 0; k < 4; ++k)
      mae::paste(panel, *images[k], top + i / across * Geometry::height,
                 k * (photograph.width + 8) + i % across * Geometry::width);
  }
}

struct Settings : program::Settings {
  Settings() : program::Settings("photographs", "Pre-trains on two photographs and rebuilds a third.") {}
  program::Integer epochs{*this, "epochs", 24, "passes over the tiles", program::between(1, 1e6)};
  program::Text out{*this, "out", ".", "folder for the images"};
};

}  // namespace

int main(int count, char** arguments) {
  return program::run<Settings>(count, arguments, [](const Settings& settings) {
    const mae::Index epochs = settings.epochs();
    const std::string folder = settings.out();
    program::check_folder("--out", folder);
    const std::string data = MAE_EXAMPLE_DATA;
    const mae::Image astronaut = mae::read_png(data + "/astronaut.png"), coffee = mae::read_png(data + "/coffee.png"),
                     cat = mae::read_png(data + "/chelsea.png");
    mae::Dataset tiles = no_tiles();
    add_tiles(tiles, astronaut, 8);
    add_tiles(tiles, coffee, 8);
    const auto normalization = mae::Normalization::of(tiles);

    program::make_folder("--out", folder);
    mae::PretrainingOptions options;
    options.epochs = epochs;
    options.warmup = 0.1 * static_cast<double>(epochs);
    options.batch = 32;
    options.base_learning_rate = 1.6e-2;
    options.augmentation.flip = true;
    mae::Pretraining<Model> pretraining(tiles, options, normalization);
    mae::Curve curve{"two photographs", {}, {}};
    pretraining.train([&](const mae::PretrainingEpoch& e) {
      curve.x.push_back(static_cast<double>(e.epoch));
      curve.y.push_back(e.loss);
      if (e.epoch % 6 == 0 || e.epoch == epochs) std::printf("epoch %3jd  loss %.4f\n", e.epoch, e.loss);
      std::fflush(stdout);
    });

    const mae::Index line = mae::text_height() + 8;
    mae::Image panel = mae::blank_image(3, line + 2 * cat.height + 8, 4 * cat.width + 3 * 8);
    const char* const captions[] = {"original", "masked", "reconstruction", "pasted"};
    for (mae::Index k = 0; k < 4; ++k) mae::draw_text(panel, captions[k], 4, k * (cat.width + 8) + 4, {40, 40, 40});
    draw_row(panel, line, cat, pretraining.weights(), normalization);
    draw_row(panel, line + cat.height + 8, astronaut, pretraining.weights(), normalization);
    mae::write_png(folder + "/photographs-panel.png", panel);
    mae::write_png(folder + "/photographs-loss.png",
                   mae::draw_plot({"Pre-training on photographs", "epoch", "loss on hidden patches", {curve}}));
    std::printf("wrote %s/photographs-panel.png and photographs-loss.png\n", folder.c_str());
  });
}
