// The encoder: a vision transformer over patches (Dosovitskiy et al., 2021). It cannot mask.
//
// `Encoder` maps images to one feature a token, all patches in image order, class token first: what is kept after
// pre-training and used everywhere. Its parts are what `MaskedAutoencoder` feeds with visible patches only. The
// weights do not depend on how many tokens come in. Parameter names are those of published checkpoints.
#pragma once
#include <mae/autograd/run/repeat.hpp>
#include <mae/model/geometry.hpp>
#include <mae/nn/block.hpp>
#include <mae/nn/patch_embed.hpp>
#include <mae/nn/position.hpp>
#include <mae/ops/gather.hpp>
#include <mae/ops/patchify.hpp>
#include <mae/ops/class_token.hpp>
#include <mae/ops/positions.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Everything of the encoder but its last normalisation, which global pooling leaves out.
template <class ImageType, class Size, Trainable Positions = Trainable::no, StochasticDepth Kind = StochasticDepth::off>
struct EncoderTrunk {
  static constexpr Index D = Size::width;
  Parameter<Shape<1, 1, D>, init::Normal<2, 100>> cls_token;
  PositionTable<ImageType::rows, ImageType::columns, D, Positions> pos_embed;
  PatchEmbed<ImageType::channels, ImageType::patch, D> patch_embed;
  Repeat<Size::depth, Block<D, Size::heads, Size::hidden, Kind>> blocks;
  MAE_MODULE(cls_token, pos_embed, patch_embed, blocks)

  /// images [B, C, H, W] → tokens [B, L + 1, D] after the last block, class token first.
  constexpr auto operator()(const Expression auto& images) const { return blocks(embed(images)); }
  /// The same without the class token, in image order: [B, L, D].
  constexpr auto patches(const Expression auto& images) const { return patch_tokens((*this)(images)); }
  /// images [B, C, H, W] → tokens after blocks At..., counted from 0: an array of [B, L + 1, D].
  template <int... At>
  constexpr auto features(const Expression auto& images) const {
    return blocks.template features<At...>(embed(images));
  }
  /// The patches ids [B, V] of patches [B, L, n] → tokens [B, V + 1, D]. The others are not even embedded.
  constexpr auto visible(const Expression auto& patches, const Expression auto& ids) const {
    auto x = patch_embed(gather(patches, ids));                    // [B, V, D]
    auto tokens = with_positions(with_class_token(x, cls_token), ids, pos_embed);  // [B, V + 1, D]
    return blocks(tokens);                                         // [B, V + 1, D]
  }

 private:
  /// What enters the blocks, [B, L + 1, D].
  constexpr auto embed(const Expression auto& images) const {
    auto x = patch_embed(patchify<ImageType::patch>(images));          // [B, L, D]
    return with_positions(with_class_token(x, cls_token), pos_embed);  // [B, L + 1, D]
  }
};

/// images [B, C, H, W] → features [B, L + 1, D], unmasked and in order.
template <class ImageType, class Size>
struct Encoder {
  using ImageShape = ImageType;
  using EncoderShape = Size;
  using Inputs = mae::Inputs<Input<typename ImageType::Pixels>>;
  EncoderTrunk<ImageType, Size> trunk;
  LayerNorm<Size::width> norm;
  MAE_MODULE(flat(trunk), norm)
  constexpr void encoder_parts(auto&& visit) { each(visit); }

  constexpr auto operator()(const Expression auto& images) const {
    return norm(trunk(images));  // [B, L + 1, D]
  }
};

/// What a model begins with that puts a head of its own on an encoder: the encoder, its sizes, and images as input.
///
///     struct Mine : EncoderWithHead<ImageShape, Size> {
///       Linear<Size::width, 10> classifier;
///       MAE_MODULE(encoder, classifier)
///       static constexpr Index classes = 10;                                   // what `Finetuning` asks of it
///       constexpr auto operator()(const Expression auto& images) const {
///         return classifier(pool<Pool::mean>(encoder(images)));                // [B, 10]
///       }
///     };
template <class ImageType, class Size>
struct EncoderWithHead {
  using ImageShape = ImageType;
  using EncoderShape = Size;
  using Inputs = mae::Inputs<Input<typename ImageType::Pixels>>;
  mae::Encoder<ImageType, Size> encoder;
};

}  // namespace mae
MAE_PRECISE_END
