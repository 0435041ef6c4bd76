// Lesson 11: training.
//
// All is there: a loss, and for every weight the slope of the loss. One update goes a small step downhill on the mean
// loss of a batch, and training is thousands of updates. Adam divides each weight's averaged slope by its usual size,
// so that every weight moves by about the learning rate η, and the W stands for a pull of all matrices towards zero:
//
//     m ← β₁ m + (1 - β₁) g,   v ← β₂ v + (1 - β₂) g²,   w ← w - η (m̂ / √v̂ + λ w).
//
// η grows from 0 in the first epochs, while averages are young, and then falls along half a cosine to 0. Every epoch
// shows each image once, in a new order and behind a new mask: that is why a masked autoencoder hardly overfits.
// Everything random follows from (seed, epoch, sample), so a run can be repeated to the last bit. Who answers 0 pays
// 1 (lesson 10); who knows the average digit by heart and looks at nothing pays 0.52. Watch the loss: for some epochs
// the model learns just that average, then it begins to look at what is visible, and falls below.
//
// Here the loop stands in the open. The numbers are double so that machines with different vector instructions print
// the same digits; one uses Cpu<float>, which is faster.
//
// Paper: section 3, "Simple implementation"; the recipe: table 8. AdamW: Loshchilov & Hutter, 2019.
#include <mae/data/subset.hpp>
#include <mae/io/images/idx.hpp>
#include <mae/io/images/png.hpp>
#include <mae/mae.hpp>
#include <mae/plot/line_plot.hpp>
#include <mae/plot/panel.hpp>

#include <cstdio>

using mae::Index;
using Policy = mae::Cpu<double, mae::isa::Best, mae::Serial>;
using Geometry = mae::ImageShape<1, 8, 8, 2>;  // 16 patches of 2 × 2, of which 4 stay
using Size = mae::Transformer<32, 2, 4>;       // encoder and decoder: 32 wide, 2 blocks, 4 heads
using Model = mae::MaskedAutoencoder<Geometry, Size, Size, mae::MaskRatio<75>, mae::Target::pixels>;
using Loader = mae::Loader<Geometry, double>;

/// A digit, what the encoder saw of it, and the hidden patches rebuilt.
void draw(const mae::Reconstructed& r) {
  for (Index y = 0; y < 8; ++y) {
    for (const mae::Image* image : {&r.original, &r.masked, &r.pasted}) {
      for (Index x = 0; x < 8; ++x) {
        const bool hidden = image == &r.masked && r.masked.row(0, y)[x] != r.original.row(0, y)[x];
        std::printf("%c", hidden ? ' ' : ".:*#"[image->row(0, y)[x] / 64]);
      }
      std::printf("    ");
    }
    std::printf("|\n");
  }
}

int main() {
  const std::string data = MAE_EXAMPLE_DATA;
  const mae::Dataset all = mae::read_idx_dataset(data + "/optdigits-images-idx3-ubyte",
                                                 data + "/optdigits-labels-idx1-ubyte");
  const std::vector<Index> order = mae::shuffled(all.size(), 2021, 0);
  const mae::Dataset digits = mae::subset(all, std::span(order).first(1437));
  const mae::Dataset unseen = mae::subset(all, std::span(order).subspan(1437));
  const auto normalization = mae::Normalization::of(digits);

  const Index size = 16, per_epoch = digits.size() / size, epochs = 40;
  const mae::PretrainingOptions recipe{
      .batch = size, .epochs = epochs, .warmup = 4, .base_learning_rate = 0.04, .seed = 1};
  const mae::CosineSchedule schedule{mae::scaled_rate(recipe.base_learning_rate, size), 0, recipe.warmup, 40};
  mae::Weights<Model, Policy> weights(recipe.seed), gradients;
  mae::AdamW<Model, Policy> optimizer(recipe.optimizer);
  mae::Session<mae::Program<mae::PretrainingLoss<Model>, Policy>> session(size);
  mae::Batch<Geometry, double> batch(size);  // images [16, 1, 8, 8]
  Model::Masks masks(size);
  auto load = [&](Loader& loader, Index position) {  // images, and a mask for each
    loader.load<mae::Serial>(position, batch, 1);
    masks.resize(batch.count());
    Index b = 0;
    for (const Index i : batch.samples) masks.random(b++, recipe.seed, batch.epoch, static_cast<std::uint64_t>(i));
  };

  mae::Curve curve{"digits", {}, {}};
  Loader loader(digits, normalization, {}, {digits.size(), size, per_epoch, recipe.seed});
  double sum = 0;
  for (Index step = 0; step < epochs * per_epoch; ++step) {
    load(loader, step);
    sum += session.step(weights, gradients, batch.view(), masks.keep(), masks.hidden(), masks.restore());
    optimizer.step(weights, gradients, schedule.at(static_cast<double>(step) / static_cast<double>(per_epoch)));
    if ((step + 1) % per_epoch != 0) continue;
    const Index epoch = (step + 1) / per_epoch;
    curve.x.push_back(static_cast<double>(epoch));
    curve.y.push_back(std::exchange(sum, 0) / static_cast<double>(per_epoch));
    if (epoch == 1 || epoch % 8 == 0) std::printf("epoch %2jd  loss %.3f\n", epoch, curve.y.back());
  }
  const Index batches = unseen.size() / size;
  Loader other(unseen, normalization, {}, {unseen.size(), size, batches, recipe.seed});
  for (Index i = 0; i < batches; ++i) {
    load(other, i);
    const auto losses = session.forward(weights, batch.view(), masks.keep(), masks.hidden(), masks.restore());  // [B]
    for (const double loss : losses) sum += loss;
  }
  std::printf("digits not trained on: %.3f\n\n", sum / static_cast<double>(batches * size));
  draw(mae::reconstruct(weights, unseen, 0, normalization, 0));
  mae::write_png("loss.png", mae::draw_plot({"A small masked autoencoder", "epoch", "loss", {curve}}));
  const mae::Dataset six = mae::subset(all, std::span(order).subspan(1437, 6));
  mae::write_png("panel.png", mae::draw_panel(weights, six, normalization, {.scale = 12}));
  mae::Pretraining<Model, Policy> pretraining(digits, recipe, normalization);  // the library's loop is this one
  std::printf("\nPretraining, epoch 1: %.3f\n", pretraining.train_epoch().loss);
}
