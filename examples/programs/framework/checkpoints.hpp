// Which checkpoint a program begins from, and what it says of the settings.
#pragma once
#include <mae/checkpoint/load_encoder.hpp>
#include <mae/io/images/name_list.hpp>

#include "display.hpp"
#include "training.hpp"

namespace program {

/// What a program says in its checkpoints beside what the library does.
inline mae::Metadata metadata_of(const Settings& settings, const std::string& model) {
  return {{"program", settings.program()}, {"model", model}, {"settings", settings.record()}};
}

/// Under which name a checkpoint of a run with labels has the names of its classes: a JSON list.
inline constexpr const char* class_names_key = "class_names";
/// Throws mae::Error unless the classes of `data` are those of the run whose checkpoint, if not "", goes on: its labels
/// are their numbers. A checkpoint that does not know goes on with any.
void check_class_names(const std::string& checkpoint, const std::vector<std::string>& names, const std::string& data);
/// Writes `names` to a file (mae/io/images/name_list.hpp). Without any, removes what an earlier start may have left
/// there, and returns false.
bool write_or_remove(const std::string& path, const std::vector<std::string>& names);

/// Where the settings of the last start stand, complete: what --print-config would have written.
inline std::string settings_file(const std::string& folder) { return folder + "/settings.json"; }

/// The checkpoint that the run goes on from, whose settings are restored: with --resume the newest good one of the
/// folder. Without it "", and the folder must have none. Throws mae::Error.
std::string resolve_folder(Settings& all, const RunSettings& run);

/// Makes the folder of a run that begins or goes on. Throws mae::Error if one that begins finds checkpoints there, of a
/// run that has begun and ended since `resolve_folder` looked.
void make_folder(const RunSettings& run, const std::string& checkpoint);

/// Throws mae::Error unless the disk of the folder has room for the checkpoints that are kept, of `bytes` each, beside
/// those that are there.
void check_room(const RunSettings& run, mae::Index bytes);

/// The model's name: the setting, or for "auto" what the checkpoint at `path` says. Throws mae::Error if it does not,
/// or if this build has no such model.
void resolve_model(Text& model, const std::string& path);

/// Throws mae::Error unless the file at `path` is of an encoder of the sizes of `Preset`, a line of models.hpp.
template <class Preset>
void check_sizes(const std::string& path) {
  mae::detail::check_metadata<typename Preset::Encoder>(mae::SafetensorsFile::read(path));
}

/// Loads the encoder of a file. That images are not normalised as it knows them was asked for, and is told.
template <class Model, class Policy>
void begin_from(const std::string& path, mae::Weights<Model, Policy>& weights,
                const mae::Normalization& normalization) {
  const std::optional<mae::Normalization> known = mae::find_normalization(mae::SafetensorsFile::read(path));
  if (known && *known != normalization)
    report("note", "images are normalised in another way than those that " + path + " was trained on");
  mae::load_encoder(path, weights, known.value_or(normalization));
}

}  // namespace program
