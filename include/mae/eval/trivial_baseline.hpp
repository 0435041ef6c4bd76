// Is pre-training healthy? The loss of a model that has learnt nothing but the mean, and a watch for one that stays
// there.
//
// Whoever predicts the mean of the target, one number a channel, has its variance about that as loss. For pixels this
// is 1 if images are normalised by their own statistics. Of a normalised patch of n values and unbiased variance v,
//     (1/n) Σ ((x - mean) / sqrt(v + 1e-6))² = (n - 1)/n · v / (v + 1e-6),
// so there it is (n - 1)/n (0.9987 for 16 × 16 × 3), less what the channels' means take and less for constant patches,
// such as black borders, which have no loss at all: it is computed from the data. A run that sits at the baseline has a
// learning rate that is too low or too high, or a decoder that sees nothing of the encoder.
#pragma once
#include <mae/core/math.hpp>
#include <mae/eval/metrics.hpp>
#include <mae/model/masked_autoencoder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

/// Normalises the patches of one image [C, H, W], in place, as `normalize_patches` does.
template <class Geometry>
void normalize_image_patches(double* image) {
  constexpr Index P = Geometry::patch, C = Geometry::channels, n = Geometry::patch_values;
  std::vector<double> patch(n);
  for (Index p = 0; p < Geometry::patches; ++p) {
    double* const corner = image + (p / Geometry::columns * Geometry::width + p % Geometry::columns) * P;
    const auto at = [corner](Index v) -> double& {
      return corner[(v % C * Geometry::height + v / C / P) * Geometry::width + v / C % P];
    };
    for (Index v = 0; v < n; ++v) patch[static_cast<std::size_t>(v)] = at(v);
    const PatchMoments moments = patch_moments(patch.data(), n);
    for (Index v = 0; v < n; ++v) at(v) = (at(v) - moments.mean) / moments.deviation;
  }
}
}  // namespace detail

/// The loss of `Model` if it predicts the mean of its target, from at most `most` of the images, evenly spaced and not
/// augmented. Throws mae::Error if there are none or they do not fit the model.
template <class Model, class Policy = Cpu<float>>
double baseline_loss(const Images& images, const Normalization& normalization, Index most = 1024) {
  using Geometry = typename Model::ImageShape;
  constexpr Index plane = Geometry::height * Geometry::width;
  images.ensure_valid("images");
  std::vector<double> target(Geometry::values), sum(Geometry::channels), squares(Geometry::channels);
  double count = 0;  // values of a channel
  auto add = [&](const auto& batch) {
    for (Index b = 0; b < batch.count(); ++b, count += double(plane)) {
      const auto* const image = batch.images.data() + b * Geometry::values;
      for (std::size_t i = 0; i < target.size(); ++i) target[i] = static_cast<double>(image[i]);
      if (Model::target == Target::normalized_pixels) detail::normalize_image_patches<Geometry>(target.data());
      for (std::size_t i = 0; i < target.size(); ++i) {
        sum[i / std::size_t{plane}] += target[i];
        squares[i / std::size_t{plane}] += target[i] * target[i];
      }
    }
  };
  for_each_batch<Geometry, Policy>(images, normalization, 64, add, most);
  double variance = 0;
  for (std::size_t c = 0; c < sum.size(); ++c)
    variance += (squares[c] / count - sum[c] / count * (sum[c] / count)) / double(sum.size());
  return variance;
}

/// Notices a run that does not get away from the baseline.
class BaselineWatch {
 public:
  /// What a run that is resumed must know of its losses.
  struct State {
    double sum = 0;  ///< of those that are not judged yet
    Index count = 0;
    bool left = false;  ///< the baseline, once and for all
  };

  /// Judges the mean of every `patience` losses; one above (1 - margin) · baseline is still there. Throws mae::Error if
  /// a number makes no sense.
  BaselineWatch(double baseline, Index patience, double margin = 0.02)
      : level_((1 - margin) * baseline), patience_(patience) {
    if (patience < 1) throw Error("patience", std::to_string(patience), "a number of updates from 1");
    if (!(margin >= 0 && margin < 1)) throw Error("margin", std::to_string(margin), "a share in [0, 1)");
  }

  /// Takes the loss of an update. True after every `patience` of them that were still at the baseline, until the run
  /// has left it: from then on false.
  bool stuck(double loss) {
    if (state_.left) return false;
    state_.sum += loss;
    if (++state_.count < patience_) return false;
    state_ = {.left = state_.sum / static_cast<double>(state_.count) <= level_};
    return !state_.left;
  }

  const State& state() const { return state_; }
  void resume(const State& state) { state_ = state; }

 private:
  double level_;
  Index patience_;
  State state_;
};

}  // namespace mae
MAE_PRECISE_END
