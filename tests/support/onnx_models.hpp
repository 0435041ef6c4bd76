// Small models of every kind that can be exported, with weights that are the same numbers everywhere.
#pragma once
#include <mae/checkpoint/save_onnx.hpp>

namespace test {

using namespace mae;

/// Any number, exact in float, from -0.5 to 0.5.
inline float onnx_number(Index seed, Index i) {
  return static_cast<float>((i * 37 + seed * 53 + i * i % 19 * (i % 7)) % 129 - 64) / 128;
}

/// Weights whose numbers no compiler and no library of mathematics rounds in its own way.
template <class Model, class Policy = Cpu<float>>
Weights<Model, Policy> onnx_weights() {
  Weights<Model, Policy> weights;
  Index seed = 0;
  for (const ParameterInfo& parameter : weights.parameters()) {
    ++seed;
    const bool scale = parameter.name.find("norm") != std::string::npos && parameter.name.ends_with("weight");
    const bool variance = parameter.name.ends_with("running_var");
    for (Index i = 0; i < parameter.count; ++i)
      weights.at(parameter)[i] =
          static_cast<typename Policy::Parameter>(onnx_number(seed, i) + (scale || variance ? 1.f : 0.f));
  }
  return weights;
}
inline Normalization onnx_normalization(Index channels) {
  Normalization result;
  for (Index c = 0; c < channels; ++c)
    result.mean.push_back(0.25 + static_cast<double>(c) / 16), result.deviation.push_back(0.5);
  return result;
}

using OnnxRectangle = ImageShape<3, 8, 12, 4>;
using OnnxFiveChannels = ImageShape<5, 4, 8, 2>;
using OnnxGrey = ImageShape<1, 6, 6, 2>;
using OnnxSize = Transformer<8, 1, 2>;

/// Calls use(name, std::type_identity<Model>) for each model.
template <class Use>
void each_onnx_model(const Use& use) {
  use("encoder", std::type_identity<Encoder<OnnxRectangle, Transformer<8, 2, 2>>>());
  use("classifier", std::type_identity<Classifier<OnnxFiveChannels, OnnxSize, 3>>());
  use("classifier_token", std::type_identity<Classifier<OnnxGrey, OnnxSize, 4, Pool::class_token>>());
  use("probe", std::type_identity<LinearProbe<OnnxGrey, OnnxSize, 3, Pool::mean>>());
  use("mae", std::type_identity<MaskedAutoencoder<OnnxRectangle, OnnxSize, Transformer<4, 2, 1, 2>, MaskRatio<50>>>());
}

}  // namespace test
