// A classifier against a vision transformer of timm: logits, loss and the gradient of everything, position table and
// class token among it. Drop path is compiled in but has no keys here, so it does nothing.
#pragma once
#include <mae/model/classifier.hpp>

#include "support/golden.hpp"

namespace test::golden {

using WithPool = Classifier<ImageShape<3, 8, 12, 4>, Transformer<24, 2, 3>, 10, Pool::mean>;
using WithToken = Classifier<ImageShape<2, 9, 6, 3>, Transformer<32, 3, 2, 2>, 7, Pool::class_token>;

template <class Model, class Policy>
void check_classifier(const std::string& name) {
  const SafetensorsFile file = golden_file(name);
  INFO(oracle_of(file));
  using T = typename Policy::Activation;
  const Tolerance allowed = tolerance<T>;
  const auto images = tensor<T, typename Model::ImageShape::Pixels>(file, "images");
  const auto targets = tensor<T, Shape<dyn, Model::classes>>(file, "targets");
  Weights<Model, Policy> weights, gradients;
  load(file, weights);

  Session<Program<Model, Policy, Inference>> prediction(images.batch());
  CHECK(distance(prediction.forward(weights, images), file.values<double>("logits")) <= allowed.value);

  Session<Program<ClassificationLoss<Model>, Policy>> training(images.batch());
  const double loss = training.step(weights, gradients, images, targets);
  CHECK(loss == doctest::Approx(file.values<double>("loss")[0]).epsilon(allowed.loss).scale(0));
  for (const ParameterInfo& parameter : gradients.parameters()) CHECK(parameter.trained);
  const GradientError worst = worst_gradient(file, gradients);
  INFO("worst gradient: ", worst.parameter);
  CHECK(worst.size <= allowed.gradient);
}

}  // namespace test::golden
