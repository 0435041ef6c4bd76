// A masked autoencoder against PyTorch's on the same weights, images and noise: mask, loss, predictions, gradients and
// the encoder's features. What the sizes of the model are, a test says; what they shall be, the golden file's metadata.
#pragma once
#include <algorithm>

#include <mae/model/masked_autoencoder.hpp>

#include "support/golden.hpp"

namespace test {

/// Masks from the file's noise, checked against the oracle's.
template <class Model>
typename Model::Masks golden_masks(const SafetensorsFile& file) {
  using S = Shape<dyn, Model::L>;
  const auto noise = tensor<float, S>(file, "noise");
  const auto restore = tensor<std::int32_t, S>(file, "ids_restore");
  const auto mask = tensor<float, S>(file, "mask");
  typename Model::Masks masks(noise.batch());
  masks.resize(noise.batch());
  for (Index b = 0; b < noise.batch(); ++b) {
    masks.from_noise(b, &noise(b, 0));
    for (Index l = 0; l < Model::L; ++l) {
      CHECK(masks.restore()(b, l) == restore(b, l));
      CHECK(static_cast<float>(masks.mask(b, l)) == mask(b, l));
    }
  }
  return masks;
}

/// Loss, every gradient and the predictions for all patches.
template <class Model, class Policy, class Recompute = KeepAll>
void check_training(const SafetensorsFile& file) {
  using T = typename Policy::Activation;
  const Tolerance allowed = tolerance<T>;
  const auto images = tensor<T, typename Model::ImageShape::Pixels>(file, "images");
  const auto masks = golden_masks<Model>(file);
  Weights<Model, Policy> weights, gradients;
  load(file, weights);

  Session<Program<PretrainingLoss<Model>, Policy, Recompute>> training(images.batch());
  const double loss = training.step(weights, gradients, images, masks.keep(), masks.hidden(), masks.restore());
  CHECK(loss == doctest::Approx(file.values<double>("loss")[0]).epsilon(allowed.loss).scale(0));
  const GradientError worst = worst_gradient(file, gradients);
  INFO("worst gradient: ", worst.parameter);
  CHECK(worst.size <= allowed.gradient);

  Session<Program<Reconstruction<Model>, Policy, Inference>> reconstruction(images.batch());
  const auto predicted = reconstruction.forward(weights, images, masks.keep(), masks.restore());
  CHECK(distance(predicted, file.values<double>("pred")) <= allowed.value);
}

/// The encoder alone: all patches, in order.
template <class Model, class Policy>
void check_encoder(const SafetensorsFile& file) {
  using T = typename Policy::Activation;
  const auto images = tensor<T, typename Model::ImageShape::Pixels>(file, "images");
  Weights<typename Model::Encoder, Policy> weights;
  load(file, weights);
  Session<Program<typename Model::Encoder, Policy, Inference>> encoding(images.batch());
  CHECK(distance(encoding.forward(weights, images), file.values<double>("features")) <= tolerance<T>.value);
}

/// The file holds float32 tables; ours must be those within their rounding.
template <class Model>
void check_position_tables(const SafetensorsFile& file) {
  const Weights<Model, Reference<double>> initial(1);
  for (const char* name : {"pos_embed", "decoder_pos_embed"}) {
    const ParameterInfo* const table = initial.find(name);
    REQUIRE(table != nullptr);
    const View<const double, Shape<dyn>> values(initial.at(*table), table->count);
    CHECK(distance(values, file.values<double>(name)) <= 1e-7);
  }
}

/// The sizes that a file was made with are those of the type.
template <class Model>
void check_sizes(const SafetensorsFile& file) {
  using ImageShape = typename Model::ImageShape;
  auto check = [&](const char* key, auto value) { CHECK(file.metadata(key) == std::to_string(value)); };
  check("image_height", ImageShape::height);
  check("image_width", ImageShape::width);
  check("channels", ImageShape::channels);
  check("patch", ImageShape::patch);
  check("patches", Model::L);
  check("keep", Model::V);
  check("heads", Model::EncoderShape::heads);
  check("decoder_heads", Model::DecoderShape::heads);
  CHECK(file.metadata("norm_pix_loss") == (Model::target == Target::normalized_pixels ? "true" : "false"));
  for (const TensorEntry& entry : file.entries()) {  // no parameter of the file is unknown to the model
    static constexpr std::string_view data[] = {"images", "noise", "ids_restore", "mask", "pred", "loss", "features"};
    const bool other = entry.name.substr(0, 5) == "grad." || std::count(std::begin(data), std::end(data), entry.name);
    INFO(entry.name);
    CHECK((other || Weights<Model, Reference<float>>().find(entry.name) != nullptr));
  }
}

}  // namespace test
