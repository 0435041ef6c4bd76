// The model whose checkpoints are bred: as small as one can be.
#pragma once
#include <mae/checkpoint/checkpoint.hpp>
#include <mae/model/masked_autoencoder.hpp>

namespace fuzz {

using Geometry = mae::ImageShape<1, 2, 2, 1>;
using Model =
    mae::MaskedAutoencoder<Geometry, mae::Transformer<4, 1, 1>, mae::Transformer<4, 1, 1>, mae::MaskRatio<50>>;
using Weights = mae::Weights<Model, mae::Reference<float>>;

}  // namespace fuzz
