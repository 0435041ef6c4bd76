// The run whose states are bred: of the smallest model, on four images.
#pragma once
#include <mae/backend/reference.hpp>
#include <mae/data/dataset.hpp>
#include <mae/train/pretrain.hpp>

#include "model.hpp"

namespace fuzz {

// Patches of one pixel have no contrast to be normalised by.
using RunModel = mae::MaskedAutoencoder<Geometry, mae::Transformer<4, 1, 1>, mae::Transformer<4, 1, 1>,
                                        mae::MaskRatio<50>, mae::Target::pixels>;
using Run = mae::Pretraining<RunModel, mae::Reference<float>>;

inline const mae::Dataset& images() {
  static const mae::Dataset set{1, 2, 2, {0, 9, 90, 99, 1, 8, 80, 88, 2, 7, 70, 77, 3, 6, 60, 66}, {}, 0};
  return set;
}
inline mae::PretrainingOptions options() { return {.batch = 2, .epochs = 3, .warmup = 1}; }
inline mae::Normalization normalization() { return {{0.5}, {0.25}}; }

}  // namespace fuzz
