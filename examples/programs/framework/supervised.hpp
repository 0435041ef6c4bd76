// What `finetune` and `probe` share: labelled images, an encoder to begin from, accuracy on held-out images.
#pragma once
#include <algorithm>

#include <mae/eval/test_crops.hpp>
#include <mae/optim/ema.hpp>
#include <mae/train/finetune.hpp>

#include "checkpoints.hpp"
#include "dispatch.hpp"
#include "report.hpp"
#include "source.hpp"
#include "trainer.hpp"

namespace program {

struct SupervisedSettings : Settings {
  SupervisedSettings(const char* program, const char* purpose, const char* folder, const mae::FinetuningOptions& recipe,
                     const char* open_rate = nullptr)
      : Settings(program, purpose), training{*this, recipe, open_rate}, run{*this, folder} {}

  DataSettings data{*this};
  Heading heading{*this, "Model"};
  Text encoder{*this, "encoder", "", "weights to begin from: a file of pretrain, or a published one", Scope::runtime};
  Text model{*this, "model", "auto", "a line of examples/programs/models.hpp; auto: the encoder's",
             one_of(model_names({"auto"}))};
  LoadingSettings loading{*this};
  TrainingSettings<mae::FinetuningOptions> training;
  RunSettings run;
  std::string checkpoint{};  ///< to resume from, or ""

  /// No encoder is needed where `scratch`, if it is one of the settings, says so: perhaps those of the run that goes on.
  void resolve(const Switch* scratch) {
    checkpoint = resolve_folder(*this, run);
    if (scratch != nullptr && (*scratch)()) {
      if (!encoder().empty()) throw encoder.error(encoder(), "nothing beside scratch");
      if (model() == "auto") throw model.error("auto", "the name of a model, to train it from scratch");
      return;
    }
    if (encoder().empty()) throw encoder.error("nothing", "the file encoder.safetensors that pretrain wrote");
    resolve_model(model, encoder(), loading, known_models());
  }
};

/// Trains the model of a `Run`, a classifier or probe, and tells its accuracy. prepare(run) is called once weights are
/// loaded; with `looks` it computes the features of the images. Accuracy is that of `crops`.
template <class Preset, class Run, class Prepare>
void train_supervised(const SupervisedSettings& settings, const typename Run::Options& options, const Source& source,
                      const mae::Normalization& normalization, int threads, bool looks, const Prepare& prepare,
                      const std::vector<mae::Augmentation>& crops = std::vector<mae::Augmentation>(1)) {
  using Model = typename Run::Model;
  using Policy = typename Run::Policy;
  const Subset images = source.training().repeated(settings.training.repeats());
  const Subset* const validation = source.validation();
  source.check_classes(Preset::classes, Preset::name);
  check_class_names(settings.checkpoint, source.class_names(), settings.data.data());
  report_model<Model>(Preset::name);
  report_data(source, normalization);
  using Look = mae::Program<Model, Policy, mae::Inference>;
  const mae::Index looked_at = std::max(validation ? validation->size() : 0, looks ? images.size() : 0);
  const double look_size =
      std::max(drawing_bytes, looked_at > 0 ? look_bytes<Look>(std::min<mae::Index>(64, looked_at), threads) : 0);
  report_memory<Run>(std::min(options.batch, images.size()), threads, source, look_size);
  check_room(settings.run, checkpoint_bytes<Run>);
  Run run(images, options, normalization);
  if (settings.checkpoint.empty() && !settings.encoder().empty())
    begin_from(settings.encoder(), run.weights(), normalization, settings.loading);
  prepare(run);
  report_updates(run);

  const std::string folder = settings.run.out();
  mae::Metadata known = metadata_of(settings, Preset::name);
  known[class_names_key] = mae::names_text(source.class_names());
  Trainer trainer(run, {settings, settings.run, known, settings.checkpoint, settings.data.loaders(), &Record::accuracy,
                        "accuracy", true});
  constexpr bool averages = requires { run.options().optimizer.ema_decay; };
  auto look = [&](Record& record) {
    const auto accuracy = [&](const auto& weights) {
      return crops.size() == 1 ? mae::accuracy(weights, *validation, normalization, 64, crops[0])
                               : mae::accuracy_of_crops(weights, *validation, normalization, crops);
    };
    if (!validation) return;
    record.accuracy = accuracy(run.weights());
    if constexpr (averages) record.ema_accuracy = accuracy(mae::averaged(run));
  };
  if (!trainer.run(look, [] {})) return;
  mae::save_checkpoint(folder + "/model.safetensors", run, known);
  if constexpr (averages)
    mae::save_checkpoint(folder + "/ema.safetensors", mae::averaged(run),
                         mae::detail::merged(mae::metadata_of(run), known));
  const bool named = write_or_remove(folder + "/classes.json", source.class_names());
  trainer.display().say("wrote " + folder + "/model.safetensors" + (averages ? ", ema.safetensors" : "") +
                        (named ? ", classes.json" : "") + " and loss.png");
}

}  // namespace program
