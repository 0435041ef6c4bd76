// Weights: what they are of, how far they were trained, and what could be loaded of them by whom.
#include "info.hpp"

#include <mae/checkpoint/run_state.hpp>

#include <map>
#include <set>

namespace program {
namespace {

std::string said(const mae::TensorFile& file, const std::string& key) {
  const auto found = file.metadata().find(key);
  return found == file.metadata().end() ? "" : found->second;
}
/// How many tensors and numbers, of which type, in how many bytes; those of an optimizer apart.
void tell_tensors(const mae::TensorFile& file, Facts& facts) {
  mae::Index tensors = 0, numbers = 0, others = 0, bytes = 0;
  std::map<std::string, mae::Index> types;
  for (const mae::TensorEntry& entry : file.entries()) {
    bytes += entry.count() * mae::dtype_bytes(entry.dtype);
    if (entry.name.starts_with(mae::optimizer_prefix)) {
      ++others;
      continue;
    }
    ++tensors, numbers += entry.count(), ++types[entry.dtype];
  }
  std::string kinds;
  for (const auto& [type, count] : types) kinds += (kinds.empty() ? "" : ", ") + type;
  facts.add("tensors",
            counted(tensors, "tensor") + " of " + counted(numbers, "number") + ", " + kinds + ", " +
                memory(static_cast<double>(bytes)) +
                (others > 0 ? " with the " + counted(others, "tensor") + " of an optimizer" : ""),
            "tensors", tensors);
  facts.set("numbers", numbers);
  facts.set("optimizer_tensors", others);
  facts.set("bytes", bytes);
  facts.set("types", types);
}

/// What the file is of, beside an encoder.
std::string kind_of(const mae::TensorFile& file, const mae::Recognised& names) {
  const auto has = [&](const char* name) { return mae::detail::find_parameter(file, names, name) != nullptr; };
  if (has("decoder_pred.weight")) return "masked autoencoder";
  if (has("head.boxes.weight")) return "detector";
  if (has("head.fuse.weight") || said(file, "program") == "segment") return "segmenter";
  if (has("head.1.weight")) return "linear probe";
  if (has("head.weight")) return "classifier";
  return "encoder";
}

/// What is recorded of sizes may contradict the shapes of the tensors.
void suspect_sizes(const mae::Metadata& shown, const mae::FileSizes& sizes, Facts& facts) {
  const auto compare = [&](const char* key, const std::string& tensors, const auto& agrees) {
    if (const auto recorded = shown.find(key); recorded != shown.end() && !agrees(recorded->second))
      suspect(facts, std::string(key) + " " + recorded->second + " is recorded, the tensors show " + tensors);
  };
  const std::string encoder =
      std::to_string(sizes.encoder.width) + " wide, " + std::to_string(sizes.encoder.depth) + " blocks";
  if (sizes.encoder.width > 0)
    compare("encoder", encoder, [&](const std::string& text) { return text.starts_with(encoder + ", "); });
  if (sizes.patch == 0 || sizes.patches == 0) return;
  const std::string patch = std::to_string(sizes.patch);
  compare("patch", patch, [&](const std::string& text) { return text == patch; });
  const std::string image =
      std::to_string(sizes.patches) + " patches of " + std::to_string(sizes.channels) + " channels";
  compare("image", image, [&](const std::string& text) {  // "channels x height x width"
    std::vector<mae::Index> extents;
    for (std::string rest = text; !rest.empty();)
      extents.push_back(mae::number_in<mae::Index>(mae::detail::take_until(rest, " x ")).value_or(0));
    return extents.size() == 3 && extents[0] == sizes.channels &&
           extents[1] / sizes.patch * (extents[2] / sizes.patch) == sizes.patches;
  });
}

void tell_sizes_of(const mae::TensorFile& file, const mae::Recognised& names, Facts& facts) {
  const mae::Metadata shown = mae::describe(file, names);
  const mae::FileSizes sizes = mae::sizes_of(file, names);
  const auto add = [&](const char* title, const char* key) {
    if (const auto at = shown.find(key); at != shown.end()) facts.add(title, at->second, key);
  };
  if (sizes.encoder.width > 0 || shown.contains("encoder")) facts.add("encoder", encoder_text(file, names));
  if (!file.metadata().contains("decoder") && sizes.decoder.width > 0 && sizes.decoder.heads == 0)
    facts.add("decoder", std::to_string(sizes.decoder.width) + " wide, " + std::to_string(sizes.decoder.depth) +
                             " blocks, heads not told");
  else add("decoder", "decoder");
  add("image", "image");
  add("patch", "patch");
  add("target", "target");
  if (const auto ratio = shown.contains("mask_ratio") ? mae::number_in(shown.at("mask_ratio")) : std::nullopt)
    facts.add("hidden", plain(100 * *ratio) + " % of the patches, " + mae::recorded_masking(file), "mask_ratio",
              *ratio);
  add("levels", "levels");
  add("window", "window");
  if (sizes.classes > 0) facts.add("classes", std::to_string(sizes.classes) + " at most", "classes", sizes.classes);
  suspect_sizes(shown, sizes, facts);
}

void tell_statistics(const mae::TensorFile& file, Facts& facts) {
  try {
    const auto known = mae::find_normalization(file);
    const auto usual = known ? known : mae::usual_normalization(file, "cls_token");
    if (!usual) return facts.add("statistics", "mean and deviation of its images are not told", "mean", "unknown");
    const auto list = [](const std::vector<double>& values) {
      std::string text;
      for (const double value : values) text += (text.empty() ? "" : ", ") + decimal(value, 4);
      return text;
    };
    facts.add("statistics",
              "mean " + list(usual->mean) + ", deviation " + list(usual->deviation) +
                  (known ? "" : ", as published: the file does not say"),
              "mean", usual->mean);
    facts.set("deviation", usual->deviation);
    facts.set("statistics_recorded", known.has_value());
  } catch (const mae::Error& error) { suspect(facts, without_mae(error, file.path())); }
}

/// Steps, epochs, and the settings that made it.
void tell_training(const mae::TensorFile& file, const Asked& asked, Facts& facts) {
  const auto number = [&](const char* key) -> std::optional<double> { return mae::number_in(said(file, key)); };
  std::string text;
  const auto add = [&](const std::string& more) { text += (text.empty() ? "" : ", ") + more; };
  if (const auto steps = number("run.steps")) {
    add(counted(static_cast<mae::Index>(*steps), "update"));
    facts.set("steps", static_cast<mae::Index>(*steps));
  }
  if (const auto epochs = number("epochs")) {
    const auto whole = number("run.epochs");
    add(counted(static_cast<mae::Index>(*epochs), "epoch") + (whole ? " of " + plain(*whole) : ""));
    facts.set("epochs", *epochs);
    if (whole) facts.set("epochs_asked", *whole);
  }
  if (const auto images = number("run.images"))
    add("of " + counted(static_cast<mae::Index>(*images), "image")), facts.set("images", *images);
  for (const auto& [key, value] : file.metadata())
    if (const auto metric = mae::number_in(value); key.starts_with("metric.") && metric)
      add(key.substr(7) + " " + mae::short_text(*metric, 4)), facts.set(key.substr(7), *metric);
  if (!text.empty()) facts.add("trained", text);
  const std::string program = said(file, "program"), model = said(file, "model");
  if (!program.empty() || said(file, "format") == "mae")
    facts.add("made by",
              (program.empty() ? "this library" : program) +
                  (said(file, "version").empty() ? "" : " of mae " + said(file, "version")) +
                  (model.empty() ? "" : ", model " + model),
              "program", program.empty() ? Facts::Value(nullptr) : Facts::Value(program));
  if (!model.empty()) facts.set("model", model);
  if (const std::string names = said(file, class_names_key); !names.empty())
    if (const auto list = nlohmann::json::parse(names, nullptr, false); list.is_array() && !list.empty()) {
      std::vector<std::string> texts;
      for (const auto& name : list)
        if (name.is_string()) texts.push_back(mae::name_of_json(name.get<std::string>()));
      facts.add("class names", first_of(texts, 20), "class_names", list);
    }
  const auto settings = nlohmann::ordered_json::parse(said(file, "settings"), nullptr, false);
  if (!settings.is_object()) return;
  facts.set("settings", settings);
  if (!asked.settings)
    return facts.add(
        "settings",
        counted(static_cast<mae::Index>(settings.size()), "setting") + " are recorded; --settings tells them",
        "settings", settings);
  for (const auto& [key, value] : settings.items())
    facts.add("settings", key + " " + (value.is_string() ? value.get<std::string>() : value.dump()), "settings",
              settings);
}

}  // namespace

std::string first_of(const std::vector<std::string>& list, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < list.size() && i < most; ++i) text += (i == 0 ? "" : ", ") + list[i];
  return text + (list.size() > most ? " and " + std::to_string(list.size() - most) + " more" : "");
}

