// The program `pretrain`: what can be chosen, and its work with one model of models.hpp.
#pragma once
#include <algorithm>

#include <mae/eval/nearest_neighbours.hpp>
#include <mae/eval/trivial_baseline.hpp>
#include <mae/eval/validation.hpp>
#include <mae/io/images/png.hpp>
#include <mae/model/mask_strategies.hpp>
#include <mae/plot/panel.hpp>
#include <mae/train/pretrain.hpp>

#include "framework/checkpoints.hpp"
#include "framework/dispatch.hpp"
#include "framework/report.hpp"
#include "framework/source.hpp"
#include "framework/trainer.hpp"

struct Pretrain {
  struct Settings : program::Settings {
    Settings() : program::Settings("pretrain", "Pre-trains a masked autoencoder on images without labels.") {}
    program::DataSettings data{*this};
    program::Heading heading{*this, "Model"};
    program::Text init{*this, "init", "",
                       "weights to go on from, with a fresh optimizer: a file of pretrain, or a published one with its "
                       "decoder; empty: random ones",
                       program::Scope::runtime};
    program::LoadingSettings loading{*this};
    program::Text model{*this, "model", "auto", program::model_meaning("that of init, or photos-64").c_str()};
    program::OptionalNumber mask_ratio{
        *this, "mask_ratio", {}, "share of patches hidden; open: the model's first", program::inside(0, 1)};
    program::Text masking{*this, "masking", "random", "how hidden patches are chosen",
                          program::one_of(mae::mask_strategy_names())};
    program::TrainingSettings<mae::PretrainingOptions> training{*this};
    program::OptimizerSetting optimizer{*this};
    program::RunSettings run{*this, "pretrained"};
    program::Integer neighbours{*this,
                                "neighbours",
                                5000,
                                "training images among which held-out ones find their class, if labelled; 0: none",
                                program::at_least(0),
                                program::Scope::runtime};
    program::Integer baseline_steps{
        *this,
        "baseline_steps",
        0,
        "updates after which a loss that is still that of predicting the mean is told, again "
        "and again; 0: a tenth of all, 100 at least",
        program::between(0, 1e9),
        program::Scope::runtime};
    std::string checkpoint{};  ///< to resume from, or ""

    void resolve() {
      if (run.resume() && !init().empty())
        throw init.error(init(), "nothing beside resume, which has weights of its own");
      checkpoint = resolve_folder(*this, run);
      if (checkpoint.empty()) data.check_statistics();
      if (model() == "auto" && init().empty()) model.set("photos-64", model.subject());
      if (model() == "auto") resolve_model(model, init(), loading, program::compiled_models());
    }
    std::optional<double> wanted_ratio() const { return mask_ratio(); }
    /// The file that weights come from: a checkpoint, other weights, or "".
    const std::string& origin() const { return checkpoint.empty() ? init() : checkpoint; }
  };

  /// Works with the mask ratio that is asked for, among those that were compiled.
  template <class Preset, class Device>
  static void run(const Settings& settings) {
    [&]<class... Ratio>(std::tuple<Ratio...>*) {
      auto is_wanted = [&](double ratio) { return !settings.mask_ratio() || *settings.mask_ratio() == ratio; };
      auto train_with = [&]<class R>(R) {
        settings.optimizer.dispatch([&]<class Rule>(Rule*) { train<Preset, R, Device, Rule>(settings); });
        return true;
      };
      if (((is_wanted(Ratio::value) && train_with(Ratio{})) || ...)) return;
      throw settings.mask_ratio.error(program::decimal(*settings.mask_ratio(), 6),
                                      std::string("one that was compiled for ") + Preset::name);
    }(static_cast<typename Preset::Ratios*>(nullptr));
  }

 private:
  /// Bytes that a look at held-out images takes, at its largest: their loss, and their neighbours among `known` images.
  template <class Model, class Policy>
  static double look_bytes(const program::Subset& validation, mae::Index known, int threads) {
    using Loss = mae::Program<mae::PretrainingLoss<Model>, Policy, mae::Inference>;
    const mae::Index batch = std::min<mae::Index>(64, validation.size());
    const double loss = program::look_bytes<Loss>(batch, threads);
    if (known == 0) return loss;
    const auto compared = mae::nearest_neighbour_bytes<mae::Pool::mean, Model, Policy>(known, batch, threads);
    return std::max(loss, static_cast<double>(compared) + program::batch_bytes<Model, Policy>(batch));
  }

