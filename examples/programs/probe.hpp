// The program `probe`: what can be chosen, and its work with one model of models.hpp.
#pragma once
#include <mae/train/probe.hpp>

#include "framework/supervised.hpp"

struct Probe {
  struct Settings : program::SupervisedSettings {
    Settings()
        : program::SupervisedSettings("probe", "Trains one linear layer on the features of a frozen encoder.", "probed",
                                      mae::probing_options()) {}
    void settle() { SupervisedSettings::settle(false); }
  };

  template <class Preset, class Device>
  static void run(const Settings& settings) {
    using Model =
        mae::LinearProbe<typename Preset::ImageShape, typename Preset::EncoderShape, Preset::classes, mae::Pool::mean>;
    const std::string& from = settings.checkpoint.empty() ? settings.encoder() : settings.checkpoint;
    if (!from.empty()) program::check_sizes<Preset>(from);
    const int threads = program::use_threads(settings.run.machine.threads());
    const program::Source source(settings.data, Preset::ImageShape::channels, program::Use::labelled);
    const auto options =
        settings.training.options(source.training().size() * settings.training.repeats(), settings.checkpoint);
    auto prepare = [&](auto& run) {
      if (settings.checkpoint.empty()) {
        program::Progress progress("features", run.images().size());
        mae::set_feature_statistics(run.weights(), program::Counted{run.images(), progress}, run.normalization());
      }
      mae::freeze_encoder(run);
    };
    program::train_supervised<Preset, Device, Model>(settings, options, source, source.normalization(from), threads,
                                                     settings.checkpoint.empty(), prepare);
  }
};
