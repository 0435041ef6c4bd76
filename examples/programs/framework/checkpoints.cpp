#include "checkpoints.hpp"

#include <mae/checkpoint/rotation.hpp>
#include <mae/model/presets.hpp>

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <regex>

#include "process.hpp"

namespace program {
namespace {

void refuse_checkpoints(const RunSettings& run) {
  if (!mae::CheckpointFolder(run.out()).list().empty())
    throw run.out.error(run.out() + " with checkpoints of an earlier run", "--resume to go on, or another folder");
}

/// Removes files named as atomic_file.hpp does until they are whole, NAME.<process>-<number>.tmp, whose process lives
/// no more.
void remove_unfinished(const std::string& folder) {
  namespace fs = std::filesystem;
  static const std::regex unfinished(R"(.+\.([1-9][0-9]{0,8})-[0-9]+\.tmp)");
  std::error_code failed;
  std::vector<fs::path> found;
  for (fs::recursive_directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    std::smatch parts;
    const std::string name = at->path().filename().string();
    if (std::regex_match(name, parts, unfinished) && ::kill(std::stoi(parts[1]), 0) != 0 && errno == ESRCH)
      found.push_back(at->path());
  }
  for (const fs::path& path : found) fs::remove(path, failed);
}

}  // namespace

std::string resolve_folder(Settings& all, const RunSettings& run) {
  const std::string& folder = run.out();
  check_folder(run.out.subject(), folder);
  const mae::CheckpointFolder checkpoints(folder);
  if (!run.resume()) {
    refuse_checkpoints(run);
    return "";
  }
  if (checkpoints.list().empty())
    throw run.out.error(folder + " without a checkpoint", "the folder of an earlier run, to resume it");
  const auto newest = checkpoints.newest();
  for (const std::string& skipped : newest.skipped) std::printf("passed over: %s\n", mae::printable(skipped).c_str());
  if (newest.path.empty()) throw run.out.error(folder + " without a good checkpoint", "one to resume from");
  const mae::SafetensorsFile file = mae::SafetensorsFile::read(newest.path);
  if (file.metadata("program") != all.program())
    throw mae::Error(newest.path, "a checkpoint of the program " + file.metadata("program"), "one of " + all.program());
  all.restore(file.metadata("settings"), newest.path);
  if (const std::string path = settings_file(folder); ::access(path.c_str(), F_OK) == 0)
    all.restore_runtime(path, run.out);
  return newest.path;
}

void make_folder(const RunSettings& run, const std::string& checkpoint) {
  make_folder(run.out.subject(), run.out());
  if (checkpoint.empty()) refuse_checkpoints(run);
  remove_unfinished(run.out());
}

EpochsSoFar epochs_so_far(const std::string& checkpoint) {
  const mae::SafetensorsFile file = mae::SafetensorsFile::read(checkpoint);
  auto number = [&](const std::string& key) {
    const auto value = nlohmann::json::parse(file.metadata(key), nullptr, false);
    if (!value.is_number()) throw mae::Error(checkpoint + ": metadata '" + key + "'", file.metadata(key), "a number");
    return value;
  };
  return {number("run.warmup").get<double>(), number("epochs").get<mae::Index>()};
}

void check_class_names(const std::string& checkpoint, const std::vector<std::string>& names, const std::string& data) {
  if (checkpoint.empty()) return;
  const mae::SafetensorsFile file = mae::SafetensorsFile::read(checkpoint);
  if (!file.metadata().contains(class_names_key)) return;
  const auto known = mae::names_of_text(file.metadata(class_names_key), checkpoint + ": " + class_names_key);
  if (known == names) return;
  const auto [found, expected] = mae::first_difference(names, known);
  throw mae::Error(data, found, expected + ", as the run that is resumed has; other classes need another run");
}

void check_images(const std::string& checkpoint, const std::string& identity, const std::string& data) {
  if (checkpoint.empty()) return;
  const mae::SafetensorsFile file = mae::SafetensorsFile::read(checkpoint);
  if (!file.metadata().contains(images_key)) return;
  const auto known = nlohmann::json::parse(file.metadata(images_key), nullptr, false),
             found = nlohmann::json::parse(identity);
  if (!known.is_object()) throw mae::Error(checkpoint + ": " + images_key, "no JSON object", "what the run recorded");
  const auto differ = [&](const char* key) {
    return known.contains(key) && found.contains(key) && known[key] != found[key];
  };
  if (differ("images")) return;
  if (differ("classes"))
    throw mae::Error(data, found["classes"].dump() + " classes",
                     known["classes"].dump() + ", as the run that is resumed has; other classes need another run");
  if (differ("names"))
    throw mae::Error(data, "as many images as before whose files have other names",
                     "the names of the run that is resumed: their order, and which are held out, follow from them");
}

bool write_or_remove(const std::string& path, const std::vector<std::string>& names) {
  if (!names.empty()) return mae::write_names(path, names), true;
  std::remove(path.c_str());
  return false;
}

void check_room(const RunSettings& run, mae::Index bytes) {
  // One is written before an old one goes, and one may be the best.
  const auto there = static_cast<mae::Index>(mae::CheckpointFolder(run.out()).list().size());
  check_folder(run.out.subject(), run.out(), std::max<mae::Index>(1, run.keep_last() + 2 - there) * bytes);
}

namespace {
/// What a file shows of its sizes, its heads being `heads` where neither it nor its width says.
mae::Metadata shown_with(const mae::TensorFile& file, const mae::Recognised& names, mae::Index heads) {
  return mae::describe(file, names, mae::usual_heads(mae::sizes_of(file, names).encoder.width) != 0 ? 0 : heads);
}
/// Whether these are sizes of an encoder; with `all`, those of its images too.
bool shows(const mae::Metadata& shown, const mae::Metadata& encoder, bool all) {
  for (const auto& [key, value] : encoder)
    if ((all || key == "encoder") && (!shown.contains(key) || shown.at(key) != value)) return false;
  return true;
}
std::string shown_text(const mae::TensorFile& file, const mae::Recognised& names) {
  const mae::Metadata shown = mae::describe(file, names);
  auto text = [&](const char* key) { return shown.contains(key) ? shown.at(key) : std::string("unknown size"); };
  return "an encoder " + encoder_text(file, names) + ", images " + text("image") + " in patches of " + text("patch");
}
}  // namespace

std::string encoder_text(const mae::TensorFile& file, const mae::Recognised& names) {
  const mae::Metadata shown = mae::describe(file, names);
  const mae::TransformerSizes encoder = mae::sizes_of(file, names).encoder;
  if (const auto told = shown.find("encoder"); told != shown.end()) return told->second;
  if (encoder.width == 0) return "unknown size";
  return std::to_string(encoder.width) + " wide, " + std::to_string(encoder.depth) + " blocks, heads not told";
}

Fitting fitting_models(const mae::TensorFile& file, const mae::Recognised& names,
                       const std::vector<Description>& compiled) {
  Fitting found;
  const auto fit = [&](const Description& one, std::vector<std::string>& exact) {
    const mae::Metadata shown = shown_with(file, names, one.encoder.heads);
    if (shows(shown, one.metadata(), true)) exact.push_back(one.name);
    else if (shows(shown, one.metadata(), false)) found.resized.push_back(one.name);
  };
  for (const Description& one : compiled) fit(one, found.exact);
  for (const Description& one : named_models()) {
    const auto is_it = [&](const Description& known) { return known.name == one.name; };
    if (std::none_of(compiled.begin(), compiled.end(), is_it)) fit(one, found.on_demand);
  }
  return found;
}

namespace {
/// The model whose sizes a file of another project shows, if it shows enough of them.
std::optional<Description> described_by(const mae::TensorFile& file, const mae::Recognised& names) {
  const mae::FileSizes sizes = mae::sizes_of(file, names);
  const mae::Metadata shown = mae::describe(file, names);
  if (!shown.contains("image") || !shown.contains("encoder") || sizes.patch == 0) return std::nullopt;
  std::vector<mae::Index> image;
  for (std::size_t at = 0; at != std::string::npos; at = shown.at("image").find(" x ", at + 1))
    image.push_back(std::atoll(shown.at("image").c_str() + at + (at == 0 ? 0 : 3)));
  if (image.size() != 3) return std::nullopt;
  Description d;
  d.channels = image[0], d.height = image[1], d.width = image[2], d.patch = sizes.patch;
  d.encoder = sizes.encoder;
  if (d.encoder.heads == 0) d.encoder.heads = mae::usual_heads(d.encoder.width);
  if (sizes.decoder.width > 0) d.decoder = sizes.decoder;
  if (d.decoder.heads == 0) d.decoder.heads = 16;
  if (sizes.classes > 0) d.classes = sizes.classes;
  if (shown.contains("target") && shown.at("target") == "pixels") d.target = mae::Target::pixels;
  return d;
}
}  // namespace

void resolve_model(Text& model, const std::string& path, const LoadingSettings& loading,
                   const std::vector<Description>& compiled) {
  if (model() != "auto") return;
  const mae::TensorFile file = mae::open_tensors(path);
  if (file.metadata().contains("model")) {
    const std::string& known = file.metadata("model");
    if (known.ends_with(".json")) throw mae::Error(path + ": model", shown(known), "a name or sizes, not another file");
    return model.set(known, path + ": model");
  }
  const mae::Recognised names = mae::recognise(file, "cls_token", loading.options());
  if (!names.dialect)
    throw model.error("auto, and no name of a model in " + path, "the name of the model that it is of");
  const Fitting fitting = fitting_models(file, names, compiled);
  for (const auto* exact : {&fitting.exact, &fitting.on_demand})
    if (!exact->empty()) return model.set(exact->front(), path + ": its sizes");
  if (const std::optional<Description> own = described_by(file, names))
    return model.set(own->text(), path + ": its sizes");
  std::string like;
  for (const std::string& name : fitting.resized) like += (like.empty() ? "" : " or ") + name;
  throw mae::Error(path, shown_text(file, names),
                   like.empty() ? "sizes by --model" : "a model by --model: its positions can be resized for " + like);
}

std::optional<double> recorded_ratio(const std::string& path) {
  const mae::TensorFile file = mae::open_tensors(path);
  const mae::Recognised names = mae::recognise(file, "cls_token");
  const mae::Metadata shown = mae::describe(file, names);
  if (names.dialect && !shown.contains("mask_ratio")) return std::nullopt;
  const std::string text = shown.contains("mask_ratio") ? shown.at("mask_ratio") : file.metadata("mask_ratio");
  const std::optional<double> ratio = mae::number_in(text);
  if (!ratio) throw mae::Error(path + ": mask_ratio", "\"" + text + "\"", "a number");
  return ratio;
}

mae::Normalization normalization_of_file(const std::string& path, mae::Index channels) {
  const mae::TensorFile file = mae::open_tensors(path);
  std::optional<mae::Normalization> known = mae::find_normalization(file);
  if (!known) known = mae::usual_normalization(file, "cls_token");
  if (!known)
    throw mae::Error(path, "no mean and deviation of its images",
                     "--normalization data or imagenet, or given with --mean and --deviation");
  return mae::adapt_channels(*known, channels);
}

}  // namespace program
