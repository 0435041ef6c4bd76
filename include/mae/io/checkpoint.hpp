// Checkpoints: a model's weights in a safetensors file, under the names and in the order of published MAE checkpoints.
//
//   save_checkpoint("mae.safetensors", run.weights(), facts_of(run));    // the whole model
//   save_encoder("encoder.safetensors", run.weights(), facts_of(run));   // what fine-tuning needs
//   auto report = load_encoder("encoder.safetensors", classifier_weights);
//
// A file describes itself: its metadata holds the sizes that shapes do not show (heads, kind of target), the mean and
// deviation of the images, and how long was trained. Loading is strict: every tensor has a place or the caller said
// that it may not, and nothing is written into the weights before everything was checked. What stayed random is
// reported.
#pragma once
#include <map>

#include <mae/autograd/weights.hpp>
#include <mae/data/augment.hpp>
#include <mae/io/safetensors.hpp>
#include <mae/model/masked_autoencoder.hpp>

namespace mae {

/// Facts about a model beside its weights: metadata of a checkpoint.
using Facts = std::map<std::string, std::string>;

/// The sizes of `Model` that a checkpoint records and that loading compares, where both sides know them.
template <class Model>
Facts describe() {
  using I = typename Model::Image;
  using E = typename Model::EncoderShape;
  auto text = [](Index n) { return std::to_string(n); };
  Facts facts{{"image", text(I::channels) + " x " + text(I::height) + " x " + text(I::width)},
              {"patch", text(I::patch)},
              {"encoder", text(E::width) + " wide, " + text(E::depth) + " blocks, " + text(E::heads) + " heads"}};
  if constexpr (requires { typename Model::DecoderShape; }) {
    using D = typename Model::DecoderShape;
    facts["decoder"] = text(D::width) + " wide, " + text(D::depth) + " blocks, " + text(D::heads) + " heads";
    facts["target"] = Model::target == Target::normalized_pixels ? "normalized pixels" : "pixels";
  }
  return facts;
}

/// The statistics that images were normalised with, as metadata: "mean" and "deviation", one number a channel.
inline void record(Facts& facts, const Normalization& normalization) {
  auto join = [](const std::vector<double>& values) {
    return nlohmann::json(values).dump();
  };
  facts["mean"] = join(normalization.mean);
  facts["deviation"] = join(normalization.deviation);
}
/// What a `Pretraining` run knows of itself: "epochs" finished, and the statistics of its images.
template <class Run>
Facts facts_of(const Run& run) {
  Facts facts{{"epochs", std::to_string(run.epoch())}};
  record(facts, run.normalization());
  return facts;
}
/// The statistics recorded in a checkpoint. Throws mae::Error if there are none or they are not numbers.
inline Normalization recorded_normalization(const SafetensorsFile& file) {
  auto split = [&](const std::string& key) {
    const nlohmann::json values = nlohmann::json::parse(file.metadata(key), nullptr, false);
    bool numbers = values.is_array() && !values.empty();
    for (const auto& value : values) numbers = numbers && value.is_number();
    if (!numbers)
      throw Error(file.path() + ": metadata " + detail::quoted(key), file.metadata(key), "a list of numbers");
    return values.get<std::vector<double>>();
  };
  Normalization result{split("mean"), split("deviation")};
  for (const double deviation : result.deviation)
    if (result.mean.size() != result.deviation.size() || !(deviation > 0))
      throw Error(file.path() + ": metadata 'deviation'", file.metadata("deviation"),
                  "a positive number for each channel");
  return result;
}

/// Writes the parameters listed in `Part` (a module whose names `Model` shares, or `Model` itself), its sizes, and
/// what else is known: `more`, which cannot contradict the sizes.
template <class Part, class Model, class Policy>
void save_part(const std::string& path, const Weights<Model, Policy>& weights, const Facts& more) {
  using W = typename Policy::Parameter;
  Facts facts = describe<Part>();
  facts.insert(more.begin(), more.end());
  facts["format"] = "mae";
  facts["version"] = version;
  std::vector<TensorBytes> tensors;
  std::vector<std::vector<W>> reordered;
  for (const ParameterInfo& part : parameters<Part>()) {
    const ParameterInfo* const parameter = weights.find(part.name);
    if (!parameter) throw Error(path, "no parameter " + part.name + " in the model", "one, to save it");
    const W* values = weights.at(*parameter);
    std::vector<W> ordered(static_cast<std::size_t>(parameter->count));
    bool same = true;
    for (Index i = 0; i < parameter->count; ++i) {
      const Index at = parameter->file_position(i);
      same = same && at == i;
      ordered[static_cast<std::size_t>(at)] = values[i];
    }
    if (!same) values = reordered.emplace_back(std::move(ordered)).data();
    tensors.push_back(tensor_bytes(parameter->name, parameter->shape, values));
  }
  write_safetensors(path, tensors, facts);
}
/// Writes the whole model.
template <class Model, class Policy>
void save_checkpoint(const std::string& path, const Weights<Model, Policy>& weights, Facts facts = {}) {
  if constexpr (requires { Model::mask_ratio; }) facts["mask_ratio"] = std::to_string(Model::mask_ratio);
  save_part<Model>(path, weights, facts);
}
/// Writes the encoder alone, and how it was pre-trained.
template <class Model, class Policy>
void save_encoder(const std::string& path, const Weights<Model, Policy>& weights, Facts facts = {}) {
  for (const auto& [key, value] : describe<Model>()) facts[key] = value;
  if constexpr (requires { Model::mask_ratio; }) facts["mask_ratio"] = std::to_string(Model::mask_ratio);
  save_part<typename Model::Encoder>(path, weights, facts);
}

/// What loading did: names of parameters that were loaded, that kept their values, and of tensors without a place.
struct LoadReport {
  std::vector<std::string> loaded, kept, unused;
};

/// What loading may leave out: names, by their beginnings.
struct LoadOptions {
  std::vector<std::string> may_keep{};    ///< parameters that the file need not have
  std::vector<std::string> may_ignore{};  ///< tensors that the model need not have
  std::vector<std::string> never_load{};  ///< parameters that keep their values, tensors that are ignored, always
};

namespace detail {
inline bool begins_with_any(const std::string& name, const std::vector<std::string>& beginnings) {
  for (const std::string& beginning : beginnings)
    if (name.starts_with(beginning)) return true;
  return false;
}
template <class Model>
void check_facts(const SafetensorsFile& file) {
  for (const auto& [key, value] : mae::describe<Model>()) {
    const auto found = file.metadata().find(key);
    if (found != file.metadata().end() && found->second != value)
      throw Error(file.path() + ": " + key, found->second, value + ", as the model has");
  }
}
}  // namespace detail

/// Loads a file into `weights`. Throws mae::Error, and changes nothing, if a parameter is missing, a tensor has no
/// place or another shape, or the recorded sizes differ.
template <class Model, class Policy>
LoadReport load_checkpoint(const std::string& path, Weights<Model, Policy>& weights, const LoadOptions& options = {}) {
  const SafetensorsFile file = SafetensorsFile::read(path);
  detail::check_facts<Model>(file);
  LoadReport report;
  auto barred = [&](const std::string& name) { return detail::begins_with_any(name, options.never_load); };
  for (const std::string& name : file.names()) {
    if (weights.find(name) && !barred(name)) continue;
    if (!barred(name) && !detail::begins_with_any(name, options.may_ignore))
      throw Error(path, "a tensor " + name, "only tensors that the model has; is this another model's file?");
    report.unused.push_back(name);
  }
  using W = typename Policy::Parameter;
  Weights<Model, Policy> loaded;
  for (const ParameterInfo& parameter : weights.parameters()) {
    W* const to = loaded.at(parameter);
    const W* const old = weights.at(parameter);
    if (barred(parameter.name) || !file.find(parameter.name)) {
      if (!barred(parameter.name) && !detail::begins_with_any(parameter.name, options.may_keep))
        throw Error(path, "no tensor " + parameter.name, "all parameters of the model");
      for (Index i = 0; i < parameter.count; ++i) to[i] = old[i];
      report.kept.push_back(parameter.name);
      continue;
    }
    file.at(parameter.name, parameter.shape);
    const std::vector<W> values = file.values<W>(parameter.name);
    for (Index i = 0; i < parameter.count; ++i)
      to[i] = values[static_cast<std::size_t>(parameter.file_position(i))];
    report.loaded.push_back(parameter.name);
  }
  weights = std::move(loaded);
  return report;
}

/// Loads the encoder of a file into a classifier or probe. The head, `head.*` and `fc_norm.*`, keeps its values even
/// if the file has one (a fine-tuned classifier's; `load_checkpoint` loads that whole). A head or decoder in the file
/// is ignored, and so is the encoder's last normalisation where the model pools without it.
template <class Model, class Policy>
LoadReport load_encoder(const std::string& path, Weights<Model, Policy>& weights) {
  return load_checkpoint(path, weights, {{}, {"decoder", "mask_token", "norm."}, {"head.", "fc_norm."}});
}

}  // namespace mae
