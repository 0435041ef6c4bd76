// Trained detectors: of `detect`.
#pragma once
#include "../heads.hpp"
#include "load.hpp"

struct Detectors {
  using Settings = program::Trained;

  template <class Preset, class Device>
  static void run(const Settings& trained) {
    program::with_trained<Preset, Device, program::DetectorOf<Preset>>(
        trained,
        [](const auto& weights, const auto& normalization) { return program::detecting(weights, normalization); });
  }
};
