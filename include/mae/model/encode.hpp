// encode(): features of images, unmasked and in order, from the weights of an encoder or of a whole masked
// autoencoder.
//
//     const auto features = mae::encode(weights, images);   // [B, L + 1, D], the class token first
//
// Masking belongs to pre-training and has types of its own; nothing here can mask.
#pragma once
#include <mae/autograd/run/session.hpp>
#include <mae/model/masked_autoencoder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// images [B, C, H, W] → features [B, L + 1, D] by the encoder that `Model` is or has.
template <class Model>
struct Features : Model {
  using Inputs = mae::Inputs<Input<typename Model::ImageShape::Pixels>>;
  constexpr auto operator()(const Expression auto& images) const {
    if constexpr (requires { this->encoder(images); }) return this->encoder(images);
    else return Model::operator()(images);
  }
};

/// The features of `images` (a tensor or view [B, C, H, W]) as a tensor [B, L + 1, D]. For many batches of one size,
/// keep a `Session<Program<Features<Model>, Policy, Inference>>` and call its `forward` instead: it allocates once.
template <class Model, class Policy, class Images>
auto encode(const Weights<Model, Policy>& weights, const Images& images) {
  using P = Program<Features<Model>, Policy, Inference>;
  Session<P> session(images.batch());
  const auto features = session.forward(weights, images);
  Tensor<typename Policy::Accumulator, typename P::Result> result(images.batch());
  for (Index i = 0; i < result.size(); ++i) result.data()[i] = features.data()[i];
  return result;
}

}  // namespace mae
MAE_PRECISE_END
