// The program `finetune`: what can be chosen, and its work with one model of models.hpp.
#pragma once
#include "framework/supervised.hpp"

struct Finetune {
  struct Settings : program::SupervisedSettings {
    Settings()
        : program::SupervisedSettings("finetune", "Fine-tunes a pre-trained encoder on labelled images.", "finetuned",
                                      {}) {}
    program::Heading heading{*this, "Fine-tuning"};
    program::Switch scratch{*this, "scratch", false, "begin from random weights instead of an encoder"};
    program::OptionalNumber layer_decay{*this,
                                        "layer_decay",
                                        {},
                                        "rate of a layer, as a share of the next one's; open: 0.75, from scratch 1",
                                        program::above_to(0, 1)};
    program::Number drop_path{*this, "drop_path", 0.1, "of the last block", program::from_below(0, 1)};
    program::Number label_smoothing{*this, "label_smoothing", 0.1, "share of certainty given to all classes",
                                    program::from_below(0, 1)};

    void resolve() { SupervisedSettings::resolve(scratch()); }
  };

  template <class Preset, class Device>
  static void run(const Settings& settings) {
    using Model = mae::Classifier<typename Preset::ImageShape, typename Preset::EncoderShape, Preset::classes>;
    const std::string& from = settings.checkpoint.empty() ? settings.encoder() : settings.checkpoint;
    if (!from.empty()) program::check_sizes<Preset>(from, settings.loading.options());
    const int threads = program::use_threads(settings.run.machine.threads());
    const program::Source source(settings.data, Preset::ImageShape::channels, program::Use::labelled);
    mae::FinetuningOptions options =
        settings.training.options(source.training().size() * settings.training.repeats(), settings.checkpoint);
    options.layer_decay = settings.layer_decay() ? *settings.layer_decay() : settings.scratch() ? 1 : 0.75;
    options.drop_path = settings.drop_path();
    options.label_smoothing = settings.label_smoothing();
    using Run = mae::Finetuning<Model, typename Device::template Policy<typename Preset::Element>>;
    program::train_supervised<Preset, Run>(settings, options, source, source.normalization(from), threads, false,
                                           [](auto&) {});
  }
};
