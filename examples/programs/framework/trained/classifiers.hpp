// Trained classifiers: of `finetune`, of `probe` with either recipe, and published ones.
#pragma once
#include <mae/model/classifier.hpp>

#include "load.hpp"

struct Classifiers {
  using Settings = program::Trained;

  template <class Preset, class Device>
  static void run(const Settings& trained) {
    using Image = typename Preset::ImageShape;
    using Size = typename Preset::EncoderShape;
    using mae::Classifier, mae::LinearProbe, mae::Pool;
    constexpr mae::Index most = Preset::classes;
    if (trained.head == "probe mean") return with<Preset, Device, LinearProbe<Image, Size, most, Pool::mean>>(trained);
    if (trained.head == "probe class token")
      return with<Preset, Device, LinearProbe<Image, Size, most, Pool::class_token>>(trained);
    with<Preset, Device, Classifier<Image, Size, most>>(trained);
  }

 private:
  template <class Preset, class Device, class Model>
  static void with(const Settings& trained) {
    program::with_trained<Preset, Device, Model>(trained, [](const auto& weights, const auto& normalization) {
      return program::classifying(weights, normalization);
    });
  }
};
