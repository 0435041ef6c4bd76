// Random erasing (Zhong et al., 2020), as timm has it in its mode "pixel": a box of the image becomes noise.
//
// With `probability` one box is chosen, in up to ten tries: its area a share of the image's uniform in [smallest,
// largest], its aspect ratio r log-uniform in [aspect, 1 / aspect], h = round(√(area · r)), w = round(√(area / r)); it
// is taken if it is smaller than the image both ways, at a place uniform among those where it fits. Each value in it
// becomes a normal number of mean 0 and deviation 1 as the model sees it, after normalisation. An image on which ten
// tries fail stays as it is. As a transform it stands last in the list; numbers are those of (seed, epoch, sample).
#pragma once
#include <mae/core/finite.hpp>
#include <mae/core/math.hpp>
#include <mae/data/transform.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The box that is erased, in pixels of the image; none if it has no rows.
struct ErasedBox {
  Index top = 0, left = 0, height = 0, width = 0;
};

struct RandomErasing {
  static constexpr const char* name = "random_erasing";
  static constexpr std::uint32_t tries = 10, draws_of_try = 4, first_of_try = 1, first_of_noise = 42;
  static constexpr std::uint32_t draws = 1u << 28;  // two for each value of the largest image
  double probability = 0.25;                        ///< that a box is erased
  double smallest = 0.02, largest = 1.0 / 3;        ///< area of the box, as a share of the image's
  double aspect = 0.3;                              ///< the smallest aspect ratio; the largest is 1 / aspect

  void each_option(const auto& visit) const {
    visit("probability", probability);
    visit("smallest", smallest);
    visit("largest", largest);
    visit("aspect", aspect);
  }
  void ensure_valid() const {
    const auto expect = [](const char* option, double value, bool good, const char* expected) {
      if (!good) throw Error(std::string("random_erasing: ") + option, std::to_string(value), expected);
    };
    expect("probability", probability, probability >= 0 && probability <= 1, "a share from 0 to 1");
    expect("largest", largest, largest > 0 && largest <= 1, "a share above 0 and at most 1");
    expect("smallest", smallest, smallest > 0 && smallest <= largest, "a share above 0 and at most the largest");
    expect("aspect", aspect, aspect > 0 && aspect <= 1, "a ratio above 0 and at most 1");
  }

  ErasedBox box(const Draws& random, Index height, Index width) const {
    if (!(double(random.uniform(0)) < probability)) return {};
    for (std::uint32_t i = 0; i < tries; ++i) {
      const std::uint32_t at = first_of_try + draws_of_try * i;
      const double area = double(height * width) * (smallest + (largest - smallest) * double(random.uniform(at)));
      const double ratio = math::exp((1 - 2 * double(random.uniform(at + 1))) * math::log(aspect));
      const Index h = Index(math::round(math::sqrt(area * ratio))), w = Index(math::round(math::sqrt(area / ratio)));
      if (!(h >= 1 && w >= 1 && h < height && w < width)) continue;
      return {random.below(at + 2, static_cast<std::uint32_t>(height - h + 1)),
              random.below(at + 3, static_cast<std::uint32_t>(width - w + 1)), h, w};
    }
    return {};
  }
  void change(const Draws& random, const PlacedPixels& image) const {
    const ErasedBox chosen = box(random, image.height, image.width);
    std::uint32_t next = first_of_noise;
    for (Index c = 0; c < image.channels; ++c) {
      const double mean = image.mean ? image.mean[c] : 0, deviation = image.deviation ? image.deviation[c] : 1;
      for (Index y = chosen.top; y < chosen.top + chosen.height; ++y)
        for (Index x = chosen.left; x < chosen.left + chosen.width; ++x, next += 2)
          image.row(c, y)[x] = static_cast<float>(mean + deviation * random.normal(next));
    }
  }
};

}  // namespace mae
MAE_PRECISE_END
