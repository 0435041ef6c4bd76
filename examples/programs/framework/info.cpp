// Which kind a path is of, and the kinds that are told in a few lines: runs, and texts in JSON.
#include "info.hpp"

#include <mae/checkpoint/rotation.hpp>
#include <mae/io/annotations/class_map_list.hpp>
#include <mae/io/images/data_source.hpp>
#include <mae/io/images/name_list.hpp>

#include <set>

#include "log.hpp"

#include <annotation_formats.hpp>

namespace program {
namespace {

using mae::detail::has_file;

constexpr const char* everything = "weights, images, annotations, class maps, or settings";

/// Whether a folder is one that a training program wrote.
bool is_run(const std::string& folder) {
  if (has_file(folder + "/config.json")) return false;  // of Hugging Face
  if (!mae::CheckpointFolder(folder).list().empty()) return true;
  return has_file(folder + "/settings.json") &&
         (has_file(folder + "/model.safetensors") || has_file(folder + "/log.jsonl"));
}
bool is_weights_folder(const std::string& folder) {
  for (const char* name : {"config.json", "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
                           "pytorch_model.bin.index.json"})
    if (has_file(folder + "/" + name)) return true;
  return false;
}

/// Whether there are files named so below, two folders deep at most.
bool has_ending(const std::string& folder, const char* ending, int depth = 2) {
  if (!mae::detail::is_folder(folder)) return false;
  const mae::detail::FolderEntries entries = mae::detail::entries_of(folder);
  for (const auto* const names : {&entries.images, &entries.others})
    for (const std::string& name : *names)
      if (mae::detail::lower_case(name).ends_with(ending)) return true;
  for (const std::string& inner : entries.folders)
    if (depth > 0 && has_ending(folder + "/" + inner, ending, depth - 1)) return true;
  return false;
}
/// Whether it has the texts, the XML or the JSON of annotated images, and no others.
bool is_annotated(const std::string& folder, const mae::detail::FolderEntries& entries) {
  const auto stem = [](const std::string& name) { return name.substr(0, name.rfind('.')); };
  std::set<std::string> stems;
  for (const std::string& image : entries.images) stems.insert(stem(image));
  for (const std::string& name : entries.others) {
    const std::string lower = mae::detail::lower_case(name);
    if (lower.ends_with(".xml") || (lower.ends_with(".txt") && stems.contains(stem(name)))) return true;
  }
  for (const std::string& name : entries.folders) {
    const std::string lower = mae::detail::lower_case(name), inner = folder + "/" + name;
    if ((lower == "annotations" && has_ending(inner, ".xml")) || (lower == "labels" && has_ending(inner, ".txt")))
      return true;
  }
  if (mae::detail::beside_labels(folder)) return true;
  const std::string json = mae::detail::json_in(folder);
  if (json.empty()) return false;
  if (mae::InputFile(json).size() > mae::json_limit) return true;
  const std::vector<char> text = mae::read_file<char>(json);
  return std::string_view(text.data(), text.size()).find("\"annotations\"") != std::string_view::npos;
}

/// The kinds of data that a folder may be of: that of Pascal VOC is of two. The first error, if it is of none.
void tell_data(const std::string& folder, const Asked& asked, Facts& facts) {
  const mae::detail::FolderEntries entries = mae::detail::entries_of(folder);
  const std::string maps = mae::detail::folder_of_maps(entries.folders);
  std::string error;
  int found = 0;
  std::vector<std::string> notes;
  const auto attempt = [&](const char* what, const auto& tell_it) {
    Facts more;
    try {
      tell_it(more);
    } catch (const mae::Error& wrong) {
      const std::string text = std::string(wrong.what()).substr(5);
      if (error.empty()) error = text;
      return notes.push_back("not read as " + std::string(what) + ": " + text);
    }
    if (found++ == 0) return facts.append(more);
    facts.append_lines(more);
    facts.add_to_list("also", more.json());
  };
  const bool mapped = !maps.empty() && !mae::detail::folder_of_images(entries.folders).empty() &&
                      has_ending(folder + "/" + maps, ".png");
  if (is_annotated(folder, entries))
    attempt("annotations", [&](Facts& more) { tell_annotations(folder, asked, more); });
  if (mapped) attempt("class maps", [&](Facts& more) { tell_class_maps(folder, asked, more); });
  const bool parts = !mapped && !entries.folders.empty();
  if (found == 0 && parts && mae::detail::parts_among(entries.folders).divided()) {
    const std::string part = folder + "/" + mae::detail::parts_among(entries.folders).all().front();
    const mae::detail::FolderEntries inner = mae::detail::entries_of(part);
    const std::string inner_maps = mae::detail::folder_of_maps(inner.folders);
    if (!inner_maps.empty() && !mae::detail::folder_of_images(inner.folders).empty() &&
        has_ending(part + "/" + inner_maps, ".png"))
      attempt("class maps", [&](Facts& more) { tell_class_maps(folder, asked, more); });
  }
  if (found == 0) attempt("images", [&](Facts& more) { tell_images(folder, "", asked, more); });
  if (found == 0) throw mae::Error(error);
  for (const std::string& note : notes) facts.add_to("note", note, "notes");
}
void tell_folder(const std::string& folder, const Asked& asked, Facts& facts) {
  if (is_run(folder)) return tell_run(folder, asked, facts);
  if (is_weights_folder(folder)) return tell_checkpoint(folder, asked, facts);
  tell_data(folder, asked, facts);
}

/// The kind of a file by what its beginning shows.
void tell_file(const std::string& path, const Asked& asked, Facts& facts) {
  const mae::InputFile file(path);
  std::array<char, 512> start{};
  const auto count = (std::min)(file.size(), static_cast<mae::Index>(start.size()));
  file.read(0, start.data(), count);
  std::string_view begin(start.data(), static_cast<std::size_t>(count));
  const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(start.data()), begin.size());
  const std::string kind = mae::file_kind(file).name, name = std::filesystem::path(path).filename().string();
  if (begin.starts_with("\x93NUMPY")) return tell_array(path, asked, facts);
  if (kind == "an IDX file, as those of MNIST" || mae::detail::names_idx_images(name))
    return tell_images(path, "idx", asked, facts);
  if (mae::image_kind(bytes)) return tell_image(path, facts);
  if (kind == "a safetensors file" || begin.starts_with("PK\3\4") || begin.starts_with("\x80\2\x8a\nl\xfc\x9c\x46"))
    return tell_checkpoint(path, asked, facts);
  begin.remove_prefix(std::min(begin.find_first_not_of(" \t\r\n\xef\xbb\xbf"), begin.size()));
  if (begin.starts_with('{') || begin.starts_with('[')) return tell_json(path, asked, facts);
  if (begin.find("<annotation") != begin.npos)
    throw mae::Error(path, "one annotation of Pascal VOC", "the folder of all of them");
  for (const mae::CifarKind& cifar : {mae::cifar10(), mae::cifar100()})
    for (const auto* const files : {&cifar.train, &cifar.test})
      for (const std::string& known : *files)
        if (name == known) throw mae::Error(path, "one of the files of CIFAR", "the folder of them");
  mae::refuse_kind(file, "a file of no known kind", everything);
}

/// The keys of an object, a dozen of them.
std::string keys_of(const nlohmann::json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return first_of(keys, 12);
}

/// A file of settings: by its keys, then by the programs that read it.
bool tell_settings(const std::string& path, const nlohmann::json& object, const Asked& asked, Facts& facts) {
  std::vector<std::string> readers;
  std::string nearest, error;
  std::size_t most = 0;
  for (const SettingsReader& reader : asked.readers) {
    std::size_t known = 0;
    for (const std::string& name : reader.names()) known += object.contains(name) ? 1 : 0;
    try {
      if (known > 0) reader.read(path), readers.push_back(reader.program);
    } catch (const mae::Error& wrong) {
      if (known > most) most = known, nearest = reader.program, error = std::string(wrong.what()).substr(5);
    }
  }
  if (readers.empty() && 2 * most < object.size()) return false;
  facts.add("kind", "settings", "kind");
  facts.add("settings", keys_of(object), "settings", object);
  if (readers.empty()) facts.add("mistake", nearest + ": " + error, "mistake", error);
  else facts.add("read by", first_of(readers, 20), "read_by", readers);
  if (asked.settings)
    for (const auto& [key, value] : object.items())
      facts.add("settings", key + " " + (value.is_string() ? value.get<std::string>() : value.dump()), "settings",
                object);
  return true;
}

}  // namespace

