// Feature maps: what chosen blocks of an encoder know of each place of an image, for heads that answer by place
// (segmentation, detection) and for looking.
//
// On images, with the weights of an encoder, a classifier or a whole masked autoencoder:
//
//     const auto [early, late] = mae::feature_maps<5, 11>(weights, images);      // [B, D, rows, columns] each
//
// In a model of your own, whose encoder is trained on, or frozen by stop_gradient:
//
//     EncoderTrunk<ImageShape, Size> trunk;
//     Linear<Size::width, Classes> head;
//     MAE_MODULE(flat(trunk), head)                                              // loads encoder checkpoints
//     constexpr auto operator()(const Expression auto& images) const {
//       const auto [early, late] = trunk.template features<5, 11>(images);       // [B, 1 + L, D] each
//       return head(patch_tokens(early + late));                                 // [B, L, Classes]
//     }
//
// Blocks are counted from 0. Results are as they leave the blocks: no last norm. Blocks after the last do not run.
#pragma once
#include <mae/autograd/run/session.hpp>
#include <mae/model/encoder.hpp>
#include <mae/ops/feature_map.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// images [B, C, H, W] → the maps of K blocks, [B, K, D, rows, columns]; of one block [B, D, rows, columns].
template <class Model, int... At>
struct FeatureMaps : Model {
  using ImageShape = typename Model::ImageShape;
  using Inputs = mae::Inputs<Input<typename ImageShape::Pixels>>;
  constexpr auto operator()(const Expression auto& images) const {
    return std::apply(
        [](const auto&... tokens) { return feature_map<ImageShape::rows, ImageShape::columns>(tokens...); },
        trunk().template features<At...>(images));
  }

 private:
  constexpr const auto& trunk() const {
    if constexpr (requires { this->encoder.trunk; }) return this->encoder.trunk;
    else return Model::trunk;
  }
};

/// The maps of blocks At... of `images` (a tensor or view [B, C, H, W]), each a tensor [B, D, rows, columns] in an
/// array. For many batches of one size, keep a `Session<Program<FeatureMaps<Model, At...>, Policy, Inference>>` and
/// call its `forward` instead: it allocates once.
template <int... At, class Model, class Policy, class Images>
auto feature_maps(const Weights<Model, Policy>& weights, const Images& images) {
  using P = Program<FeatureMaps<Model, At...>, Policy, Inference>;
  constexpr Index K = sizeof...(At), size = P::Result::count / K;
  using ImageShape = typename Model::ImageShape;
  using Map = Tensor<typename Policy::Accumulator,
                     Shape<dyn, Model::EncoderShape::width, ImageShape::rows, ImageShape::columns>>;
  Session<P> session(images.batch());
  const auto all = session.forward(weights, images);
  auto copy = [&](Index k) {
    Map map(images.batch());
    for (Index i = 0; i < map.size(); ++i) map.data()[i] = all.data()[(i / size * K + k) * size + i % size];
    return map;
  };
  Index k = 0;
  return std::array{(static_cast<void>(At), copy(k++))...};
}

}  // namespace mae
MAE_PRECISE_END
