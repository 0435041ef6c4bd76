#include <cmath>

#include <mae/data/subset.hpp>
#include <mae/eval/trivial_baseline.hpp>

#include <doctest/doctest.h>

#include "train/toy.hpp"

using namespace test;

namespace {

/// Four patches, of which one is kept.
template <Target Kind, Index C = 2>
using Of = MaskedAutoencoder<ImageShape<C, 8, 8, 4>, Transformer<16, 1, 2>, Transformer<16, 1, 2>, MaskRatio<75>, Kind>;
constexpr Target normalized = Target::normalized_pixels;

/// Noise of another kind in each channel; the lower half of every third image is black.
Dataset noise(Index n, Index channels = 2) {
  Dataset set{channels, 8, 8, {}, {}, 0};
  for (Index i = 0; i < n; ++i) {
    const RandomStream stream(1, Purpose::probe, 0, static_cast<std::uint64_t>(i));
    for (std::uint32_t at = 0; at < 64 * channels; ++at) {
      const std::uint32_t value = at < 64 ? stream.below(at, 256) : 40 + stream.below(at, 30);
      set.pixels.push_back(static_cast<std::uint8_t>(i % 3 == 0 && at % 64 >= 32 ? 0 : value));
    }
  }
  return set;
}

/// The mean loss over all images and all four masks of a decoder that predicts `constant` for every value.
template <Target Kind>
double constant_loss(const Dataset& set, const Normalization& normalization, const std::vector<float>& constant) {
  using Model = Of<Kind>;
  Weights<Model, Policy> weights(1);
  const ParameterInfo &weight = *weights.find("decoder_pred.weight"), &bias = *weights.find("decoder_pred.bias");
  std::fill_n(weights.at(weight), weight.count, 0.f);
  for (Index i = 0; i < bias.count; ++i)  // values of a patch: [4, 4, C]
    weights.at(bias)[i] = constant[static_cast<std::size_t>(i % 2)];
  const Index n = set.size();
  Session<Program<PretrainingLoss<Model>, Policy, Inference>> session(n);
  typename Model::Masks masks(n);
  masks.resize(n);
  Tensor<float, typename Model::ImageShape::Pixels> images(n);
  for (Index i = 0; i < n; ++i) load_sample(set, i, normalization, {}, 0, 0, images.data() + 128 * i, 8, 8);
  double sum = 0;
  for (std::int32_t kept = 0; kept < 4; ++kept) {
    for (Index i = 0; i < n; ++i) masks.from_ids(i, &kept);
    for (const float loss : session.forward(weights, images, masks.keep(), masks.hidden(), masks.restore()))
      sum += double(loss) / double(4 * n);
  }
  return sum;
}

}  // namespace

TEST_CASE("pixels: the variance, as a model that predicts the mean has it") {
  const Dataset set = noise(30);
  const Normalization own = Normalization::of(channel_statistics(set)), other{{0.3, 0.6}, {0.2, 0.4}};
  CHECK(baseline_loss<Of<Target::pixels>>(set, own) == doctest::Approx(1).epsilon(1e-6));
  CHECK(constant_loss<Target::pixels>(set, own, {0, 0}) == doctest::Approx(1).epsilon(1e-5));
  // Normalised by other statistics: the mean of each channel is what to predict.
  std::vector<float> mean;
  for (std::size_t c = 0; c < 2; ++c)
    mean.push_back(static_cast<float>((own.mean[c] - other.mean[c]) / other.deviation[c]));
  const double baseline = baseline_loss<Of<Target::pixels>>(set, other);
  CHECK(constant_loss<Target::pixels>(set, other, mean) == doctest::Approx(baseline).epsilon(1e-5));
  CHECK(constant_loss<Target::pixels>(set, other, {mean[0] + 0.1f, mean[1]}) > baseline + 1e-3);
}

TEST_CASE("normalised patches of one channel: (n - 1) / n, without those that are constant") {
  const Dataset set = noise(30, 1);
  const Normalization own = Normalization::of(channel_statistics(set));
  const double share = 1 - 1. / 6;  // of every third image half the patches are black
  CHECK(baseline_loss<Of<normalized, 1>>(set, own) == doctest::Approx(15. / 16 * share).epsilon(1e-4));
  // A sample of the images is evenly spaced: these all have the black half.
  const std::vector<Index> thirds{0, 3, 6, 9, 12, 15, 18, 21, 24, 27};
  CHECK(baseline_loss<Of<normalized, 1>>(set, own, 10) == doctest::Approx(15. / 16 / 2).epsilon(1e-4));
  CHECK(baseline_loss<Of<normalized, 1>>(set, own, 10) == baseline_loss<Of<normalized, 1>>(subset(set, thirds), own));
}

TEST_CASE("normalised patches of two channels: the loss of the best constants, for a channel each") {
  const Dataset set = noise(30);
  const Normalization own = Normalization::of(channel_statistics(set));
  auto loss = [&](float a, float b) { return constant_loss<normalized>(set, own, {a, b}); };
  // The loss is K + ((a - a*)² + (b - b*)²) / 2, so a* is half of loss(-1, 0) - loss(1, 0).
  const double a = (loss(-1, 0) - loss(1, 0)) / 2, b = (loss(0, -1) - loss(0, 1)) / 2;
  CHECK(std::fabs(a) > 0.01);
  const double baseline = baseline_loss<Of<normalized>>(set, own);
  CHECK(loss(float(a), float(b)) == doctest::Approx(baseline).epsilon(1e-5));
  CHECK(baseline < 31. / 32);
}

TEST_CASE("images that do not fit") {
  const Normalization two{{0, 0}, {1, 1}};
  CHECK(error_of([&] {
          baseline_loss<Of<normalized>>(Dataset{2, 8, 8, {}, {}, 0}, two);
        }) == "mae: images: found no images, expected at least one");
  CHECK(error_of([&] { baseline_loss<Of<normalized>>(bars(3, 1), two); }) ==
        "mae: images: found 1 channels, expected the model's 2");
}

TEST_CASE("a run that stays at the baseline is told after every so many updates, until it leaves") {
  BaselineWatch watch(0.9, 3, 0.1);  // the level: 0.81
  auto give = [&](std::vector<double> losses) {
    std::vector<bool> told;
    for (const double loss : losses) told.push_back(watch.stuck(loss));
    return told;
  };
  using Told = std::vector<bool>;
  CHECK(give({2, 1, 0.9}) == Told{false, false, true});
  CHECK(give({0.5, 0.9, 1.1}) == Told{false, false, true});      // one good update is chance; the mean counts
  CHECK(give({0.80, 0.81, 0.82}) == Told{false, false, false});  // left
  CHECK(give({2, 2, 2}) == Told{false, false, false});           // an old run that gets worse is another matter

  // Another watch goes on from the state of the first.
  BaselineWatch whole(0.9, 3), before(0.9, 3), after(0.9, 3);
  for (const double loss : {1., 1., 1., 2.}) CHECK(whole.stuck(loss) == before.stuck(loss));
  after.resume(before.state());
  for (const double loss : {0.5, 0.5, 0.1, 0.1, 0.1, 2., 2., 2.}) CHECK(whole.stuck(loss) == after.stuck(loss));
  CHECK(after.state().left);

  CHECK(error_of([] { BaselineWatch(1, 0); }) == "mae: patience: found 0, expected a number of updates from 1");
  CHECK(error_of([] { BaselineWatch(1, 1, 1); }) == "mae: margin: found 1.000000, expected a share in [0, 1)");
}
