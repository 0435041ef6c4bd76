// What `segment` and `detect` share: models that say something of each place of an image, and how that is shown.
#pragma once
#include <algorithm>
#include <cmath>
#include <filesystem>

#include <mae/data/image.hpp>
#include <mae/data/resize.hpp>
#include <mae/model/feature_maps.hpp>

#include "supervised.hpp"

namespace program {

/// The maps of a pyramid, by how they compare with the patches: 4 or 2 times as fine, if patches can be divided so,
/// the same, and half as fine, if their number is even.
template <class Image>
constexpr auto pyramid_scales() {
  constexpr bool coarser = Image::rows % 2 == 0 && Image::columns % 2 == 0;
  if constexpr (Image::patch % 4 == 0 && coarser) return mae::Scales<2, 1, 0, -1>();
  else if constexpr (Image::patch % 4 == 0) return mae::Scales<2, 1, 0>();
  else if constexpr (Image::patch % 2 == 0 && coarser) return mae::Scales<1, 0, -1>();
  else if constexpr (Image::patch % 2 == 0) return mae::Scales<1, 0>();
  else return mae::Scales<0>();
}
/// Numbers of each of their places, for an encoder of these sizes.
template <class Size>
inline constexpr mae::Index pyramid_width = std::clamp<mae::Index>(Size::width / 2, 32, 256);

/// The side of the windows, in patches, in which a line of models.hpp attends, or 0.
template <class Preset>
inline constexpr mae::Index window = [] {
  if constexpr (requires { Preset::window; }) return Preset::window;
  else return mae::Index{0};
}();

/// What is looked at beside scores.
struct LookingSettings {
  Settings& all;
  Integer panel_images{all,           "panel_images", 6, "held-out images that are drawn; 0: none", between(0, 100),
                       Scope::runtime};
  Text predict{all, "predict", "", "folder of other images, which are looked at in the end too", Scope::invocation};

  /// The images to predict, or null. Throws mae::Error if there is no such folder.
  std::unique_ptr<const Opened> open(const DataSettings& data, mae::Index channels) const {
    if (predict().empty()) return nullptr;
    std::error_code unknown;
    if (!std::filesystem::is_directory(predict(), unknown))
      throw predict.error(
          predict() + (std::filesystem::exists(predict(), unknown) ? ", which is no folder" : ", which is not there"),
          "a folder of images to look at");
    return open_images(data, predict(), channels);
  }
};

/// The image, made `height` pixels high, or less where it would be more than four times as wide as that.
inline mae::Image panel_image(const mae::ImageView& image, mae::Index height) {
  const auto down = static_cast<double>(image.height), across = static_cast<double>(image.width);
  const double scale = static_cast<double>(height) * std::min(1 / down, 4 / across);
  const auto rows = std::max<mae::Index>(1, std::llround(scale * down)),
             columns = std::max<mae::Index>(1, std::llround(scale * across));
  mae::Image shown = mae::blank_image(image.channels, rows, columns);
  mae::resize(image.pixels, image.channels, image.height, image.width, {0, 0, down, across}, shown.pixels.data(), rows,
              columns);
  return shown;
}

/// Tells of how many images something was predicted, if that is not all.
inline void report_predicted(mae::Index count, mae::Index all) {
  if (count < all) report("predicted", std::to_string(count) + " of " + std::to_string(all) + " images");
}

/// A share in percent.
inline std::string percent(double value) { return decimal(100 * value, 1) + " %"; }

/// Trains a `Model` on what `open` opens. The settings have `data`, `tuning` and set(options); the judge is made of
/// settings, source and statistics; prepare(source, normalization, options) is called before the first update.
template <class Preset, class Device, class Model, template <class, class> class Judge, class SettingsType,
          class Prepare>
void train_places(const SettingsType& settings, const Opener& open, const mae::FinetuningOptions& recipe,
                  const Prepare& prepare) {
  using Policy = typename Device::template Policy<typename Preset::Element>;
  const std::string& from = settings.origin();
  if (!from.empty()) check_sizes<Preset>(from, settings.loading.options());
  const int threads = use_threads(settings.run.machine.threads());
  const Source source(settings.data, open);
  auto options =
      settings.training.options(source.training().size() * settings.training.repeats(), settings.checkpoint, recipe);
  settings.set(options);
  const auto normalization = source.normalization(from);
  train_supervised<Preset, mae::Finetuning<Model, Policy>>(
      settings, options, source, normalization, threads, false, [&](auto&) { prepare(source, normalization, options); },
      Judge<Model, Policy>(settings, source, normalization));
}

}  // namespace program
