#include "trained_settings.hpp"

#include <mae/checkpoint/dialects.hpp>

#include "process.hpp"

namespace program {
namespace {

/// A list that a run recorded, or an empty one.
std::vector<std::int64_t> recorded_list(const mae::TensorFile& file, const char* key) {
  if (!file.metadata().contains(key)) return {};
  const auto list = nlohmann::json::parse(file.metadata(key), nullptr, false);
  bool whole = list.is_array();
  for (const auto& one : list) whole = whole && one.is_number_integer();
  if (!whole) throw mae::Error(file.path() + ": " + key, shown(file.metadata(key)), "a list of whole numbers");
  return list.get<std::vector<std::int64_t>>();
}

/// A member of the run's settings as a text, or "".
std::string recorded(const nlohmann::json& settings, const char* name) {
  return settings.contains(name) && settings[name].is_string() ? settings[name].get<std::string>() : "";
}

}  // namespace

TrainedFile read_trained_file(const std::string& path, const mae::LoadOptions& options) {
  const mae::TensorFile file = mae::open_tensors(path);
  const mae::Metadata& metadata = file.metadata();
  const char* const expected = "a file of finetune, probe, detect or segment";
  TrainedFile trained{TrainedKind::classifier, "", 0, {}, {}};
  if (metadata.contains("settings")) {
    trained.settings = nlohmann::json::parse(metadata.at("settings"), nullptr, false);
    if (!trained.settings.is_object()) throw mae::Error(path + ": settings", "no JSON object", "those of the run");
  }
  const std::string by = metadata.contains("program") ? metadata.at("program") : "";
  if (by == "detect") trained.kind = TrainedKind::detector;
  else if (by == "segment") trained.kind = TrainedKind::segmenter, trained.head = recorded(trained.settings, "head");
  else if (!by.empty() && by != "finetune" && by != "probe") throw mae::Error(path, "a file of " + shown(by), expected);
  if (trained.kind == TrainedKind::classifier) {
    const mae::Recognised names = mae::recognise(file, "cls_token", options);
    const auto has = [&](const char* name) { return mae::detail::find_parameter(file, names, name) != nullptr; };
    const bool probe = has("head.1.weight");
    if (!probe && !has("head.weight")) throw mae::Error(path, "a model without a head", expected);
    if (!probe && !has("fc_norm.weight"))
      throw mae::Error(path, "a classifier that sees the class token",
                       "one that sees the mean of the patches, as finetune trains it");
    // Which features a probe sees, its weights do not show.
    if (probe) trained.head = recorded(trained.settings, "recipe") == "whole_set" ? "probe mean" : "probe class token";
  }
  if (metadata.contains(class_names_key))
    trained.names = mae::names_of_text(metadata.at(class_names_key), path + ": " + class_names_key);
  trained.categories = recorded_list(file, category_ids_key);
  trained.classes = static_cast<mae::Index>(trained.names.size());
  if (metadata.contains(looking_key)) {
    const auto looking = nlohmann::json::parse(metadata.at(looking_key), nullptr, false);
    if (!looking.is_object()) throw mae::Error(path + ": " + looking_key, "no JSON object", "settings of the run");
    trained.settings.update(looking);
  }
  if (const auto lowered = trained.settings.find("reduce_zero_label");
      lowered != trained.settings.end() && !lowered->is_boolean())
    throw mae::Error(path + ": reduce_zero_label", shown(lowered->dump()), "true or false");
  if (metadata.contains(images_key)) {
    const auto images = nlohmann::json::parse(metadata.at(images_key), nullptr, false);
    if (images.is_object() && images.contains("classes")) {
      if (!images["classes"].is_number_integer() || images["classes"] < 0)
        throw mae::Error(path + ": " + images_key, shown(images["classes"].dump()) + " classes", "a whole number");
      if (trained.names.empty()) trained.classes = images["classes"].get<mae::Index>();
    }
  }
  if (!trained.categories.empty() && trained.categories.size() != trained.names.size())
    throw mae::Error(path + ": " + category_ids_key, std::to_string(trained.categories.size()) + " ids",
                     "one for each of " + std::to_string(trained.names.size()) + " classes");
  return trained;
}

TrainedFile TrainedSettings::resolve(const std::vector<Description>& compiled) {
  if (checkpoint().empty()) throw checkpoint.error("nothing", "a file that finetune, probe, detect or segment wrote");
  const TrainedFile file = read_trained_file(checkpoint(), loading.options());
  // A file of settings may have those of all kinds: it is often a complete one.
  const auto refuse = [&](TrainedKind kind, const Setting& setting, const char* of) {
    if (file.kind != kind && setting.given() && setting.subject().starts_with("--"))
      throw mae::Error(setting.subject(), "a value", "none: " + checkpoint() + " is no " + of);
  };
  for (const Setting* const one : std::initializer_list<const Setting*>{&evaluation_crop, &test_crops})
    refuse(TrainedKind::classifier, *one, "classifier");
  for (const Setting* const one :
       std::initializer_list<const Setting*>{&least_score, &per_level, &iou_threshold, &most, &shown_score})
    refuse(TrainedKind::detector, *one, "detector");
  for (const Setting* const one : std::initializer_list<const Setting*>{&zoom, &stride})
    refuse(TrainedKind::segmenter, *one, "segmenter");
  propose_followed(file.settings);
  if (data.normalization() == "data")
    throw data.normalization.error("data", "auto, imagenet or given: a model wants its own mean and deviation");
  resolve_model(model, checkpoint(), loading, compiled);
  check_folder(out.subject(), out());
  return file;
}

}  // namespace program
