// The program `finetune`: what can be chosen, and its work with one model of models.hpp.
#pragma once
#include <mae/train/recipes.hpp>

#include "framework/supervised.hpp"

struct Finetune {
  struct Settings : program::SupervisedSettings {
    Settings()
        : program::SupervisedSettings("finetune", "Fine-tunes a pre-trained encoder on labelled images.", "finetuned",
                                      {}) {}
    program::Heading heading{*this, "Fine-tuning"};
    program::OptimizerSetting optimizer{*this};
    program::Text recipe{*this, "recipe", "none",
                         "settings of a published recipe, where no other is given: paper-base, -large, -huge for a "
                         "million images, small-data for few",
                         program::one_of({"none", "paper-base", "paper-large", "paper-huge", "small-data"})};
    program::FinetuningSettings tuning{*this, 0.75};
    program::Number label_smoothing{*this, "label_smoothing", 0.1, "share of certainty given to all classes",
                                    program::from_below(0, 1)};
    program::Text rand_augment{*this, "rand_augment", "", "RandAugment, as timm names it: rand-m9-mstd0.5-inc1"};
    program::Number random_erasing{*this, "random_erasing", 0, "share of images of which a box becomes noise",
                                   program::between(0, 1)};
    program::Number mixup{*this, "mixup", 0, "alpha of mixup, such as 0.8; 0: none", program::at_least(0)};
    program::Number cutmix{*this, "cutmix", 0, "alpha of cutmix, such as 1; with mixup one of them by turns; 0: none",
                           program::at_least(0)};
    program::Number ema_decay{*this, "ema_decay", 0,
                              "of an average of the weights, which is tested and saved too; 0: none",
                              program::from_below(0, 1)};
    program::Switch ema_warmup{*this, "ema_warmup", false, "a smaller ema_decay in the first updates, for short runs"};
    program::Number evaluation_crop{*this, "evaluation_crop", 1,
                                    "share of an image's sides that is looked at when testing; published: 0.875",
                                    program::above_to(0, 1)};
    program::Integer test_crops{*this, "test_crops", 1,
                                "views of an image when testing: 1, 5 with the corners, 10 mirrored too",
                                program::between(1, 10)};

    void complete() override {
      if (recipe() == "none") return;
      const mae::FinetuningRecipe wanted = mae::finetuning_recipe(recipe());
      mae::each_option(wanted.options, [&](const std::string& name, const auto& value) {
        if constexpr (std::is_same_v<decltype(value), const bool&>) propose(name, value ? "true" : "false");
        else if (!name.starts_with("beta")) propose(name, program::plain(static_cast<double>(value)));
      });
      for (const mae::Transform& transform : wanted.options.augmentation.transforms) {
        const std::string kind = transform.name();
        std::string timm = "\"rand";
        transform.each_option([&](const std::string& name, double value) {
          const std::string text = program::plain(value);
          if (transform.mixes()) propose(name, text);
          if (kind == "random_erasing" && name == "probability") propose(kind, text);
          if (name == "magnitude") timm += "-m" + text;
          if (name == "deviation") timm += "-mstd" + text;
          if (name == "operations" && value != 2) timm += "-n" + text;
        });
        if (kind == "rand_augment") propose(kind, timm + "-inc1\"");
      }
      propose("evaluation_crop", program::plain(wanted.evaluation_crop));
    }
    void resolve() { SupervisedSettings::resolve(&tuning.scratch); }

    mae::Augmentation augmentation(mae::Augmentation of) const {
      if (!rand_augment().empty())
        of.transforms.push_back(mae::rand_augment_from(rand_augment(), rand_augment.subject()));
      if (random_erasing() > 0) of.transforms.push_back(mae::RandomErasing{.probability = random_erasing()});
      if (mixup() > 0 || cutmix() > 0) of.transforms.push_back(mae::Mixup{.mixup = mixup(), .cutmix = cutmix()});
      return of;
    }
  };

  template <class Preset, class Device>
  static void run(const Settings& settings) {
    const std::vector<mae::Augmentation> crops = mae::test_crops(settings.test_crops(), settings.evaluation_crop());
    settings.optimizer.dispatch([&]<class Rule>(Rule*) {
      if (settings.ema_decay() == 0) run_by<Preset, Device, Rule>(settings, crops);
      else run_by<Preset, Device, mae::Averaged<Rule>>(settings, crops);
    });
  }

 private:
  template <class Preset, class Device, class Rule>
  static void run_by(const Settings& settings, const std::vector<mae::Augmentation>& crops) {
    using Model = mae::Classifier<typename Preset::ImageShape, typename Preset::EncoderShape, Preset::classes>;
    const std::string& from = settings.origin();
    if (!from.empty()) program::check_sizes<Preset>(from, settings.loading.options());
    const int threads = program::use_threads(settings.run.machine.threads());
    const program::Source source(settings.data, Preset::ImageShape::channels, program::Use::labelled);
    auto options = settings.training.options(source.training().size() * settings.training.repeats(),
                                             settings.checkpoint, mae::FinetuningOptionsOf<Rule>{});
    settings.tuning.set(options);
    options.label_smoothing = settings.label_smoothing();
    options.augmentation = settings.augmentation(options.augmentation);
    if constexpr (requires { options.optimizer.ema_decay; }) {
      options.optimizer.ema_decay = settings.ema_decay();
      options.optimizer.ema_warmup = settings.ema_warmup();
    }
    using Run = mae::Finetuning<Model, typename Device::template Policy<typename Preset::Element>, mae::KeepAll,
                                mae::AfterBackward, Rule>;
    const auto normalization = source.normalization(from);
    program::train_supervised<Preset, Run>(
        settings, options, source, normalization, threads, false, [](auto&) {},
        program::Accuracy(source, normalization, crops));
  }
};
