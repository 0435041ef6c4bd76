// Which checkpoint a program begins from, and what it says of the settings.
#pragma once
#include <mae/checkpoint/load_encoder.hpp>
#include <mae/io/images/name_list.hpp>

#include "description.hpp"
#include "display.hpp"
#include "training.hpp"

namespace program {

/// What a program says in its checkpoints beside what the library does.
inline mae::Metadata metadata_of(const Settings& settings, const std::string& model) {
  return {{"program", settings.program()}, {"model", model}, {"settings", settings.record()}};
}

/// Under which name a checkpoint of a run with labels has the names of its classes: a JSON list.
inline constexpr const char* class_names_key = "class_names";
/// The same of the ids of their categories, where they were read from annotations: a JSON list of numbers.
inline constexpr const char* category_ids_key = "category_ids";
/// Under which name it has how images are looked at, where a start may choose that anew: a JSON object of settings.
inline constexpr const char* looking_key = "looking";
/// Throws mae::Error unless the classes of `data` are those of the run whose checkpoint, if not "", goes on: its labels
/// are their numbers. A checkpoint that does not know goes on with any.
void check_class_names(const std::string& checkpoint, const std::vector<std::string>& names, const std::string& data);
/// Under which name a checkpoint says which images it was trained on: what `Source::identity` gives.
inline constexpr const char* images_key = "images_identity";
/// Throws mae::Error unless `data` are still the images of the run whose checkpoint, if not "", goes on: other names
/// would divide them otherwise, and other classes have other numbers. How many there are is the run's own to compare. A
/// checkpoint that does not know goes on with any.
void check_images(const std::string& checkpoint, const std::string& identity, const std::string& data);
/// Writes `names` to a file (mae/io/images/name_list.hpp). Without any, removes what an earlier start may have left
/// there, and returns false.
bool write_or_remove(const std::string& path, const std::vector<std::string>& names);

/// Where the settings of the last start stand, complete: what --print-config would have written.
inline std::string settings_file(const std::string& folder) { return folder + "/settings.json"; }

/// The checkpoint that the run goes on from, whose settings are restored: with --resume the newest good one of the
/// folder. Without it "", and the folder must have none. Throws mae::Error.
std::string resolve_folder(Settings& all, const RunSettings& run);

/// Makes the folder of a run that begins or goes on, and removes what killed processes left half-written in it. Throws
/// mae::Error if one that begins finds checkpoints there, of a run that has begun and ended since `resolve_folder`
/// looked.
void make_folder(const RunSettings& run, const std::string& checkpoint);

/// Throws mae::Error unless the disk of the folder has room for the checkpoints that are kept, of `bytes` each, beside
/// those that are there.
void check_room(const RunSettings& run, mae::Index bytes);

/// What can be chosen where weights are loaded.
struct LoadingSettings {
  explicit LoadingSettings(Settings& owner) : all(owner) {}
  Settings& all;
  Switch report{all, "report", false, "tell what became of every tensor of the file, not of how many",
                Scope::invocation};
  Text prefix{all, "prefix", "", "what stands before the names of the model that is meant, where a file has several",
              Scope::invocation};
  Text positions{
      all,
      "positions",
      "bicubic",
      "how positions of images of another size are resized: bicubic, as the paper's code, or antialiased, as "
      "timm",
      one_of({"bicubic", "antialiased"}),
      Scope::invocation};

  mae::LoadOptions options() const {
    mae::LoadOptions options;
    options.once = true;  // an error ends the program
    if (prefix.given()) options.prefix = prefix();
    options.resize = positions() == "bicubic" ? mae::Bicubic::plain : mae::Bicubic::antialiased;
    return options;
  }
  /// Prints what was loaded.
  void tell(const mae::LoadReport& loaded) const {
    for (const auto& [label, line] : loaded.lines(report())) program::report(label.c_str(), line);
  }
};

/// Which models have the sizes of a file: those of this build, `exact`; others that have a name, `on_demand`; and those
/// of the same encoder for other images, to which positions can be resized.
struct Fitting {
  std::vector<std::string> exact{}, on_demand{}, resized{};
};
/// Compares what a file of a known dialect shows, or one of this library's records, with the models that are known.
Fitting fitting_models(const mae::TensorFile& file, const mae::Recognised& names,
                       const std::vector<Description>& compiled);
/// The sizes of its encoder in words, heads as far as they are told.
std::string encoder_text(const mae::TensorFile& file, const mae::Recognised& names);

/// The model: the setting, or for "auto" what the checkpoint at `path` says or, if it is of another project, the
/// one of `compiled` or of those with a name whose sizes it shows, or its sizes. Throws mae::Error if that is none.
void resolve_model(Text& model, const std::string& path, const LoadingSettings& loading,
                   const std::vector<Description>& compiled);

/// The mask ratio that a file records; nothing for one of another project that does not. Throws mae::Error.
std::optional<double> recorded_ratio(const std::string& path);

/// Throws mae::Error unless the file at `path` is of an encoder of the sizes of `Preset`, a line of models.hpp. Images
/// may be of other sizes.
template <class Preset>
void check_sizes(const std::string& path, const mae::LoadOptions& options) {
  using Encoder = typename Preset::Encoder;
  const mae::TensorFile file = mae::open_tensors(path);
  const mae::Recognised names = mae::recognise(file, mae::parameters<Encoder>().front().name, options);
  mae::LoadReport unused;
  mae::detail::check_sizes<Encoder>(file, names, true, options, unused);
}

/// The statistics of the images that the weights of a file were trained on: recorded, or those of its family; for
/// images of `channels`. Throws mae::Error if there are none.
mae::Normalization normalization_of_file(const std::string& path, mae::Index channels);

/// Tells if images of `channels` are normalised in another way than a file knows, or by what is usual for its family.
/// Returns what the file knows.
inline std::optional<mae::Normalization> note_normalization(const mae::TensorFile& file,
                                                            const mae::Normalization& normalization,
                                                            mae::Index channels) {
  const std::optional<mae::Normalization> known = mae::find_normalization(file);
  std::optional<mae::Normalization> usual = known;
  if (!usual) usual = mae::usual_normalization(file, "cls_token");
  if (usual && mae::adapt_channels(*usual, channels) != normalization)
    report("note", "images are normalised in another way than those that " + file.path() + " was trained on");
  else if (usual && !known) report("note", "mean and deviation are those of published encoders: the file does not say");
  return known;
}

/// Loads the encoder of a file, and tells what was loaded. That images are not normalised as it knows them was asked
/// for, and is told.
template <class Model, class Policy>
void begin_from(const std::string& path, mae::Weights<Model, Policy>& weights, const mae::Normalization& normalization,
                const LoadingSettings& loading) {
  const auto known = note_normalization(mae::open_tensors(path), normalization, Model::ImageShape::channels);
  loading.tell(mae::load_encoder(path, weights, known.value_or(normalization), loading.options()));
}

}  // namespace program
