// The loss on images that are not trained on: does pre-training generalise?
//
// The mean over all images of the loss that `Pretraining` minimises, without augmentation. The mask of image i follows
// from (seed, i) and never changes, so that what differs between two epochs is the model. Nothing of a run is touched:
// the session is its own and there are no random numbers to use up. Cost: one forward pass an image.
#pragma once
#include <mae/eval/metrics.hpp>
#include <mae/model/masked_autoencoder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The mean masked loss of `images`, each counted once whatever the batch. Throws mae::Error if there are none or they
/// do not fit the model.
template <class Model, class Policy>
double validation_loss(const Weights<Model, Policy>& weights, const Images& images, const Normalization& normalization,
                       std::uint64_t seed = 0, Index batch = 64, const Masking& masking = {}) {
  images.ensure_valid("held-out images");
  if (batch > images.size()) batch = images.size();
  Session<Program<PretrainingLoss<Model>, Policy, Inference>> session(batch);
  typename Model::Masks masks(batch);
  double sum = 0;
  for_each_batch<typename Model::ImageShape, Policy>(images, normalization, batch, [&](const auto& loaded) {
    masks.resize(loaded.count());
    for (Index b = 0; b < loaded.count(); ++b)
      masks.draw(b, masking, Model::ImageShape::grid, seed, 0,
                 static_cast<std::uint64_t>(loaded.samples[static_cast<std::size_t>(b)]));
    for (const auto loss : session.forward(weights, loaded.view(), masks.keep(), masks.hidden(), masks.restore()))
      sum += static_cast<double>(loss);
  });
  return sum / static_cast<double>(images.size());
}

}  // namespace mae
MAE_PRECISE_END
