// Trained segmenters: of `segment` with either head.
#pragma once
#include "../heads.hpp"
#include "load.hpp"

struct Segmenters {
  using Settings = program::Trained;

  template <class Preset, class Device>
  static void run(const Settings& trained) {
    const auto make = [](const auto& weights, const auto& normalization) {
      return program::segmenting(weights, normalization);
    };
    if (trained.head == "pyramid")
      return program::with_trained<Preset, Device, program::PyramidSegmenterOf<Preset>>(trained, make);
    program::with_trained<Preset, Device, program::SegmenterOf<Preset>>(trained, make);
  }
};
