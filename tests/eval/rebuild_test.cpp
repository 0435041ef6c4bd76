// Rebuilt images against PyTorch's (tests/golden), on the same weights, images and noise; and images without a hole.
#include <mae/eval/rebuild.hpp>

#include <mae/backend/cpu/kernels.hpp>

#include "support/golden.hpp"

using namespace test;

namespace {

using Square = MaskedAutoencoder<ImageShape<3, 16, 16, 4>, Transformer<32, 2, 4>, Transformer<16, 5, 1>>;
using Rectangular = MaskedAutoencoder<ImageShape<2, 12, 30, 6>, Transformer<28, 3, 2, 5>, Transformer<20, 2, 5, 5>,
                                      MaskRatio<60>, Target::pixels>;
using Policy = Cpu<float>;

/// A golden file's model, images and masks.
template <class Model>
struct Golden {
  explicit Golden(const std::string& name)
      : file(golden_file(name)),
        images(tensor<float, typename Model::ImageShape::Pixels>(file, "images")),
        noise(tensor<float, Shape<dyn, Model::L>>(file, "noise")) {
    load(file, weights);
  }
  typename Model::Masks masks(Index b) const {
    typename Model::Masks result(1);
    result.resize(1);
    result.from_noise(0, &noise(b, 0));
    return result;
  }
  const float* image(Index b) const { return &images(b, 0, 0, 0); }

  SafetensorsFile file;
  Weights<Model, Policy> weights;
  const Tensor<float, typename Model::ImageShape::Pixels> images;
  const Tensor<float, Shape<dyn, Model::L>> noise;
};

template <class Model>
void check_against_golden(const std::string& name) {
  const Golden<Model> golden(name);
  INFO(oracle_of(golden.file));
  constexpr std::size_t L = Model::L, n = Model::ImageShape::patch_values;
  const auto predicted = golden.file.template values<double>("pred");
  const auto mask = golden.file.template values<float>("mask");
  Rebuilder<Model, Policy> rebuilder(golden.weights);
  double loss = 0;
  for (Index b = 0; b < golden.images.batch(); ++b) {
    const Rebuilt image = rebuilder.under(golden.image(b), golden.masks(b));
    const auto at = static_cast<std::size_t>(b);
    for (std::size_t i = 0; i < L * n; ++i)
      CHECK(double(image.predicted[i]) == doctest::Approx(predicted[at * L * n + i]).epsilon(1e-4).scale(1));
    for (std::size_t l = 0; l < L; ++l) CHECK(float(image.hidden[l]) == mask[at * L + l]);
    loss += hidden_mean(patch_losses(image, Model::target), image) / double(golden.images.batch());
  }
  CHECK(loss == doctest::Approx(golden.file.template values<double>("loss")[0]).epsilon(1e-5));
}

}  // namespace

TEST_CASE("predictions, mask and loss are PyTorch's") {
  check_against_golden<Square>("mae_square");
  check_against_golden<Rectangular>("mae_rectangular");
}

TEST_CASE("what is rebuilt: pixels as predicted, or with mean and deviation given back") {
  const Golden<Rectangular> pixels("mae_rectangular");
  const Rebuilt plain = Rebuilder(pixels.weights).under(pixels.image(0), pixels.masks(0));
  CHECK(plain.rebuilt == plain.predicted);

  const Golden<Square> golden("mae_square");
  const Rebuilt oracle = Rebuilder(golden.weights).under(golden.image(0), golden.masks(0));
  const Rebuilt visible = Rebuilder(golden.weights, HiddenStatistics::visible).under(golden.image(0), golden.masks(0));
  CHECK(visible.predicted == oracle.predicted);
  const auto truth = PatchStatistics::of(oracle.truth, 48);
  const auto estimate = truth.estimated(oracle.hidden, 4);
  for (std::size_t i = 0; i < oracle.truth.size(); ++i) {
    const std::size_t l = i / 48;
    const double z = double(oracle.predicted[i]);
    CHECK(double(oracle.rebuilt[i]) == doctest::Approx(z * truth.deviation[l] + truth.mean[l]));
    CHECK(double(visible.rebuilt[i]) == doctest::Approx(z * estimate.deviation[l] + estimate.mean[l]));
    if (!oracle.hidden[l]) CHECK(visible.rebuilt[i] == oracle.rebuilt[i]);
  }
}

TEST_CASE("a whole image: each patch as predicted under the one mask that it is taken from") {
  const Golden<Square> golden("mae_square");
  for (const HiddenStatistics statistics : {HiddenStatistics::oracle, HiddenStatistics::visible}) {
    Rebuilder<Square, Policy> rebuilder(golden.weights, statistics);
    const Square::Masks start = golden.masks(1);
    const Rebuilt whole = rebuilder.whole(golden.image(1), start);
    CHECK(std::count(whole.hidden.begin(), whole.hidden.end(), 1) == 16);
    using Complement = ComplementaryMasks<Square::Masks>;
    Square::Masks mask(1);
    mask.resize(1);
    for (Index k = 0; k < Complement::count; ++k) {
      Complement::set(start, k, mask);
      const Rebuilt pass = rebuilder.under(golden.image(1), mask);
      CHECK(pass.truth == whole.truth);
      for (std::size_t i = 0; i < whole.truth.size(); ++i)
        if (Complement::from_pass(start, k, Index(i / 48))) {
          CHECK(whole.predicted[i] == pass.predicted[i]);
          CHECK(whole.rebuilt[i] == pass.rebuilt[i]);
        }
    }
  }
}

TEST_CASE("errors in grey levels, losses in the target's space") {
  // Two patches of two values, two channels; the second is hidden.
  const Rebuilt image{{0, 0, 1, 3}, {1, 2, -1, 1}, {1, 2, 1, 0}, {0, 1}};
  const std::vector<double> errors = patch_errors(image, {{0.5, 0.5}, {0.1, 0.2}});
  CHECK(errors[0] == doctest::Approx(255 * std::sqrt((0.1 * 0.1 + 0.4 * 0.4) / 2)));
  CHECK(errors[1] == doctest::Approx(255 * std::sqrt(0.6 * 0.6 / 2)));
  CHECK(hidden_mean(errors, image) == errors[1]);
  const std::vector<double> losses = patch_losses(image, Target::pixels);
  CHECK(losses[0] == doctest::Approx(2.5));
  CHECK(losses[1] == doctest::Approx(4));
  const double z = 1 / std::sqrt(2 + 1e-6);  // (1, 3) has mean 2 and unbiased variance 2
  CHECK(patch_losses(image, Target::normalized_pixels)[1] ==
        doctest::Approx(((-1 + z) * (-1 + z) + (1 - z) * (1 - z)) / 2));
}
