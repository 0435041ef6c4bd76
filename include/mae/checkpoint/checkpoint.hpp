// Checkpoints: a model's weights in a safetensors file, under the names and in the order of published MAE checkpoints.
//
//   save_checkpoint("mae.safetensors", run);                              // the whole model
//   save_encoder("encoder.safetensors", run);                             // what fine-tuning needs
//   load_checkpoint("mae.safetensors", weights);                          // the encoder alone: load_encoder.hpp
//
// A file describes itself: its metadata holds the sizes that shapes do not show (heads, kind of target), the mean and
// deviation of the images, and how long was trained. Loading is strict: every tensor has a place or a reason, every
// number is finite, and nothing is written into the weights before everything was checked. A report (load_report.hpp)
// says what was done.
#pragma once
#include <mae/checkpoint/load_into.hpp>
#include <mae/data/augment.hpp>
#include <mae/io/tensors/open_tensors.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The statistics that images were normalised with, as metadata: "mean" and "deviation", one number a channel.
inline void record(Metadata& metadata, const Normalization& normalization) {
  auto join = [](const std::vector<double>& values) { return nlohmann::json(values).dump(); };
  metadata["mean"] = join(normalization.mean);
  metadata["deviation"] = join(normalization.deviation);
}
/// Something with weights, the normalisation of its images and a number of epochs: `Pretraining` or `Finetuning`.
template <class Run>
concept TrainingRun = requires(const Run& run) {
  run.weights();
  run.normalization();
  run.epoch();
};
/// What a run knows of itself: "epochs" finished, the statistics of its images, and its mask strategy.
template <TrainingRun Run>
Metadata metadata_of(const Run& run) {
  Metadata metadata{{"epochs", std::to_string(run.epoch())}};
  record(metadata, run.normalization());
  if constexpr (requires { run.options().masking.name(); }) metadata["masking"] = run.options().masking.name();
  return metadata;
}
/// The name of the mask strategy of a checkpoint. Version 0.1 recorded none and had one.
inline std::string recorded_masking(const TensorFile& file) {
  const auto found = file.metadata().find("masking");
  return found == file.metadata().end() ? RandomMasking::name : found->second;
}
/// The statistics recorded in a checkpoint. Throws mae::Error if there are none or they are not numbers.
inline Normalization recorded_normalization(const TensorFile& file) {
  auto split = [&](const std::string& key) {
    std::optional<std::vector<double>> numbers = numbers_in(file.metadata(key));
    if (!numbers || numbers->empty())
      throw Error(file.path() + ": metadata " + detail::quoted(key), file.metadata(key), "a list of numbers");
    return *std::move(numbers);
  };
  Normalization result{split("mean"), split("deviation")};
  for (const double deviation : result.deviation)
    if (result.mean.size() != result.deviation.size() || !(deviation > 0))
      throw Error(file.path() + ": metadata 'deviation'", file.metadata("deviation"),
                  "a positive number for each channel");
  return result;
}

namespace detail {
/// The tensors of a checkpoint to be written to `path`. Values stay where they are, but for the few that files order in
/// another way than memory.
template <class W>
class CheckpointTensors {
 public:
  explicit CheckpointTensors(std::string path) : path_(std::move(path)) {}

  /// Throws mae::Error if a number is not finite: nothing could be done with the file.
  void add(const std::string& name, const ParameterInfo& parameter, const W* values) {
    add(std::vector{name}, parameter, values);
  }
  /// The same of a parameter whose rows are several tensors, of as many rows each.
  void add(const std::vector<std::string>& names, const ParameterInfo& parameter, const W* values) {
    if (!parameter.plain) {
      std::vector<W>& ordered = reordered_.emplace_back(static_cast<std::size_t>(parameter.count));
      for (Index i = 0; i < parameter.count; ++i)
        ordered[static_cast<std::size_t>(parameter.file_position(i))] = values[i];
      values = ordered.data();
    }
    require_finite(values, parameter.shape, path_ + ": tensor " + quoted(names.size() > 1 ? parameter.name : names[0]));
    const auto parts = static_cast<Index>(names.size());
    std::vector<Index> shape = parameter.shape;
    if (parts > 1) shape[0] /= parts;
    for (std::size_t part = 0; part < names.size(); ++part)
      tensors_.push_back(tensor_bytes(names[part], shape, values + static_cast<Index>(part) * parameter.count / parts));
  }
  const std::vector<TensorBytes>& list() const { return tensors_; }

