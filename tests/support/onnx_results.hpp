// What this library computes with the models of onnx_models.hpp.
#pragma once
#include <deque>

#include <mae/mae.hpp>

#include "onnx_models.hpp"

namespace test {

inline constexpr Index onnx_images = 3;

/// Tensors by name, with their numbers: those that go into a model, and those that come out.
struct OnnxResults {
  std::deque<std::vector<float>> numbers{};
  std::vector<TensorBytes> tensors{};
  void add(const char* name, std::vector<Index> shape, const auto& values) {
    Index count = 1;
    for (const Index extent : shape) count *= extent;
    auto& kept = numbers.emplace_back();
    for (Index i = 0; i < count; ++i) kept.push_back(static_cast<float>(values.data()[i]));
    tensors.push_back(tensor_bytes(name, std::move(shape), kept.data()));
  }
};

template <class Model>
OnnxResults onnx_results() {
  using Image = typename Model::ImageShape;
  const auto weights = onnx_weights<Model>();
  Tensor<float, typename Image::Pixels> images(onnx_images);
  for (Index i = 0; i < images.size(); ++i) images.data()[i] = 3 * onnx_number(99, i);
  OnnxResults results;
  results.add("images", {onnx_images, Image::channels, Image::height, Image::width}, images);
  if constexpr (requires { Model::mask_ratio; }) {
    constexpr Index L = Model::L;
    Tensor<float, Shape<dyn, L>> noise(onnx_images), mask(onnx_images);
    typename Model::Masks masks(onnx_images);
    masks.resize(onnx_images);
    for (Index i = 0; i < noise.size(); ++i) noise.data()[i] = static_cast<float>(i * 5 % 7 % 4);  // some are equal
    for (Index b = 0; b < onnx_images; ++b) masks.from_noise(b, noise.data() + b * L);
    for (Index i = 0; i < mask.size(); ++i) mask.data()[i] = static_cast<float>(masks.mask(i / L, i % L));
    Session<Program<Reconstruction<Model>, Cpu<float>, Inference>> session(onnx_images);
    const auto predicted = session.forward(weights, images, masks.keep(), masks.restore());
    results.add("noise", {onnx_images, L}, noise);
    results.add("pred", {onnx_images, L, Image::patch_values}, predicted);
    results.add("mask", {onnx_images, L}, mask);
    results.add("ids_restore", {onnx_images, L}, masks.restore());
  } else {
    Session<Program<Model, Cpu<float>, Inference>> session(onnx_images);
    const auto found = session.forward(weights, images);
    if constexpr (requires { Model::classes; }) results.add("logits", {onnx_images, Model::classes}, found);
    else results.add("features", {onnx_images, Image::patches + 1, Model::EncoderShape::width}, found);
  }
  return results;
}

}  // namespace test
