// load_encoder(): an encoder from a checkpoint of any model that has it, with the normalisation of its images.
//
//   const auto encoder = load_encoder<Encoder<Image, Size>>("encoder.safetensors");   // weights and normalisation
//   Finetuning<Classifier<Image, Size, 10>> run(images, options, encoder);
//
// The file may hold the encoder alone, a masked autoencoder, a fine-tuned classifier or the state of a run: of all this
// the encoder's tensors are taken. They are known by the names of the encoder's own parameters, as they are or behind
// the name that a model gave its encoder (`encoder.blocks.0…`); heads may be called as they like.
//
// The normalisation has one rule: it is the file's; where the file records none, the caller gives it; where both say
// one and they differ, that is an error. Weights alone cannot be loaded into a run that goes on in another way.
#pragma once
#include <mae/checkpoint/checkpoint.hpp>
#include <mae/eval/pretrained.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The normalisation that a checkpoint records, if it records one. Throws mae::Error if that makes no sense.
inline std::optional<Normalization> find_normalization(const TensorFile& file) {
  if (!file.metadata().contains("mean") && !file.metadata().contains("deviation")) return {};
  return recorded_normalization(file);
}

namespace detail {
/// The normalisation that goes with the weights of `file`: the recorded one or, where there is none, `given`. Throws
/// mae::Error if neither is there, or both are and differ.
inline Normalization normalization_of(const TensorFile& file, const Normalization* given) {
  const std::optional<Normalization> recorded = find_normalization(file);
  if (!recorded && !given)
    throw Error(file.path(), "no mean and deviation of its images",
                "a file that records them, or a Normalization given beside it");
  if (!recorded) return *given;
  if (!given || *given == *recorded) return *recorded;
  Metadata expected;
  record(expected, *given);
  throw Error(file.path() + ": normalization",
              "mean " + file.metadata("mean") + ", deviation " + file.metadata("deviation"),
              "mean " + expected["mean"] + ", deviation " + expected["deviation"] + ", as images are normalised here");
}

inline std::string first_part(const std::string& name) { return name.substr(0, name.find('.')); }

/// What stands before the encoder's names in a file: "" or, where the encoder is the part of a model that is not flat,
/// the name that it has there, with a point. `first` is the name of the encoder's first parameter.
inline std::string encoder_prefix(const TensorFile& file, const std::string& first) {
  std::string prefix;
  if (file.find(first)) return prefix;
  for (const std::string& name : file.names()) {
    if (name.starts_with(optimizer_prefix) || !name.ends_with("." + first)) continue;
    if (!prefix.empty()) return "";
    prefix = name.substr(0, name.size() - first.size());
  }
  return prefix;
}

/// Loads the encoder of `file` into that of `weights`; all else keeps its values.
template <class Model, class Policy>
LoadReport load_encoder_part(const TensorFile& file, Weights<Model, Policy>& weights) {
  check_metadata<Model>(file);
  const std::vector<ParameterInfo> encoder = encoder_parameters<Model>();
  const std::string prefix = encoder_prefix(file, encoder.front().name);
  LoadReport report;
  for (const std::string& name : file.names()) {
    bool wanted = false, related = false;
    for (const ParameterInfo& p : encoder) {
      wanted = wanted || name == prefix + p.name;
      related = related || (name.starts_with(prefix) && first_part(name.substr(prefix.size())) == first_part(p.name));
    }
    if (related && !wanted)  // a block too many, for example: what the others compute would be something else
      throw Error(file.path(), "a tensor " + name, "only tensors that the encoder has; is this another model's file?");
    if (!wanted) report.unused.push_back(name);
  }
  auto source = [&](const ParameterInfo& p) {
    const std::string name = name_in_encoder(encoder, p);
    return name.empty() ? name : prefix + name;
  };
  read_parameters(file, weights, source, report);
  return report;
}
}  // namespace detail

namespace detail {
template <class Model, class Policy>
Pretrained<Model, Policy> load_pretrained(const std::string& path, const Normalization* given) {
  const SafetensorsFile file = SafetensorsFile::read(path);
  Pretrained<Model, Policy> result{{}, normalization_of(file, given)};
  for (const std::string& fresh : load_encoder_part(file, result.weights).kept)
    result.weights.initialise(*result.weights.find(fresh), 0);
  return result;
}
}  // namespace detail

/// The encoder of the file at `path`, as an `Encoder`, or as the encoder of another `Model`, whose head is then fresh.
/// `given` is the normalisation of the images if the file records none. Throws mae::Error if a parameter of the encoder
/// is missing, a tensor is not finite or has another shape, or the recorded sizes or normalisation differ.
template <class Model, class Policy = Cpu<float>>
Pretrained<Model, Policy> load_encoder(const std::string& path) {
  return detail::load_pretrained<Model, Policy>(path, nullptr);
}
template <class Model, class Policy = Cpu<float>>
Pretrained<Model, Policy> load_encoder(const std::string& path, const Normalization& given) {
  return detail::load_pretrained<Model, Policy>(path, &given);
}

/// Loads the encoder of a file into `weights` that will see images normalised by `normalization`. The other parameters
/// keep their values, even if the file has some of their names. Throws as above, and changes nothing then.
template <class Model, class Policy>
LoadReport load_encoder(const std::string& path, Weights<Model, Policy>& weights, const Normalization& normalization) {
  const SafetensorsFile file = SafetensorsFile::read(path);
  detail::normalization_of(file, &normalization);
  return detail::load_encoder_part(file, weights);
}
/// The same into the weights of a run, which must normalise its images as the file says.
template <TrainingRun Run>
LoadReport load_encoder(const std::string& path, Run& run) {
  return load_encoder(path, run.weights(), run.normalization());
}
template <class Model, class Policy>
void load_encoder(const std::string&, Weights<Model, Policy>&) {
  static_assert(sizeof(Model) == 0,
                "mae: weights mean nothing without the normalisation of their images: load_encoder<Model>(path) brings "
                "it, and load_encoder(path, run) or (path, weights, normalization) compare it");
}

}  // namespace mae
MAE_PRECISE_END
