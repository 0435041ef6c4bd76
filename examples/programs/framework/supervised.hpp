// What `finetune`, `probe` and `segment` share: images with what is said of them, an encoder to begin from, and how
// good the model is on held-out images.
//
// How good it is, and what is drawn and written of it, is said by a judge:
//
//   struct Judge {
//     static constexpr Metric metric = &Record::mean_iou;                 // says which checkpoint is best
//     static constexpr Metric averaged = nullptr;                         // the same for averaged weights, or null
//     static constexpr const char* name = "mean_iou";                     // in the names of files
//     mae::Index look_batch(mae::Index images) const;                     // images at a time, of so many
//     template <class W> double score(const W& weights) const;            // of the held-out images, in [0, 1]
//     template <class W> void draw(const W& weights) const;               // panel.png, at checkpoints and the end
//     template <class W> std::string finish(const W& weights) const;      // before; what is written, ", a, b" or ""
//     mae::Metadata metadata() const;                                     // for checkpoints, if there is some
//   };
//
// `Accuracy` below is that of classifiers.
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
  Text model{*this, "model", "auto", model_meaning("the encoder's").c_str()};
  LoadingSettings loading{*this};
  TrainingSettings<mae::FinetuningOptions> training;
  RunSettings run;
  std::string checkpoint{};  ///< to resume from, or ""

  /// Where `scratch` is on, once the settings of a run that goes on are restored, no encoder is needed.
  void resolve(const Switch* scratch = nullptr) {
    checkpoint = resolve_folder(*this, run);
    if (checkpoint.empty()) data.check_statistics();
    if (scratch && (*scratch)()) {
      if (!encoder().empty()) throw encoder.error(encoder(), "nothing beside scratch");
      if (model() == "auto") throw model.error("auto", "the name of a model, to train it from scratch");
      return;
    }
    if (encoder().empty())
      throw encoder.error("nothing", std::string("the file encoder.safetensors that pretrain wrote") +
                                         (scratch ? ", or --scratch to begin from random weights" : ""));
    resolve_model(model, encoder(), loading, compiled_models());
  }
  /// The file that weights come from: a checkpoint, an encoder, or "".
  const std::string& origin() const { return checkpoint.empty() ? encoder() : checkpoint; }
};

/// What can be chosen where the encoder is trained too.
struct FinetuningSettings {
  Settings& all;
  double standard_layer_decay;

  Switch scratch{all, "scratch", false, "begin from random weights instead of an encoder"};
  Integer trained_blocks{all, "trained_blocks", -1, "of the encoder, the last so many and what follows; -1: everything",
                         at_least(-1)};
  OptionalNumber layer_decay{
      all,
      "layer_decay",
      {},
      ("rate of a layer, as a share of the next one's; open: " + plain(standard_layer_decay) + ", from scratch 1")
          .c_str(),
      above_to(0, 1)};
  Number drop_path{all, "drop_path", 0.1, "of the last block", from_below(0, 1)};

  template <class Options>
  void set(Options& options) const {
    options.layer_decay = layer_decay() ? *layer_decay() : scratch() ? 1 : standard_layer_decay;
    options.drop_path = drop_path();
    options.trained_blocks = trained_blocks();
  }
};

/// Accuracy of a classifier on held-out images: the share that `crops` of them are called rightly.
class Accuracy {
 public:
  static constexpr Metric metric = &Record::accuracy, averaged = &Record::ema_accuracy;
  static constexpr const char* name = "accuracy";

  Accuracy(const Source& source, const mae::Normalization& normalization,
           std::vector<mae::Augmentation> crops = std::vector<mae::Augmentation>(1))
      : source_(source), normalization_(normalization), crops_(std::move(crops)) {}
  mae::Index look_batch(mae::Index images) const { return std::min<mae::Index>(64, images); }
  template <class W>
  double score(const W& weights) const {
    const Subset& images = *source_.validation();
    return crops_.size() == 1 ? mae::accuracy(weights, images, normalization_, 64, crops_[0])
                              : mae::accuracy_of_crops(weights, images, normalization_, crops_);
  }
  template <class W>
  void draw(const W&) const {}
  template <class W>
  std::string finish(const W&) const {
    return "";
  }