void tell_run(const std::string& folder, const Asked& asked, Facts& facts) {
  facts.add("kind", "the folder of a run", "kind", "run");
  const mae::CheckpointFolder checkpoints(folder);
  const auto list = checkpoints.list();
  std::vector<std::string> files;
  for (const char* name : {"model.safetensors", "encoder.safetensors", "ema.safetensors", "classes.json", "scores.json",
                           "settings.json", "log.jsonl"})
    if (has_file(folder + "/" + name)) files.push_back(name);
  if (!list.empty()) {
    std::vector<std::string> steps;
    for (const auto& one : list) steps.push_back(std::to_string(one.step));
    facts.add("checkpoints", "after updates " + first_of(steps, 8), "checkpoints", steps);
  }
  facts.add("files", first_of(files, 20), "files", files);
  const std::vector<Record> log = read_log(folder + "/log.jsonl");
  for (auto record = log.rbegin(); record != log.rend(); ++record)
    if (record->epoch_ends) {
      facts.add("log", "epoch " + plain(record->epoch) + ": loss " + decimal(record->loss, 4) + in_words(*record),
                "log", {{"epoch", record->epoch}, {"step", record->step}, {"loss", record->loss}});
      break;
    }
  std::string path = list.empty() ? folder + "/model.safetensors" : list.front().path;
  if (asked.scan && !list.empty()) {
    const auto newest = checkpoints.newest();
    for (const std::string& skipped : newest.skipped)
      facts.add_to("suspicious", skipped.substr(skipped.starts_with("mae: ") ? 5 : 0));
    if (!newest.path.empty()) path = newest.path;
  }
  if (!has_file(path)) return facts.add("weights", "none yet", "weights", nullptr);
  Facts weights;
  tell_checkpoint(path, asked, weights);
  facts.add("weights", path, "weights", weights.json());
  facts.append_lines(weights);
}

