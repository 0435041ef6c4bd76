// What a model makes of an image: its predictions under one mask, or under several that leave no hole.
//
// Numbers here are patches [L, n] in the model's input space, n = P·P·C, channel last (ops/patchify.hpp). `predicted`
// is what the decoder gives; `rebuilt` are pixels: the same, or for a model of normalised pixels with mean and
// deviation given back (eval/patch_statistics.hpp). Visible patches are predicted too, but poorly: no loss is ever put
// on them. A pass costs one forward; `whole` takes K of them and each patch from one that hid it
// (eval/complementary_masks.hpp), so that its mean loss is what a single random mask has on average.
#pragma once
#include <cmath>

#include <mae/autograd/run/session.hpp>
#include <mae/data/augment.hpp>
#include <mae/eval/complementary_masks.hpp>
#include <mae/eval/patch_statistics.hpp>
#include <mae/model/masked_autoencoder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// An image in patches, and what became of it.
struct Rebuilt {
  std::vector<float> truth, predicted, rebuilt;  // [L, n]
  std::vector<std::uint8_t> hidden;              ///< [L], 1 where the prediction is of a hidden patch
};

/// The loss of each patch, [L]: the mean squared error of its n predicted values, in the space of the target. Its mean
/// over hidden patches is the loss of pre-training.
inline std::vector<double> patch_losses(const Rebuilt& image, Target target) {
  const std::size_t L = image.hidden.size(), n = image.truth.size() / L;
  const PatchStatistics statistics = PatchStatistics::of(image.truth, Index(n));
  std::vector<double> losses(L);
  for (std::size_t i = 0; i < L * n; ++i) {
    double wanted = double(image.truth[i]);
    if (target == Target::normalized_pixels) wanted = (wanted - statistics.mean[i / n]) / statistics.deviation[i / n];
    const double error = double(image.predicted[i]) - wanted;
    losses[i / n] += error * error / double(n);
  }
  return losses;
}
/// How far each rebuilt patch is from the image, [L]: the root mean square over its values in grey levels, 0 to 255.
inline std::vector<double> patch_errors(const Rebuilt& image, const Normalization& normalization) {
  const std::size_t L = image.hidden.size(), n = image.truth.size() / L, C = normalization.deviation.size();
  std::vector<double> errors(L);
  for (std::size_t i = 0; i < L * n; ++i) {
    const double error = 255 * normalization.deviation[i % n % C] * (double(image.rebuilt[i]) - double(image.truth[i]));
    errors[i / n] += error * error / double(n);
  }
  for (double& error : errors) error = std::sqrt(error);
  return errors;
}
/// The mean over the patches that were hidden.
inline double hidden_mean(const std::vector<double>& patches, const Rebuilt& image) {
  double sum = 0, count = 0;
  for (std::size_t l = 0; l < patches.size(); ++l)
    if (image.hidden[l]) sum += patches[l], count += 1;
  return sum / count;
}

/// Rebuilds images with one model, one at a time.
template <class Model, class Policy>
class Rebuilder {
 public:
  using Geometry = typename Model::ImageShape;
  using Masks = typename Model::Masks;
  using T = typename Policy::Accumulator;
  static constexpr std::size_t L = Geometry::patches, n = Geometry::patch_values;

  /// `weights` must outlive the rebuilder; they predict `target`.
  explicit Rebuilder(const Weights<Model, Policy>& weights, HiddenStatistics statistics = HiddenStatistics::oracle,
                     Target target = Model::target)
      : weights_(weights), statistics_(statistics), target_(target), session_(1), pass_(1) {
    pass_.resize(1);
  }

  /// The image `pixels` [C, H, W], in the model's input space, under the mask of sample 0.
  Rebuilt under(const T* pixels, const Masks& masks) {
    Rebuilt image = begin(pixels);
    forward(pixels, masks, image);
    return image;
  }

  /// The image without a hole, by K masks of which the first is sample 0 of `start`: all patches count as hidden.
  Rebuilt whole(const T* pixels, const Masks& start) {
    using Complement = ComplementaryMasks<Masks>;
    Rebuilt image = begin(pixels), pass = image;
    for (Index k = 0; k < Complement::count; ++k) {
      Complement::set(start, k, pass_);
      forward(pixels, pass_, pass);
      for (std::size_t i = 0; i < L * n; ++i) {
        if (!Complement::from_pass(start, k, Index(i / n))) continue;
        image.predicted[i] = pass.predicted[i];
        image.rebuilt[i] = pass.rebuilt[i];
      }
    }
    image.hidden.assign(L, 1);
    return image;
  }

 private:
  static Rebuilt begin(const T* pixels) {
    using Order = PatchOrder<typename Geometry::Pixels, Geometry::patch>;
    Rebuilt image;
    for (Index l = 0; l < Index{L}; ++l)
      for (Index v = 0; v < Index{n}; ++v) image.truth.push_back(static_cast<float>(pixels[Order::pixel(l, v)]));
    image.predicted.resize(L * n);
    image.rebuilt.resize(L * n);
    image.hidden.resize(L);
    return image;
  }
  void forward(const T* pixels, const Masks& masks, Rebuilt& image) {
    const View<const T, typename Geometry::Pixels> input(pixels);
    const auto predicted = session_.forward(weights_, input, masks.keep(), masks.restore());  // [1, L, n]
    for (std::size_t l = 0; l < L; ++l) image.hidden[l] = masks.mask(0, Index(l)) ? 1 : 0;
    for (std::size_t i = 0; i < L * n; ++i) image.predicted[i] = static_cast<float>(predicted.data()[i]);
    image.rebuilt = image.predicted;
    if (target_ == Target::normalized_pixels) {
      PatchStatistics statistics = PatchStatistics::of(image.truth, Index(n));
      if (statistics_ == HiddenStatistics::visible) statistics = statistics.estimated(image.hidden, Geometry::columns);
      for (std::size_t i = 0; i < L * n; ++i) {
        const double value = double(image.predicted[i]) * statistics.deviation[i / n] + statistics.mean[i / n];
        image.rebuilt[i] = static_cast<float>(value);
      }
    }
  }

  const Weights<Model, Policy>& weights_;
  HiddenStatistics statistics_;
  Target target_;
  Session<Program<mae::Reconstruction<Model>, Policy, Inference>> session_;
  Masks pass_;
};

}  // namespace mae
MAE_PRECISE_END