  /// Loads the weights that a run goes on from, and tells what was loaded.
  template <class Run>
  static void begin(const Settings& settings, Run& run) {
    const mae::TensorFile file = mae::open_tensors(settings.init());
    mae::LoadOptions options = settings.loading.options();
    options.any_target = mae::recognise(file, "cls_token", options).dialect != nullptr;  // which does not say it
    program::note_normalization(file, run.normalization(), Run::Model::ImageShape::channels);
    settings.loading.tell(mae::load_checkpoint(file, run.weights(), options));
  }

  template <class Preset, class Ratio, class Device, class Rule>
  static void train(const Settings& settings) {
    using Model = typename Preset::template Autoencoder<Ratio>;
    using Policy = typename Device::template Policy<typename Preset::Element>;
    const int threads = program::use_threads(settings.run.machine.threads());
    const program::Source source(settings.data, Model::ImageShape::channels);
    const program::Subset images = source.training().repeated(settings.training.repeats());
    const program::Subset* const validation = source.validation();
    auto options = settings.training.options(images.size(), settings.checkpoint, mae::PretrainingOptionsOf<Rule>{});
    options.masking = mae::mask_strategy(settings.masking());
    if (options.batch > images.size() / options.accumulation)
      throw settings.training.batch.error(std::to_string(options.batch * options.accumulation) + " images in an update",
                                          "at most the " + std::to_string(images.size()) + " of " +
                                              settings.data.data() + "; more --repeats make more");
    const auto normalization = source.normalization(settings.origin());
    program::check_images(settings.checkpoint, source.identity(), settings.data.data());
    program::report_model<Model>(Preset::name);
    program::report("masking", options.masking.name());
    program::report_data(source, normalization);
    const program::Subset known = source.training().some(settings.neighbours());
    const bool neighbours = validation && known.size() > 0 && images.class_count() > 1 && validation->class_count() > 1;
    // A panel is drawn of one image after the other.
    using Panel = mae::Program<mae::PretrainingLoss<Model>, Policy, mae::Inference>;
    double look_size = program::drawing_bytes + program::look_bytes<Panel>(1, threads);
    if (validation)
      look_size = std::max(look_size, look_bytes<Model, Policy>(*validation, neighbours ? known.size() : 0, threads));
    using Run = mae::Pretraining<Model, Policy, mae::KeepAll, mae::AfterBackward, Rule>;
    program::report_memory<Run>(options.batch, threads, source, look_size);
    program::check_room(settings.run, program::checkpoint_bytes<Run>);
    Run run(images, options, normalization);
    if (settings.checkpoint.empty() && !settings.init().empty()) begin(settings, run);
    program::report_updates(run);
    const double baseline = mae::baseline_loss<Model>(images, normalization);
    program::report("baseline", "a loss of " + program::decimal(baseline, 4) + ": that of predicting the mean");

    const std::string folder = settings.run.out();
    const program::Subset shown = (validation ? *validation : source.training()).some(6);
    const mae::Metadata metadata = program::metadata_of(settings, settings.model());
    const mae::Metadata data{{program::images_key, source.identity()}};
    program::Trainer trainer(
        run, {settings, settings.run, mae::detail::merged(metadata, data), settings.checkpoint, settings.data.loaders(),
              &program::Record::validation_loss, "validation_loss", false, baseline, settings.baseline_steps()});
    auto look = [&](program::Record& record) {
      if (!validation) return;
      record.validation_loss = mae::validation_loss(run.weights(), *validation, normalization, 0, 64, options.masking);
      if (neighbours) record.knn = mae::nearest_neighbour_accuracy(run.weights(), known, *validation, normalization);
    };
    auto draw = [&] {
      const mae::Index scale = std::max<mae::Index>(1, 96 / Model::ImageShape::height);
      mae::write_png(folder + "/panel.png", mae::draw_panel(run.weights(), shown, normalization,
                                                            {.scale = scale, .masking = options.masking}));
    };
    if (!trainer.run(look, draw)) return;
    mae::save_checkpoint(folder + "/model.safetensors", run, metadata);
    mae::save_encoder(folder + "/encoder.safetensors", run, metadata);
    const bool drawn = trainer.try_to(draw);
    trainer.display().say("wrote " + folder + "/model.safetensors, encoder.safetensors" +
                          (drawn ? ", loss.png and panel.png" : " and loss.png"));
  }
};
