// What `segment` and `detect` share: models that say something of each place of an image, and how that is shown.
#pragma once
#include <filesystem>

#include "heads.hpp"
#include "predictions.hpp"
#include "supervised.hpp"

namespace program {

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

/// Tells of how many images something was predicted, if that is not all.
inline void report_predicted(const NewImages& images) {
  if (const mae::Index bad = images.passed_over(); bad > 0)
    report("predicted", std::to_string(images.size() - bad) + " of " + std::to_string(images.size()) + " images");
}

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