 private:
  const Source& source_;
  mae::Normalization normalization_;
  std::vector<mae::Augmentation> crops_;
};

/// Trains the model of a `Run` on the target that its task names, and tells how good it is. prepare(run) is called once
/// weights are loaded; with `looks` it computes the features of the images.
template <class Preset, class Run, class Prepare, class Judge>
void train_supervised(const SupervisedSettings& settings, const typename Run::Options& options, const Source& source,
                      const mae::Normalization& normalization, int threads, bool looks, const Prepare& prepare,
                      const Judge& judge) {
  using Model = typename Run::Model;
  using Policy = typename Run::Policy;
  // A run that follows no target asks for labels itself.
  using Target =
      std::conditional_t<std::is_same_v<typename Run::Target, mae::NoTarget>, mae::Label, typename Run::Target>;
  const SubsetOf<Target> images{source.training().repeated(settings.training.repeats())};
  const Subset* const validation = source.validation();
  source.check_classes(Model::classes, Preset::name);
  check_class_names(settings.checkpoint, source.class_names(), settings.data.data());
  check_images(settings.checkpoint, source.identity(), settings.data.data());
  report_model<Model>(Preset::name);
  report_data(source, normalization);
  using Look = mae::Program<Model, Policy, mae::Inference>;
  const mae::Index looked_at = std::max(validation ? validation->size() : 0, looks ? images.size() : 0);
  const double look_size =
      std::max(drawing_bytes, looked_at > 0 ? look_bytes<Look>(judge.look_batch(looked_at), threads) : 0);
  report_memory<Run>(std::min(options.batch, images.size()), threads, source, look_size);
  check_room(settings.run, checkpoint_bytes<Run>);
  Run run(images, options, normalization);
  if (settings.checkpoint.empty() && !settings.encoder().empty())
    begin_from(settings.encoder(), run.weights(), normalization, settings.loading);
  prepare(run);
  report_updates(run);

  const std::string folder = settings.run.out();
  mae::Metadata known = metadata_of(settings, settings.model());
  known[class_names_key] = mae::names_text(source.class_names());
  known[images_key] = source.identity();
  if constexpr (requires { judge.metadata(); }) known.merge(judge.metadata());
  Trainer trainer(run, {settings, settings.run, known, settings.checkpoint, settings.data.loaders(), Judge::metric,
                        Judge::name, true});
  constexpr bool averages = requires { run.options().optimizer.ema_decay; };
  auto look = [&](Record& record) {
    if (!validation) return;
    if (const double score = judge.score(run.weights()); mae::is_finite(score)) record.*Judge::metric = score;
    if constexpr (averages) record.*Judge::averaged = judge.score(mae::averaged(run));
  };
  const auto draw = [&] { judge.draw(run.weights()); };
  if (!trainer.run(look, draw)) return;
  mae::save_checkpoint(folder + "/model.safetensors", run, known);
  if constexpr (averages)
    mae::save_checkpoint(folder + "/ema.safetensors", mae::averaged(run),
                         mae::detail::merged(mae::metadata_of(run), known));
  const bool named = write_or_remove(folder + "/classes.json", source.class_names());
  std::string wrote = judge.finish(run.weights());
  if (const auto panel = wrote.find(", panel.png"); !trainer.try_to(draw) && panel != std::string::npos)
    wrote.erase(panel, std::string_view(", panel.png").size());
  trainer.display().say("wrote " + folder + "/model.safetensors" + (averages ? ", ema.safetensors" : "") +
                        (named ? ", classes.json" : "") + wrote + " and loss.png");
}

}  // namespace program
