// ONNX out: a model that onnxruntime and others run, without this library.
//
//   save_onnx("classifier.onnx", run);                         // images → logits; a run knows its normalisation
//   save_encoder_onnx("encoder.onnx", run);                    // images → features, of any model with an encoder
//   save_onnx("mae.onnx", weights, normalization);             // images, noise → pred, mask, ids_restore
//
// What goes in and comes out, for any number of images, which is called "batch":
//   Encoder                    images [batch, C, H, W]  → features [batch, L + 1, D], the class token first
//   Classifier, LinearProbe    images                   → logits [batch, classes]
//   MaskedAutoencoder          images, noise [batch, L] → pred [batch, L, n], mask [batch, L], ids_restore [batch, L]
// The patches with the smallest noise stay visible, of equal ones the first; mask is 1 where a patch was hidden. Names
// and order are those of MAE and transformers (prediction_files.hpp).
//
// An exported model is worth what its images are normalised with, so the file says it: mean, deviation, image and
// preprocessing are in its metadata, beside the sizes. Numbers are floats; weights in double are rounded.
#pragma once
#include <mae/checkpoint/checkpoint.hpp>
#include <mae/checkpoint/onnx_graph.hpp>
#include <mae/eval/pretrained.hpp>
#include <mae/model/classifier.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

template <class Image, class Size>
void add_model(OnnxBuilder& build, std::type_identity<Encoder<Image, Size>>) {
  build.layer_norm(build.trunk(OnnxImage::of<Image>(), OnnxTransformer::of<Size>()), "norm", "features");
  build.graph.output("features", {dyn, Image::patches + 1, Size::width});
}
template <class Image, class Size, Index Classes, Pool How, StochasticDepth Kind>
void add_model(OnnxBuilder& build, std::type_identity<Classifier<Image, Size, Classes, How, Kind>>) {
  std::string x = build.trunk(OnnxImage::of<Image>(), OnnxTransformer::of<Size>());
  if constexpr (How == Pool::mean) x = build.layer_norm(build.pool(x, How), "fc_norm");
  else x = build.pool(build.layer_norm(x, "norm"), How);
  build.linear(x, "head", "logits");
  build.graph.output("logits", {dyn, Classes});
}
template <class Image, class Size, Index Classes, Pool How>
void add_model(OnnxBuilder& build, std::type_identity<LinearProbe<Image, Size, Classes, How>>) {
  const std::string tokens = build.trunk(OnnxImage::of<Image>(), OnnxTransformer::of<Size>());
  const std::string pooled = build.pool(build.layer_norm(tokens, "norm"), How);
  const auto all = [&](const char* name, float value) {
    return build.graph.tensor(name, {Size::width}, std::vector<float>(Size::width, value));
  };
  const std::string standard =
      build.graph.node("BatchNormalization",
                       {pooled, all("head.0.ones", 1), all("head.0.zeros", 0), build.weight("head.0.running_mean"),
                        build.weight("head.0.running_var")},
                       "head.0", {{"epsilon", static_cast<float>(1e-6)}});
  build.linear(standard, "head.1", "logits");
  build.graph.output("logits", {dyn, Classes});
}
template <class Image, class E, class D, class Ratio, Target Kind>
void add_model(OnnxBuilder& build, std::type_identity<MaskedAutoencoder<Image, E, D, Ratio, Kind>>) {
  add_masked_autoencoder(build, OnnxImage::of<Image>(), OnnxTransformer::of<E>(), OnnxTransformer::of<D>(),
                         MaskedAutoencoder<Image, E, D, Ratio, Kind>::V);
}
template <class Model>
void add_model(OnnxBuilder&, std::type_identity<Model>) {
  static_assert(
      sizeof(Model) == 0,
      "mae: save_onnx knows Encoder, Classifier, LinearProbe and MaskedAutoencoder; of a model with a head of "
      "its own save_encoder_onnx writes the encoder");
}

