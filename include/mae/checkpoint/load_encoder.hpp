// load_encoder(): an encoder from a checkpoint of any model that has it, with the normalisation of its images.
//
//   const auto encoder = load_encoder<Encoder<Image, Size>>("encoder.safetensors");   // weights and normalisation
//   Finetuning<Classifier<Image, Size, 10>> run(images, options, encoder);
//
// The file may hold the encoder alone, a masked autoencoder, a fine-tuned classifier or the state of a run, of this
// library or of another project (dialects.hpp): of all this the encoder's tensors are taken. In our own files they are
// known by the names of the encoder's parameters, as they are or behind the name that a model gave its encoder
// (`encoder.blocks.0…`); heads may be called as they like. `encoder.report` says what was loaded.
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

/// The statistics that the encoders of a file's family were trained with, where the file records none: ImageNet's, or
/// the dialect's own. Nothing for files of this library, and for images of other channels.
inline std::optional<Normalization> usual_normalization(const TensorFile& file, const std::string& first_name) {
  const Recognised names = recognise(file, first_name);
  if (!names.dialect || sizes_of(file, names).channels != 3) return {};
  const double mean = names.dialect->mean;
  if (mean != 0) return Normalization{{mean, mean, mean}, {mean, mean, mean}};
  return Normalization{{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};
}

/// An encoder out of a file, and what loading it did.
template <class Model, class Policy>
struct Loaded : Pretrained<Model, Policy> {
  LoadReport report;
};

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

template <class Model, class Policy>
Loaded<Model, Policy> load_pretrained(const TensorFile& file, const Normalization* given, LoadOptions options) {
  std::optional<Normalization> usual;
  if (!given && !find_normalization(file)) usual = usual_normalization(file, encoder_parameters<Model>().front().name);
  Normalization normalization = usual ? *usual : normalization_of(file, given);
  if (options.resize) normalization = adapt_channels(normalization, Model::ImageShape::channels);
  Loaded<Model, Policy> result{{{}, std::move(normalization)}, {}};
  options.once = true;  // nobody sees them after an error
  result.report = load_into(file, result.weights, Wants::encoder, options);
  if (usual) result.report.assumed.push_back("mean and deviation of its images as published: the file does not say");
  for (const std::string& fresh : result.report.kept) result.weights.initialise(*result.weights.find(fresh), 0);
  return result;
}
}  // namespace detail

/// The encoder of the file at `path`, as an `Encoder`, or as the encoder of another `Model`, whose head is then fresh.
/// `given` is the normalisation of the images if the file records none; that of its family may be left out. Throws
/// mae::Error if a parameter of the encoder is missing, a tensor is not finite or has another shape, or the recorded
/// sizes or normalisation differ.
template <class Model, class Policy = Cpu<float>>
Loaded<Model, Policy> load_encoder(const std::string& path, const LoadOptions& options = {}) {
  return detail::load_pretrained<Model, Policy>(open_tensors(path), nullptr, options);
}
template <class Model, class Policy = Cpu<float>>
Loaded<Model, Policy> load_encoder(const std::string& path, const Normalization& given,
                                   const LoadOptions& options = {}) {
  return detail::load_pretrained<Model, Policy>(open_tensors(path), &given, options);
}

/// Loads the encoder of a file into `weights` that will see images normalised by `normalization`. The other parameters
/// keep their values, even if the file has some of their names. Throws as above, and changes nothing then.
template <class Model, class Policy>
LoadReport load_encoder(const std::string& path, Weights<Model, Policy>& weights, const Normalization& normalization,
                        const LoadOptions& options = {}) {
  const TensorFile file = open_tensors(path);
  detail::normalization_of(file, &normalization);
  return detail::load_into(file, weights, detail::Wants::encoder, options);
}
/// The same into the weights of a run, which must normalise its images as the file says.
template <TrainingRun Run>
LoadReport load_encoder(const std::string& path, Run& run, const LoadOptions& options = {}) {
  return load_encoder(path, run.weights(), run.normalization(), options);
}
template <class Model, class Policy>
void load_encoder(const std::string&, Weights<Model, Policy>&) {
  static_assert(sizeof(Model) == 0,
                "mae: weights mean nothing without the normalisation of their images: load_encoder<Model>(path) brings "
                "it, and load_encoder(path, run) or (path, weights, normalization) compare it");
}

}  // namespace mae
MAE_PRECISE_END
