// The state of a run in one file: saved after any update, loaded by another process, continued to the same bits.
//
//   save_run("run.safetensors", run, {{"config", text}});       // a `Pretraining` or `Finetuning`
//   load_run("run.safetensors", run);                           // a run made with the same options
//   load_run("run.safetensors", longer, {.other_length = true}); // … but for the number of epochs
//
// The file is a checkpoint of the model (checkpoint.hpp) with more in it: the states of the optimizer by the names of
// its rule, for AdamW tensors `optimizer.exp_avg.<parameter>` and `optimizer.exp_avg_sq.<parameter>`, and as metadata
// the number of updates, the loss so far of the epoch, every option that the bits depend on, and a checksum of all
// that. Batches, crops, masks and drop path follow from the number of updates and the seed, so there is nothing else.
// It is written atomically, with AdamW three times as large as the weights; saving copies no more than the few tensors
// that files order in another way than memory, loading one tensor at a time. Bits continue on processors with the same
// instruction set.
#pragma once
#include <mae/checkpoint/checkpoint.hpp>
#include <mae/checkpoint/old_names.hpp>
#include <mae/core/finite.hpp>
#include <mae/core/number_text.hpp>
#include <mae/io/files/checksum.hpp>
#include <mae/train/loop.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

inline constexpr const char *checksum_key = "run.checksum", *transforms_key = "run.transforms";

/// Reads the tensor `name` into `values`, in memory's order.
template <class W>
void read_parameter(const TensorFile& file, const std::string& name, const ParameterInfo& parameter, W* values) {
  const std::vector<W> found = file.values<W>(name);
  require_finite(found.data(), parameter.shape, file.subject(name));
  for (Index i = 0; i < parameter.count; ++i) values[i] = found[static_cast<std::size_t>(parameter.file_position(i))];
}
/// Calls visit(name, parameter, values) for each tensor of a run's checkpoint. A frozen parameter has no states.
template <class Run, class Visit>
void each_run_tensor(Run& run, const Visit& visit) {
  auto& weights = run.weights();
  auto& optimizer = run.optimizer();
  for (const ParameterInfo& p : weights.parameters()) visit(p.name, p, weights.at(p));
  for (const ParameterInfo& p : weights.parameters()) {
    for (int k = 0; k < optimizer.states && p.trained; ++k)
      visit(optimizer_prefix + (Run::Rule::state_names[k] + ("." + p.name)), p, optimizer.state(k).at(p));
  }
}

/// The transforms of one's own, by name and options: "invert share=0.2".
inline std::string transforms_text(const Augmentation& augmentation) {
  std::string text;
  for (const Transform& transform : augmentation.transforms) {
    text += (text.empty() ? "" : ", ") + std::string(transform.name());
    transform.each_option(
        [&](const char* name, double value) { text += std::string(" ") + name + "=" + short_text(value, 17); });
  }
  return text;
}

/// What must be the same in the run that goes on.
template <class Run>
Metadata identity_of(const Run& run) {
  Metadata metadata{{"run.images", std::to_string(run.images().size())}, {"run.optimizer", Run::Rule::name}};
  each_option(run.options(), [&](const char* name, const auto& value) {
    metadata[std::string("run.") + name] = nlohmann::json(value).dump();
  });
  if (const std::string text = transforms_text(run.options().augmentation); !text.empty())
    metadata[transforms_key] = text;
  record(metadata, run.normalization());
  const auto record_fact = [&](const char* name, double value) {
    metadata[std::string("run.") + name] = nlohmann::json(value).dump();
  };
  if constexpr (requires { run.inputs(); })
    if constexpr (requires(std::remove_cvref_t<decltype(run.inputs())> & inputs) { inputs.each_fact(record_fact); })
      run.inputs().each_fact(record_fact);
  if constexpr (requires { Run::Model::mask_ratio; }) metadata["mask_ratio"] = decimal_text(Run::Model::mask_ratio, 6);
  if constexpr (requires { run.options().masking.name(); }) metadata["masking"] = run.options().masking.name();
  return metadata;
}
template <class Run>
void check_identity(const TensorFile& file, const Run& run, bool other_length) {
  std::string found, expected;
  Metadata metadata = file.metadata();
  metadata.emplace("masking", recorded_masking(file));
  // A file of version 0.1 has none of these, and there was no other.
  metadata.emplace("run.optimizer", AdamwRule::name);
  metadata.emplace("run.trained_blocks", "-1");
  for (const auto& [key, value] : identity_of(run)) {
    if (other_length && key == "run.epochs") continue;
    const std::string name = key.starts_with("run.") ? key.substr(4) : key;
    auto at = metadata.find(key);
    if (at == metadata.end()) at = metadata.find("run." + std::string(name_then(name)));
    if (at != metadata.end() && at->second == value) continue;
    const std::string recorded = at == metadata.end() ? "nothing" : quoted(at->second);
    found += (found.empty() ? "" : ", ") + name + " " + recorded;
    expected += (expected.empty() ? "" : ", ") + name + " " + quoted(value);
  }
  if (file.metadata().contains(transforms_key) && run.options().augmentation.transforms.empty()) {
    found += (found.empty() ? "" : ", ") + ("transforms " + quoted(file.metadata(transforms_key)));
    expected += (expected.empty() ? "" : ", ") + std::string("transforms nothing");
  }
  if (!found.empty()) throw Error(file.path() + ": the run to continue", found, expected + ", as this run has");
}