 private:
  std::string path_;
  std::vector<TensorBytes> tensors_;
  std::vector<std::vector<W>> reordered_;
};

/// `metadata` and `more`, which cannot contradict it.
inline Metadata merged(Metadata metadata, const Metadata& more) {
  metadata.insert(more.begin(), more.end());
  return metadata;
}

/// What every checkpoint of `Model` says of itself: `more`, which cannot contradict the sizes of `Part`.
template <class Part, class Model>
Metadata checkpoint_metadata(const Metadata& more) {
  Metadata metadata = mae::describe<Part>();
  for (const auto& [key, value] : mae::describe<Model>())
    metadata.emplace(key, value);  // how an encoder was pre-trained
  if constexpr (requires { Model::mask_ratio; }) metadata["mask_ratio"] = decimal_text(Model::mask_ratio, 6);
  metadata["format"] = "mae";
  metadata["version"] = version;
  return merged(std::move(metadata), more);
}
}  // namespace detail

/// Writes the parameters listed in `Part` (a module whose names `Model` shares, or `Model` itself), its sizes, and
/// what else is known: `more`, which cannot contradict the sizes. Throws mae::Error if a number is not finite or the
/// file cannot be written; an earlier one is then untouched.
template <class Part, class Model, class Policy>
void save_part(const std::string& path, const Weights<Model, Policy>& weights, const Metadata& more) {
  detail::CheckpointTensors<typename Policy::Parameter> tensors(path);
  for (const ParameterInfo& part : parameters<Part>()) {
    const ParameterInfo* const parameter = weights.find(part.name);
    if (!parameter) throw Error(path, "no parameter " + part.name + " in the model", "one, to save it");
    tensors.add(parameter->name, *parameter, weights.at(*parameter));
  }
  write_safetensors(path, tensors.list(), detail::checkpoint_metadata<Part, Model>(more));
}
/// Writes the whole model.
template <class Model, class Policy>
void save_checkpoint(const std::string& path, const Weights<Model, Policy>& weights, const Metadata& metadata = {}) {
  save_part<Model>(path, weights, metadata);
}
/// Writes the encoder alone, under its own names, and how it was pre-trained.
template <class Model, class Policy>
void save_encoder(const std::string& path, const Weights<Model, Policy>& weights, const Metadata& metadata = {}) {
  detail::CheckpointTensors<typename Policy::Parameter> tensors(path);
  for (const ParameterInfo& p : encoder_parameters<Model>()) tensors.add(p.name, p, weights.at(p));
  write_safetensors(path, tensors.list(), detail::checkpoint_metadata<Model, Model>(metadata));
}
/// The same of a run, with what it knows of itself; `more` cannot contradict it.
template <TrainingRun Run>
void save_checkpoint(const std::string& path, const Run& run, const Metadata& more = {}) {
  save_checkpoint(path, run.weights(), detail::merged(metadata_of(run), more));
}
template <TrainingRun Run>
void save_encoder(const std::string& path, const Run& run, const Metadata& more = {}) {
  save_encoder(path, run.weights(), detail::merged(metadata_of(run), more));
}

/// Loads a file, of any dialect (dialects.hpp), into `weights`, and says what was done. Throws mae::Error, and changes
/// nothing, if a parameter is missing, a tensor has no place, another shape or a number that is not finite, or if the
/// sizes that the file records or shows differ.
template <class Model, class Policy>
LoadReport load_checkpoint(const TensorFile& file, Weights<Model, Policy>& weights, const LoadOptions& options = {}) {
  return detail::load_into(file, weights, detail::Wants::model, options);
}
template <class Model, class Policy>
LoadReport load_checkpoint(const std::string& path, Weights<Model, Policy>& weights, const LoadOptions& options = {}) {
  return load_checkpoint(open_tensors(path), weights, options);
}

}  // namespace mae
MAE_PRECISE_END
