// Twenty updates of a masked autoencoder against PyTorch's AdamW: losses on the way, and all weights at the end.
#pragma once
#include <mae/optim/adamw.hpp>

#include "model/golden_mae.hpp"

namespace test {

using TwentySteps = MaskedAutoencoder<ImageShape<3, 8, 12, 2>, Transformer<24, 2, 3, 2>, Transformer<16, 1, 2, 2>>;

/// The largest error among the weights. In float the key part of a bias of queries, keys and values is left out: its
/// true gradient is zero, so AdamW divides rounding errors by their own size.
template <class Policy>
double weight_error(const SafetensorsFile& file, const Weights<TwentySteps, Policy>& weights) {
  double worst = 0;
  for (const ParameterInfo& p : weights.parameters()) {
    if (!p.trained) continue;
    const auto expected = file.values<double>("final." + p.name);
    for (Index i = 0; i < p.count; ++i) {
      const bool key = p.name.ends_with("attn.qkv.bias") && i >= p.count / 3 && i < 2 * p.count / 3;
      if (key && sizeof(typename Policy::Parameter) == 4) continue;
      const double target = expected[static_cast<std::size_t>(p.file_position(i))];
      worst = std::fmax(worst, std::fabs(static_cast<double>(weights.at(p)[i]) - target));
    }
  }
  return worst;
}

template <class Policy>
void check_steps(double loss_tolerance, double weight_tolerance) {
  const SafetensorsFile file = golden_file("adamw");
  INFO(oracle_of(file));
  auto number = [&](const char* key) { return std::strtod(file.metadata(key).c_str(), nullptr); };
  const AdamwOptions options{.beta1 = number("beta1"),
                             .beta2 = number("beta2"),
                             .epsilon = number("eps"),
                             .weight_decay = number("weight_decay")};
  using T = typename Policy::Activation;
  const auto images = tensor<T, typename TwentySteps::ImageShape::Pixels>(file, "images");
  const auto losses = file.values<double>("losses");
  REQUIRE(losses.size() == 20);
  Weights<TwentySteps, Policy> weights, gradients;
  load(file, weights);
  AdamW<TwentySteps, Policy> optimizer(options);
  Session<Program<PretrainingLoss<TwentySteps>, Policy>> session(images.batch());
  TwentySteps::Masks masks(images.batch());
  masks.resize(images.batch());
  double worst = 0;
  for (std::size_t step = 0; step < losses.size(); ++step) {
    const auto noise = tensor<float, Shape<dyn, TwentySteps::L>>(file, "noise." + std::to_string(step));
    for (Index b = 0; b < images.batch(); ++b) masks.from_noise(b, &noise(b, 0));
    const double loss = session.step(weights, gradients, images, masks.keep(), masks.hidden(), masks.restore());
    worst = std::fmax(worst, std::fabs(loss / losses[step] - 1));
    optimizer.step(weights, gradients, number("lr"));
  }
  const double final_error = weight_error(file, weights);
  MESSAGE("losses within ", worst, ", final weights within ", final_error);
  CHECK(worst < loss_tolerance);
  CHECK(final_error < weight_tolerance);
}

}  // namespace test
