#include "checkpoints.hpp"

#include <mae/checkpoint/rotation.hpp>

#include <algorithm>
#include <cstdio>

#include "process.hpp"

namespace program {
namespace {

void refuse_checkpoints(const RunSettings& run) {
  if (!mae::CheckpointFolder(run.out()).list().empty())
    throw run.out.error(run.out() + " with checkpoints of an earlier run", "--resume to go on, or another folder");
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

void resolve_model(Text& model, const std::string& path) {
  if (model() != "auto") return;
  const mae::SafetensorsFile file = mae::SafetensorsFile::read(path);
  if (!file.metadata().contains("model"))
    throw model.error("auto, and no name of a model in " + path, "the name of the model that it is of");
  model.set(file.metadata("model"), path + ": model");
}

}  // namespace program
