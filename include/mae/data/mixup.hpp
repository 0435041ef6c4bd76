// Mixup (Zhang et al., 2018) and cutmix (Yun et al., 2019), one or the other for a whole batch, as recipes have it.
//
//   options.augmentation.transforms = {Mixup{}};       // He et al., 2021, table 9: mixup 0.8, cutmix 1
//
// With λ from Beta(α, α), mixup blends images, λ x + (1 - λ) x', and cutmix replaces a box of x by that of x': its
// sides are those of the image times √(1 - λ), cut off to whole pixels, its centre is uniform over the image, and what
// lies outside of that is cut away, after which λ is what remains of x. Targets are λ t + (1 - λ) t'. Of a batch that
// is mixed, a share `cutmix_share` gets cutmix; where one α is 0, the other is always taken. λ and the rest are drawn
// from (seed, epoch, number of the batch). The box is timm's, with all rows where their number is odd.
//
// λ = G / (G + G') with G, G' from Gamma(α) by Marsaglia and Tsang (2000), in logarithms: small α underflow nothing.
#pragma once
#include <mae/core/error.hpp>
#include <mae/core/finite.hpp>
#include <mae/data/transform.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A number of Beta(α, α) from random numbers of `random`, from number `from` on: 3000 of them at most.
inline double beta_number(const RandomStream& random, std::uint32_t from, double alpha) {
  const auto log_uniform = [&](std::uint32_t n) { return math::log((double(random.bits(n)) + 1) * 0x1p-32); };
  const auto log_gamma_number = [&](std::uint32_t n) {
    const double d = alpha + 2.0 / 3, c = 1 / math::sqrt(9 * d);  // of α + 1, then u^(1/α) of it
    const double smaller = log_uniform(n) / alpha;
    for (std::uint32_t last = n + 1500 - 3; ++n < last; n += 2) {
      const double x = RandomStream::normal_of(random.bits(n), random.bits(n + 1)), root = 1 + c * x;
      const double v = root * root * root;
      if (root > 0 && log_uniform(n + 2) < x * x / 2 + d - d * v + d * math::log(v)) return math::log(d * v) + smaller;
    }
    return math::log(d) + smaller;  // not once in 10^600 cases
  };
  return 1 / (1 + math::exp(log_gamma_number(from + 1500) - log_gamma_number(from)));
}

/// The transform.
struct Mixup {
  static constexpr const char* name = "mixup";
  static constexpr std::uint32_t draws = 0;  // those of a batch are the batch's
  double mixup = 0.8, cutmix = 1;            ///< α of either; 0: not this one
  double probability = 1;                    ///< that a batch is mixed
  double cutmix_share = 0.5;                 ///< of these, how many get cutmix

  void each_option(const auto& visit) const {
    visit("mixup", mixup);
    visit("cutmix", cutmix);
    visit("probability", probability);
    visit("cutmix_share", cutmix_share);
  }
  void ensure_valid() const {
    const auto expect = [](const char* option, double value, bool good, const char* expected) {
      if (!good) throw Error(option, std::to_string(value), expected);
    };
    expect("mixup", mixup, mixup >= 0 && is_finite(mixup), "a finite number from 0");
    expect("cutmix", cutmix, cutmix >= 0 && is_finite(cutmix), "a finite number from 0");
    expect("mixup: probability", probability, probability >= 0 && probability <= 1, "a share from 0 to 1");
    expect("mixup: cutmix_share", cutmix_share, cutmix_share >= 0 && cutmix_share <= 1, "a share from 0 to 1");
  }

  Mix mix(const MixedBatch& batch) const {
    const RandomStream& random = batch.random;
    if ((mixup <= 0 && cutmix <= 0) || !(double(random.uniform(0)) < probability)) return {};
    const bool cuts = cutmix > 0 && (mixup <= 0 || double(random.uniform(1)) < cutmix_share);
    const double share = beta_number(random, 4, cuts ? cutmix : mixup);
    if (!cuts) return {0, 0, batch.height, batch.width, share, share};
    const double side = math::sqrt(1 - share);
    const auto [top, height] = cut(random.below(2, static_cast<std::uint32_t>(batch.height)), side, batch.height);
    const auto [left, width] = cut(random.below(3, static_cast<std::uint32_t>(batch.width)), side, batch.width);
    return {top, left, height, width, 0, 1 - double(height * width) / double(batch.height * batch.width)};
  }

 private:
  struct Range {
    Index from, count;
  };
  /// `side` of `extent` pixels around `centre`, as far as there are any.
  static Range cut(Index centre, double side, Index extent) {
    const Index length = Index(double(extent) * side);
    const Index from = centre - length / 2, to = centre + (length + 1) / 2, begin = from > 0 ? from : 0;
    return {begin, (to < extent ? to : extent) - begin};
  }
};

}  // namespace mae
MAE_PRECISE_END
