// What the kinds of trained models share: weights are loaded, and told of.
#pragma once
#include "../dispatch.hpp"
#include "../report.hpp"
#include "trained.hpp"

namespace program {

/// Works with a `Model` as what make(weights, normalization) makes of it.
template <class Preset, class Device, class Model, class Make>
void with_trained(const Trained& trained, const Make& make) {
  const TrainedSettings& settings = trained.settings;
  const std::string& path = settings.checkpoint();
  use_threads(settings.machine.threads());
  check_sizes<Preset>(path, settings.loading.options());
  const auto normalization = known_normalization(settings.data, Preset::ImageShape::channels, path);
  mae::Weights<Model, typename Device::template Policy<typename Preset::Element>> weights;
  settings.loading.tell(mae::load_checkpoint(path, weights, settings.loading.options()));
  report_model<Model>(Preset::name);
  trained.use(make(weights, normalization.value()));
}

}  // namespace program