template <class Run>
void check_tensors(const TensorFile& file, Run& run) {
  std::size_t count = 0;
  each_run_tensor(run, [&]<class W>(const std::string& name, const ParameterInfo& parameter, const W*) {
    const TensorEntry& entry = file.at(name, parameter.shape);
    if (entry.dtype != dtype_of<W>()) throw Error(file.subject(name), "dtype " + entry.dtype, dtype_of<W>());
    ++count;
  });
  if (file.entries().size() != count)
    throw Error(file.path(), std::to_string(file.entries().size()) + " tensors", std::to_string(count));
}

inline void add_metadata(Checksum& sum, const Metadata& metadata) {
  for (const auto& [key, value] : metadata)
    if (key != checksum_key) sum.add(key), sum.add(value);
}
/// Throws mae::Error unless the file's bytes are those that were written, and numbers that a run can go on with.
inline void check_checksum(const TensorFile& file) {
  Checksum sum;
  add_metadata(sum, file.metadata());
  for (const TensorEntry& entry : file.entries()) {
    const std::vector<std::byte> bytes = file.bytes(entry.name);
    visit_dtype(entry.dtype, [&]<class T>(T) {
      if constexpr (is_real<T> && !std::is_same_v<T, f16>)
        require_finite(reinterpret_cast<const T*>(bytes.data()), entry.shape, file.subject(entry.name));
    });
    sum.add(bytes.data(), static_cast<Index>(bytes.size()));
  }
  if (sum.text() != file.metadata(checksum_key))
    throw Error(file.path(), "the checksum '" + sum.text() + "'",
                quoted(file.metadata(checksum_key)) + "; the file is damaged");
}

inline Progress recorded_progress(const TensorFile& file) {
  auto number = [&]<class T>(const char* key, T) {
    const std::optional<T> value = number_in<T>(file.metadata(key));
    if (!value)
      throw Error(file.path() + ": metadata " + quoted(key), quoted(file.metadata(key)),
                  std::is_integral_v<T> ? "a whole number" : "a number");
    return *value;
  };
  return {number("run.steps", Index{}), number("run.epoch_images", Index{}), number("run.epoch_loss", double{})};
}

}  // namespace detail

/// Throws mae::Error unless the file at `path` is whole: a safetensors file and, if it records a checksum, with that.
inline void check_checkpoint(const std::string& path) {
  const SafetensorsFile file = SafetensorsFile::read(path);
  if (file.metadata().contains(detail::checksum_key)) detail::check_checksum(file);
}

/// Writes the state of `run`, and what else is known: `more`, which cannot contradict it. Throws mae::Error if a number
/// of it is not finite, for such a run cannot go on, or if the file cannot be written; an earlier one is then
/// untouched.
template <class Run>
void save_run(const std::string& path, const Run& run, const Metadata& more = {}) {
  detail::CheckpointTensors<typename Run::Policy::Parameter> tensors(path);
  detail::each_run_tensor(run, [&](const std::string& name, const ParameterInfo& parameter, const auto* values) {
    tensors.add(name, parameter, values);
  });
  const Progress progress = run.progress();
  Metadata metadata = detail::identity_of(run);
  metadata["run.steps"] = std::to_string(progress.steps);
  metadata["run.epoch_images"] = std::to_string(progress.images);
  metadata["run.epoch_loss"] = nlohmann::json(progress.loss).dump();
  metadata["epochs"] = std::to_string(run.epoch());
  metadata.insert(more.begin(), more.end());
  metadata = detail::checkpoint_metadata<typename Run::Model, typename Run::Model>(metadata);
  Checksum sum;
  detail::add_metadata(sum, metadata);
  for (const TensorBytes& tensor : tensors.list())
    sum.add(tensor.data, detail::bytes_of(tensor.shape, dtype_bytes(tensor.dtype)));
  metadata[detail::checksum_key] = sum.text();
  write_safetensors(path, tensors.list(), metadata);
}

/// What the run that goes on may have of its own.
struct ContinueOptions {
  /// Another number of `epochs`, not fewer than were made: the rate follows the new schedule from here on, so it jumps.
  /// Warm-up and all else are as they were.
  bool other_length = false;
};

/// Puts `run` where the saved run was. Throws mae::Error, and changes nothing, if the file is no state of a run, of
/// another model, number of images or options (all that differ are named), or damaged. The file is read twice: to
/// check it, then into place.
template <class Run>
void load_run(const std::string& path, Run& run, const ContinueOptions& options = {}) {
  const SafetensorsFile file = SafetensorsFile::read(path);
  if (!file.metadata().contains(detail::checksum_key))
    throw Error(path, "a checkpoint without the state of a run", "one that save_run wrote");
  detail::ensure_same_sizes(path, describe<typename Run::Model>(), file.metadata());
  detail::check_identity(file, run, options.other_length);
  detail::check_tensors(file, run);
  detail::check_checksum(file);
  run.resume(detail::recorded_progress(file), path);
  detail::each_run_tensor(run, [&](const std::string& name, const ParameterInfo& parameter, auto* values) {
    detail::read_parameter(file, name, parameter, values);
  });
}

}  // namespace mae
MAE_PRECISE_END
