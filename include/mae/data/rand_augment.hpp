// RandAugment (Cubuk et al., 2020) as fine-tuning recipes take it: rand-m9-mstd0.5-inc1 (He et al., 2021, table 9).
//
//   options.augmentation.transforms = {RandAugment{}, RandomErasing{}};       // and in the list's order
//
// Two of fifteen operations are drawn, with replacement, and each is carried out with probability one half, at a
// magnitude of its own, drawn from N(9, 0.5) and kept in [0, 10]; with "inc1" more of it is always a stronger change.
// What they do is in `operations`, byte for byte as in timm on Pillow 13 (image_operations.hpp). They work on bytes:
// the placed image is rounded to them first. What comes into view is filled with the mean of the normalisation, which
// for ImageNet's is (124, 116, 104). Numbers are those of (seed, epoch, sample).
#pragma once
#include <string_view>

#include <mae/core/number_text.hpp>
#include <mae/data/image_operations.hpp>
#include <mae/data/transform.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// An operation of RandAugment: how strong it is follows from `strength` in [0, 1], a tenth of the magnitude, and for
/// those that go both ways from the sign: `negative` is half of the time. `fill` has a byte for each channel.
struct RandAugmentOperation {
  std::string_view name;  ///< timm's
  void (*apply)(Image& image, double strength, bool negative, const std::uint8_t* fill);
};

namespace detail {
inline double with_sign(double value, bool negative) { return negative ? -value : value; }
/// Of colour, contrast, brightness and sharpness.
inline double blend_factor(double strength, bool negative) {
  return math::fmax(0.1, 1 + with_sign(0.9 * strength, negative));
}
}  // namespace detail

/// The operations, in timm's order and under its names.
inline constexpr RandAugmentOperation rand_augment_operations[] = {
    {"AutoContrast", [](Image& image, double, bool, const std::uint8_t*) { image_operation::auto_contrast(image); }},
    {"Equalize", [](Image& image, double, bool, const std::uint8_t*) { image_operation::equalize(image); }},
    {"Invert", [](Image& image, double, bool, const std::uint8_t*) { image_operation::invert(image); }},
    {"Rotate",
     [](Image& image, double strength, bool negative, const std::uint8_t* fill) {
       image_operation::rotate(image, detail::with_sign(30 * strength, negative), fill);
     }},
    {"PosterizeIncreasing",
     [](Image& image, double strength, bool, const std::uint8_t*) {
       image_operation::posterize(image, 4 - static_cast<int>(4 * strength));
     }},
    {"SolarizeIncreasing",
     [](Image& image, double strength, bool, const std::uint8_t*) {
       image_operation::solarize(image, 256 - static_cast<int>(256 * strength));
     }},
    {"SolarizeAdd",
     [](Image& image, double strength, bool, const std::uint8_t*) {
       image_operation::solarize_add(image, static_cast<int>(110 * strength));
     }},
    {"ColorIncreasing",
     [](Image& image, double strength, bool negative, const std::uint8_t*) {
       image_operation::color(image, detail::blend_factor(strength, negative));
     }},
    {"ContrastIncreasing",
     [](Image& image, double strength, bool negative, const std::uint8_t*) {
       image_operation::contrast(image, detail::blend_factor(strength, negative));
     }},
    {"BrightnessIncreasing",
     [](Image& image, double strength, bool negative, const std::uint8_t*) {
       image_operation::brightness(image, detail::blend_factor(strength, negative));
     }},
    {"SharpnessIncreasing",
     [](Image& image, double strength, bool negative, const std::uint8_t*) {
       image_operation::sharpness(image, detail::blend_factor(strength, negative));
     }},
    {"ShearX",
     [](Image& image, double strength, bool negative, const std::uint8_t* fill) {
       image_operation::shear_x(image, detail::with_sign(0.3 * strength, negative), fill);
     }},
    {"ShearY",
     [](Image& image, double strength, bool negative, const std::uint8_t* fill) {
       image_operation::shear_y(image, detail::with_sign(0.3 * strength, negative), fill);
     }},
    {"TranslateXRel",
     [](Image& image, double strength, bool negative, const std::uint8_t* fill) {
       image_operation::translate(image, 0, detail::with_sign(0.45 * strength, negative) * double(image.width), fill);
     }},
    {"TranslateYRel",
     [](Image& image, double strength, bool negative, const std::uint8_t* fill) {
       image_operation::translate(image, detail::with_sign(0.45 * strength, negative) * double(image.height), 0, fill);
     }},
};