void tell_json(const std::string& path, const Asked& asked, Facts& facts) {
  const mae::InputFile file(path);
  if (file.size() > mae::json_limit) return tell_annotations(path, asked, facts);
  const std::vector<char> bytes = mae::read_file<char>(path);
  const auto json = nlohmann::json::parse(bytes, nullptr, false);
  if (json.is_discarded()) {
    const std::vector<Record> log = read_log(path);
    if (log.empty()) {
      if (std::string_view(bytes.data(), bytes.size()).find("\"annotations\"") != std::string_view::npos)
        return tell_annotations(path, asked, facts);  // which is read in spite of a comma too many
      throw mae::Error(path, "what is not JSON", everything);
    }
    facts.add("kind", "the log of a run", "kind", "log");
    facts.add("lines", std::to_string(log.size()) + ", up to update " + std::to_string(log.back().step), "lines",
              log.size());
    return facts.add(
        "log", "epoch " + plain(log.back().epoch) + ": loss " + decimal(log.back().loss, 4) + in_words(log.back()),
        "loss", log.back().loss);
  }
  if (json.is_object() && json.contains("weight_map")) return tell_checkpoint(path, asked, facts);
  if (json.is_object() && json.contains("images") && (json.contains("annotations") || json.contains("categories")))
    return tell_annotations(path, asked, facts);
  if (json.is_object() && (json.contains("model_type") || json.contains("architectures")))
    throw mae::Error(path, "the configuration of a model of transformers",
                     "the folder that it lies in, with its weights");
  if (json.is_object() && json.contains("image_mean"))
    throw mae::Error(path, "what transformers does to images", "the folder that it lies in, with weights");
  const auto all = [&](const auto& is) { return !json.empty() && std::all_of(json.begin(), json.end(), is); };
  if (json.is_array() && all([](const auto& one) { return one.is_string(); })) {
    const std::vector<std::string> names = mae::read_names(path);
    facts.add("kind", "a list of names, as classes.json and files.json", "kind", "names");
    facts.add("names", counted(static_cast<mae::Index>(names.size()), "name") + ": " + first_of(names, 20), "names",
              json);
    return;
  }
  if (json.is_array() && all([](const auto& one) { return one.is_object() && one.contains("image_id"); })) {
    std::set<std::string> images, categories;
    for (const auto& one : json) {
      images.insert(one["image_id"].dump());
      if (one.contains("category_id")) categories.insert(one["category_id"].dump());
    }
    facts.add("kind", "results in COCO's form, as predictions.json", "kind", "results");
    facts.add("found",
              counted(static_cast<mae::Index>(json.size()), "object") + " in " +
                  counted(static_cast<mae::Index>(images.size()), "image") + ", of " +
                  std::to_string(categories.size()) + " categories",
              "objects", json.size());
    facts.set("images", images.size());
    facts.set("categories", categories.size());
    return facts.add("of each", keys_of(json[0]), "keys");
  }
  if (json.is_object() && json.contains("patch") && json.contains("encoder")) {
    if (!path.ends_with(".json")) throw mae::Error(path, "the description of a model", "a name that ends in .json");
    const Description model = describe_model(path, path);
    const Costs costs = costs_of(model);
    facts.add("kind", "the description of a model", "kind", "model");
    facts.add("model", model.text(), "model");
    facts.add("parameters",
              std::to_string(costs.parameters) + ", of which " + std::to_string(costs.encoder) + " are the encoder's",
              "parameters", costs.parameters);
    const bool compiled = std::any_of(asked.models.begin(), asked.models.end(),
                                      [&](const Description& known) { return known.same_sizes(model); });
    return facts.add("compiled", compiled ? "yes" : "no: where it is asked for it is compiled, once", "compiled",
                     compiled);
  }
  if (json.is_object() && tell_settings(path, json, asked, facts)) return;
  throw mae::Error(path,
                   std::string("JSON, ") +
                       (json.is_object() && !json.empty() ? "with the keys " + keys_of(json) : "of no known kind"),
                   everything);
}

void tell(const std::string& path, const Asked& asked, Facts& facts) {
  facts.set("file", mae::json_name(path));
  if (mae::detail::is_folder(path)) tell_folder(path, asked, facts);
  else tell_file(path, asked, facts);
}

}  // namespace program
