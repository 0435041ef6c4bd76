// The program `probe`: what can be chosen, and its work with one model of models.hpp.
#pragma once
#include <mae/train/linear_probe.hpp>
#include <mae/train/probe.hpp>

#include "framework/supervised.hpp"

struct Probe {
  struct Settings : program::SupervisedSettings {
    Settings()
        : program::SupervisedSettings("probe", "Trains one linear layer on the features of a frozen encoder.", "probed",
                                      mae::probing_options(),
                                      "highest rate for 256 images in one update; open: 0.05, with recipe paper 0.1") {}
    program::Heading heading{*this, "Probing"};
    program::Text recipe{
        *this, "recipe", "whole_set",
        "whole_set: the mean over patches, standardised by statistics of all images, AdamW; paper: the "
        "class token, batch norm, LARS, for batches of 512 images and more",
        program::one_of({"whole_set", "paper"})};

    void resolve() { SupervisedSettings::resolve(); }
  };

  template <class Preset, class Device>
  static void run(const Settings& settings) {
    using Policy = typename Device::template Policy<typename Preset::Element>;
    const std::string& from = settings.origin();
    if (!from.empty()) program::check_sizes<Preset>(from, settings.loading.options());
    const int threads = program::use_threads(settings.run.machine.threads());
    const program::Source source(settings.data, Preset::ImageShape::channels, program::Use::labelled);
    const mae::Index images = source.training().size() * settings.training.repeats();
    const auto normalization = source.normalization(from);
    const program::Accuracy accuracy(source, normalization);
    if (settings.recipe() == "paper") {
      using Model = mae::LinearProbe<typename Preset::ImageShape, typename Preset::EncoderShape, Preset::classes,
                                     mae::Pool::class_token>;
      if constexpr (mae::runs_on_host<Policy>)
        program::train_supervised<Preset, mae::LinearProbing<Model, Policy>>(
            settings, settings.training.options(images, settings.checkpoint, mae::LinearProbeOptions{}), source,
            normalization, threads, false, [](auto&) {}, accuracy);
      else throw settings.recipe.error("paper", "whole_set on a GPU: statistics of a batch are taken on the CPU");
      return;
    }
    using Model =
        mae::LinearProbe<typename Preset::ImageShape, typename Preset::EncoderShape, Preset::classes, mae::Pool::mean>;
    auto prepare = [&](auto& run) {
      if (settings.checkpoint.empty()) {
        program::Progress progress("features", run.images().size());
        mae::set_feature_statistics(run.weights(), program::Counted{run.images(), progress}, run.normalization());
      }
      mae::freeze_encoder(run);
    };
    program::train_supervised<Preset, mae::Finetuning<Model, Policy>>(
        settings, settings.training.options(images, settings.checkpoint), source, normalization, threads,
        settings.checkpoint.empty(), prepare, accuracy);
  }
};