/// The transform. `magnitude` is "m9", `deviation` "mstd0.5".
struct RandAugment {
  static constexpr const char* name = "rand_augment";
  static constexpr std::uint32_t most_operations = 16, draws_of_operation = 5, draws = 80;
  static constexpr bool moves_pixels = true;
  double magnitude = 9, deviation = 0.5;
  double probability = 0.5;  ///< that an operation drawn is carried out
  Index operations = 2;

  void each_option(const auto& visit) const {
    visit("magnitude", magnitude);
    visit("deviation", deviation);
    visit("probability", probability);
    visit("operations", operations);
  }
  void ensure_valid() const {
    const auto expect = [](const char* option, double value, bool good, const char* expected) {
      if (!good) throw Error(std::string("rand_augment: ") + option, short_text(value, 6), expected);
    };
    expect("magnitude", magnitude, magnitude >= 0 && magnitude <= 10, "a number from 0 to 10");
    expect("deviation", deviation, deviation >= 0 && deviation <= 10, "a number from 0 to 10");
    expect("probability", probability, probability >= 0 && probability <= 1, "a share from 0 to 1");
    expect("operations", double(operations), operations >= 0 && operations <= Index{most_operations},
           "a whole number from 0 to 16");
  }

  void change(const Draws& random, const PlacedPixels& placed) const {
    Image image{placed.channels, placed.height, placed.width, {}};
    image.pixels.reserve(static_cast<std::size_t>(placed.end() - placed.begin()));
    for (const float level : placed) image.pixels.push_back(nearest_byte(255 * double(level)));
    std::vector<std::uint8_t> fill(static_cast<std::size_t>(placed.channels), 128);
    if (placed.mean)
      for (std::size_t c = 0; c < fill.size(); ++c) fill[c] = nearest_byte(255 * placed.mean[c]);
    apply(random, image, fill.data());
    for (std::size_t i = 0; i < image.pixels.size(); ++i) placed.data[i] = static_cast<float>(image.pixels[i]) / 255;
  }
  /// The same on bytes.
  void apply(const Draws& random, Image& image, const std::uint8_t* fill) const {
    constexpr auto kinds = static_cast<std::uint32_t>(std::size(rand_augment_operations));
    for (Index i = 0; i < operations; ++i) {
      const std::uint32_t at = draws_of_operation * static_cast<std::uint32_t>(i);
      const RandAugmentOperation& operation = rand_augment_operations[random.below(at, kinds)];
      if (!(double(random.uniform(at + 1)) < probability)) continue;
      const double drawn = math::fmin(math::fmax(magnitude + deviation * random.normal(at + 2), 0), 10);
      operation.apply(image, drawn / 10, random.below(at + 4, 2) == 1, fill);
    }
  }

 private:
  static std::uint8_t nearest_byte(double value) {
    return static_cast<std::uint8_t>(math::fmin(math::fmax(math::round(value), 0), 255));
  }
};

/// What timm calls "rand-m9-mstd0.5-inc1": of its parts m (magnitude), mstd (its deviation), n (operations), p
/// (probability) and inc1, which must be there, those that are left out are as in timm: m10, mstd0, n2, p0.5. Throws
/// mae::Error about `subject` if it is something else.
inline RandAugment rand_augment_from(std::string_view text, const std::string& subject = "rand_augment") {
  const auto refuse = [&, whole = std::string(text)] {
    throw Error(subject, whole.empty() ? "nothing" : whole, "a text like rand-m9-mstd0.5-inc1, which must have inc1");
  };
  RandAugment found{.magnitude = 10, .deviation = 0};
  bool increasing = false, begins = true;
  for (std::size_t end = 0; end != std::string_view::npos; begins = false) {
    end = text.find('-');
    const std::string_view part = text.substr(0, end);
    if (end != std::string_view::npos) text.remove_prefix(end + 1);
    if (begins != (part == "rand")) refuse();
    if (begins) continue;
    const auto letters = part.find_first_of("0123456789.");
    const std::string_view key = part.substr(0, letters);
    const auto number = number_in(letters == std::string_view::npos ? "" : part.substr(letters));
    if (!number) refuse();
    if (key == "m") found.magnitude = *number;
    else if (key == "mstd") found.deviation = *number;
    else if (key == "p") found.probability = *number;
    else if (key == "n" && *number <= 1e6 && *number == double(Index(*number))) found.operations = Index(*number);
    else if (key == "inc" && *number == 1) increasing = true;
    else refuse();
  }
  if (!increasing) refuse();
  found.ensure_valid();
  return found;
}

}  // namespace mae
MAE_PRECISE_END
