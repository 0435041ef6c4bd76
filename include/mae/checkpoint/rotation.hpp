// The checkpoints of a run for days: the last few and the best, in one folder.
//
//   CheckpointFolder folder("out", {.keep = 3, .metric = "validation_loss"});
//   if (const auto newest = folder.newest(); !newest.path.empty()) load_run(newest.path, run);
//   folder.save(run, metadata, loss);                       // out/checkpoint-1500.safetensors
//
// A checkpoint appears whole or not at all (atomic_file.hpp), and older ones are removed only when it is on the disk.
// So a process may be killed at any moment, and the disk may be full: what was there before is still there. The folder
// itself is the only record: the name holds the number of updates, the metadata the metric. One run writes to a
// folder (folder_lock.hpp sees to that); the disk needs room for `keep` + 2 checkpoints.
#pragma once
#include <csignal>
#include <filesystem>
#include <optional>

#include <mae/checkpoint/run_state.hpp>
#include <mae/core/finite.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct CheckpointFolderOptions {
  Index keep = 2;                 ///< how many of the last checkpoints stay
  std::string metric{};           ///< its best checkpoint stays too; "": none
  bool higher_is_better = false;  ///< of the metric
};

class CheckpointFolder {
 public:
  struct Checkpoint {
    std::string path;
    Index step;  ///< updates made
  };
  struct Newest {
    std::string path;  ///< "" if there is none
    Index step = -1;
    std::vector<std::string> skipped{};  ///< what was passed over and why: damaged files, leftovers of a killed process
  };

  /// Touches nothing yet. Throws mae::Error unless at least one checkpoint is kept.
  explicit CheckpointFolder(std::string path, CheckpointFolderOptions options = {})
      : path_(std::move(path)), options_(std::move(options)) {
    if (options_.keep < 1) throw Error("keep", std::to_string(options_.keep), "a whole number from 1");
  }

  /// All files with the name of a checkpoint, the newest first; none if the folder does not exist. Throws mae::Error if
  /// it cannot be read.
  std::vector<Checkpoint> list() const {
    std::vector<Checkpoint> found;
    each_file([&](const std::string& name) {
      if (const auto step = step_of(name)) found.push_back({path_ + "/" + name, *step});
    });
    std::sort(found.begin(), found.end(), [](const Checkpoint& a, const Checkpoint& b) { return a.step > b.step; });
    return found;
  }

  /// The newest checkpoint that is whole (`check_checkpoint`): it is read to its end. Throws as `list`.
  Newest newest() const {
    Newest result;
    for (const std::string& leftover : leftovers())
      result.skipped.push_back(leftover + ": found an unfinished file of a process that was killed");
    for (const Checkpoint& checkpoint : list()) {
      try {
        check_checkpoint(checkpoint.path);
      } catch (const Error& error) {
        result.skipped.push_back(error.what());
        continue;
      }
      result.path = checkpoint.path;
      result.step = checkpoint.step;
      break;
    }
    return result;
  }

  /// The checkpoint with the best metric recorded, of two the earlier; "" if none has one.
  std::string best() const {
    std::string path;
    double value = 0;
    for (const Checkpoint& checkpoint : list()) {
      const std::optional<double> metric = metric_of(checkpoint.path);
      if (!metric || (!path.empty() && (options_.higher_is_better ? *metric < value : *metric > value))) continue;
      path = checkpoint.path;
      value = *metric;
    }
    return path;
  }

  /// Saves `run` as the checkpoint of its step and returns its path; then removes what need not stay. Creates the
  /// folder in a folder that exists. `metric`: what is known of it now; NaN: nothing. Checkpoints of later steps, which
  /// a run may find that went on from an earlier one, are neither counted nor removed. Throws mae::Error if the
  /// checkpoint cannot be written, all others are then still there, or if an old one cannot be removed.
  template <class Run>
  std::string save(const Run& run, Metadata metadata = {}, double metric = std::nan("")) const {
    if (::mkdir(path_.c_str(), 0777) != 0 && errno != EEXIST)
      detail::fail_with_errno(path_, "creating the folder", "a folder for checkpoints");
    for (const std::string& leftover : leftovers()) remove(leftover);
    const Checkpoint saved{path_ + "/checkpoint-" + std::to_string(run.optimizer().steps()) + suffix,
                           run.optimizer().steps()};
    if (!options_.metric.empty() && is_finite(metric)) metadata[metric_key()] = nlohmann::json(metric).dump();
    save_run(saved.path, run, metadata);
    const std::string champion = best();
    Index kept = 0;
    for (const Checkpoint& checkpoint : list())
      if (checkpoint.step <= saved.step && ++kept > options_.keep && checkpoint.path != champion)
        remove(checkpoint.path);
    return saved.path;
  }

  const std::string& path() const { return path_; }

 private:
  static constexpr const char* suffix = ".safetensors";

  std::string metric_key() const { return "metric." + options_.metric; }
  std::optional<double> metric_of(const std::string& path) const {
    if (options_.metric.empty()) return {};
    try {
      const SafetensorsFile file = SafetensorsFile::read(path);
      return number_in(file.metadata(metric_key()));
    } catch (const Error&) {  // damaged, or saved without the metric: not the best
    }
    return {};
  }

  /// The step in "checkpoint-<step>.safetensors".
  static std::optional<Index> step_of(std::string_view name) {
    constexpr std::string_view start = "checkpoint-", end = suffix;
    if (!name.starts_with(start) || !name.ends_with(end) || name.size() <= start.size() + end.size()) return {};
    Index step = 0;
    for (const char c : name.substr(start.size(), name.size() - start.size() - end.size())) {
      if (c < '0' || c > '9' || step > PTRDIFF_MAX / 10 - 1) return {};
      step = 10 * step + (c - '0');
    }
    return step;
  }

  /// Temporary files (atomic_file.hpp) of checkpoints whose process lives no more, or is this one.
  std::vector<std::string> leftovers() const {
    std::vector<std::string> found;
    each_file([&](const std::string& name) {
      const auto end = name.find(std::string(suffix) + ".");
      if (end == std::string::npos || !name.ends_with(".tmp")) return;
      const std::size_t owner = end + std::string_view(suffix).size() + 1;
      if (!step_of(name.substr(0, owner - 1))) return;
      const auto process = static_cast<pid_t>(std::atol(name.c_str() + owner));
      if (process > 0 && (process == ::getpid() || (::kill(process, 0) != 0 && errno == ESRCH)))
        found.push_back(path_ + "/" + name);
    });
    return found;
  }

  template <class Visit>
  void each_file(const Visit& visit) const {
    std::error_code error;
    for (std::filesystem::directory_iterator at(path_, error), end; !error && at != end; at.increment(error))
      visit(at->path().filename().string());
    if (error && error != std::errc::no_such_file_or_directory)
      throw Error(path_, "\"" + error.message() + "\" on reading the folder", "a readable folder");
  }
  static void remove(const std::string& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
      detail::fail_with_errno(path, "removing an old checkpoint", "a folder that can be written");
  }

  std::string path_;
  CheckpointFolderOptions options_;
};

}  // namespace mae
MAE_PRECISE_END