/// Writes `Part`, which has the parameters listed, of `weights`.
template <class Part, class Model, class Policy>
std::vector<std::string> save_onnx_part(const std::string& path, std::vector<ParameterInfo> parameters,
                                        const Weights<Model, Policy>& weights, const Normalization& normalization,
                                        OnnxOptions options) {
  for (const auto* const statistic : {&normalization.mean, &normalization.deviation})
    if (static_cast<Index>(statistic->size()) != Part::ImageShape::channels)
      throw Error(path + ": normalization", "statistics of " + std::to_string(statistic->size()) + " channels",
                  "the model's " + std::to_string(Part::ImageShape::channels));
  const auto read = [&](const ParameterInfo& parameter, std::vector<float>& to) {
    const auto* const values = weights.at(parameter);
    for (Index i = 0; i < parameter.count; ++i)
      to[static_cast<std::size_t>(parameter.file_position(i))] = static_cast<float>(values[i]);
  };
  OnnxBuilder build(std::move(parameters), read, path);
  add_model(build, std::type_identity<Part>());
  Metadata metadata = mae::describe<Part>();
  if constexpr (requires { Part::mask_ratio; }) metadata["mask_ratio"] = decimal_text(Part::mask_ratio, 6);
  record(metadata, normalization);
  metadata["preprocessing"] =
      "levels 0 to 255 of the largest centred box of the image's aspect, resized by antialiased bicubic (Pillow); then "
      "(level / 255 - mean) / deviation of each channel";
  options.metadata = merged(std::move(metadata), options.metadata);
  return write_onnx(path, build.graph, options);
}

}  // namespace detail

/// Writes the model of `weights`, whose images are normalised by `normalization`, as the file `path`. Returns the paths
/// written: a model of more than 1 GB, or what `options` say, has a second file. Throws mae::Error, and leaves what was
/// at `path`, if a weight is not finite as a float or a file cannot be written. `options.metadata` is added to the
/// file's and cannot contradict it.
template <class Model, class Policy>
std::vector<std::string> save_onnx(const std::string& path, const Weights<Model, Policy>& weights,
                                   const Normalization& normalization, const OnnxOptions& options = {}) {
  return detail::save_onnx_part<Model>(path, parameters<Model>(), weights, normalization, options);
}
/// The same of the encoder alone. A classifier that pools has no last `norm`, and so no encoder: mae::Error.
template <class Model, class Policy>
std::vector<std::string> save_encoder_onnx(const std::string& path, const Weights<Model, Policy>& weights,
                                           const Normalization& normalization, const OnnxOptions& options = {}) {
  using Part = Encoder<typename Model::ImageShape, typename Model::EncoderShape>;
  return detail::save_onnx_part<Part>(path, encoder_parameters<Model>(), weights, normalization, options);
}

/// The same of a run, or of a model that was loaded, with its normalisation.
template <class Run>
requires requires(const Run& run) { run.weights().parameters(); }
std::vector<std::string> save_onnx(const std::string& path, const Run& run, const OnnxOptions& options = {}) {
  return save_onnx(path, run.weights(), run.normalization(), options);
}
template <class Run>
requires requires(const Run& run) { run.weights().parameters(); }
std::vector<std::string> save_encoder_onnx(const std::string& path, const Run& run, const OnnxOptions& options = {}) {
  return save_encoder_onnx(path, run.weights(), run.normalization(), options);
}
template <class Model, class Policy>
std::vector<std::string> save_onnx(const std::string& path, const Pretrained<Model, Policy>& model,
                                   const OnnxOptions& options = {}) {
  return save_onnx(path, model.weights, model.normalization, options);
}
template <class Model, class Policy>
std::vector<std::string> save_encoder_onnx(const std::string& path, const Pretrained<Model, Policy>& model,
                                           const OnnxOptions& options = {}) {
  return save_encoder_onnx(path, model.weights, model.normalization, options);
}

}  // namespace mae
MAE_PRECISE_END
