// What pre-training leaves: an encoder's weights, and how the images were normalised that they were trained on.
//
//   const auto encoder = load_encoder<Encoder<Image, Size>>("encoder.safetensors");  // checkpoint/load_encoder.hpp
//   Finetuning<Classifier<ImageShape, Size, 10>> run(images, options, encoder);
//
// Weights mean nothing for images that are normalised in another way, and nothing would show it but the result. So the
// two go together: a run that begins from a `Pretrained` normalises its images as the encoder knows them.
#pragma once
#include <mae/autograd/run/weights.hpp>
#include <mae/data/statistics.hpp>
#include <mae/model/encoder_parameters.hpp>

MAE_PRECISE_BEGIN
namespace mae {

template <class ModelType, class PolicyType>
struct Pretrained {
  using Model = ModelType;
  using Policy = PolicyType;
  using ImageShape = typename Model::ImageShape;
  using EncoderShape = typename Model::EncoderShape;
  static constexpr Index channels = ImageShape::channels;

  Weights<Model, Policy> weights;
  Normalization normalization;
};

/// Copies the encoder of one model into another. Throws mae::Error, and changes nothing, if that one's encoder has a
/// parameter that the first one's lacks (a classifier that pools has no `norm`).
template <class Source, class SourcePolicy, class Model, class Policy>
void copy_encoder(const Weights<Source, SourcePolicy>& from, Weights<Model, Policy>& to) {
  static_assert(std::is_same_v<typename Source::ImageShape, typename Model::ImageShape> &&
                    std::is_same_v<typename Source::EncoderShape, typename Model::EncoderShape>,
                "mae: this encoder is made for other images, or has other sizes, than that of the model");
  const std::vector<ParameterInfo> known = encoder_parameters<Source>(), wanted = encoder_parameters<Model>();
  const auto find = [&](const std::string& name) -> const ParameterInfo* {
    for (const ParameterInfo& parameter : known)
      if (parameter.name == name) return &parameter;
    return nullptr;
  };
  for (const ParameterInfo& parameter : wanted)
    if (!find(parameter.name)) throw Error("encoder", "no parameter " + parameter.name, "all of the model's encoder");
  for (const ParameterInfo& parameter : wanted) {
    const auto* const values = from.at(*find(parameter.name));
    auto* const copy = to.at(parameter);
    for (Index i = 0; i < parameter.count; ++i) copy[i] = static_cast<typename Policy::Parameter>(values[i]);
  }
}

}  // namespace mae
MAE_PRECISE_END
