// extract_features(): what an encoder says of the images of a collection, one vector each.
//
//   const auto features = extract_features(encoder, images);          // [n, D], the mean over the patches
//   extract_features<Pool::class_token>(encoder, images);
//
// Images are taken as the encoder was trained on them: unmasked, not augmented, normalised by what it comes with. They
// go through in batches, so memory holds n D numbers and one batch. All tokens of some images: model/encode.hpp.
#pragma once
#include <mae/eval/nearest_neighbours.hpp>
#include <mae/eval/pretrained.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// One vector an image: [n, D]. Throws mae::Error if there are no images, they have other channels than the model, or
/// one cannot be read.
template <Pool How = Pool::mean, class Model, class Policy>
auto extract_features(const Pretrained<Model, Policy>& encoder, const Images& images, Index batch = 64) {
  using P = Program<PooledFeatures<Model, How>, Policy, Inference>;
  images.ensure_valid("images");
  Tensor<typename Policy::Accumulator, typename P::Result> all(images.size());
  auto* next = all.data();
  for_each_result<P>(encoder.weights, images, encoder.normalization, batch, [&](const auto&, const auto& features) {
    for (const auto value : features) *next++ = static_cast<typename Policy::Accumulator>(value);
  });
  return all;
}

}  // namespace mae
MAE_PRECISE_END