void tell_checkpoint(const std::string& path, const Asked& asked, Facts& facts) {
  const mae::TensorFile file = mae::open_tensors(path);
  mae::Recognised names;
  std::string refused;
  try {
    mae::LoadOptions options;
    options.prefix = asked.prefix;
    names = mae::recognise(file, "cls_token", options);
  } catch (const mae::Error& error) { refused = without_mae(error, path); }
  const std::string kind = refused.empty() ? kind_of(file, names) : "tensors";
  facts.add("kind", kind == "tensors" ? kind : "weights of " + std::string(kind == "encoder" ? "an " : "a ") + kind,
            "kind", "weights");
  facts.set("of", kind);
  facts.add("container", file.container());
  if (!refused.empty()) {
    std::vector<std::string> some;
    for (const mae::TensorEntry& entry : file.entries())
      some.push_back(entry.name + " " + mae::shape_text(entry.shape));
    tell_tensors(file, facts);
    facts.add("names", first_of(some, 6), "names", file.names());
    facts.add_to("not loaded", refused, "refused", {{"part", "anything"}, {"why", refused}});
    if (asked.scan) scan_numbers(file, facts);
    return;
  }
  const std::string dialect = names.dialect ? names.dialect->name : "this library";
  facts.add("names", "of " + dialect + (names.prefix.empty() ? "" : ", behind " + names.prefix), "dialect", dialect);
  facts.set("prefix", names.prefix);
  if (!names.copies.empty()) {
    std::vector<std::string> others;
    for (const std::string& copy : names.copies) others.push_back(copy.empty() ? "no prefix" : copy);
    facts.add("copies", "the same model is there again behind " + first_of(others, 4), "copies", names.copies);
  }
  tell_sizes_of(file, names, facts);
  tell_statistics(file, facts);
  tell_training(file, asked, facts);
  tell_tensors(file, facts);
  tell_models(file, names, asked, facts);
  tell_loading(file, names, kind, facts);
  if (asked.scan) scan_numbers(file, facts);
}

}  // namespace program
