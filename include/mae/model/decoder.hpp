// The decoder: small, used in pre-training only; it sees visible tokens and mask tokens and predicts pixels.
//
// (He et al., 2021, section 3, "MAE decoder"): embed the encoder's tokens to the decoder's width, put the shared mask
// token wherever a patch is hidden, add positions, run a few blocks, and map every token to the values of its patch.
#pragma once
#include <mae/autograd/repeat.hpp>
#include <mae/model/geometry.hpp>
#include <mae/nn/block.hpp>
#include <mae/nn/position.hpp>
#include <mae/ops/gather.hpp>
#include <mae/ops/tokens.hpp>

namespace mae {

template <class ImageType, Index EncoderWidth, class Size>
struct Decoder {
  static constexpr Index D = Size::width;
  Parameter<Shape<1, 1, D>, init::Normal<2, 100>> mask_token;
  PositionTable<ImageType::rows, ImageType::columns, D> decoder_pos_embed;
  Linear<EncoderWidth, D> decoder_embed;
  Repeat<Size::depth, Block<D, Size::heads, Size::hidden>> decoder_blocks;
  LayerNorm<D> decoder_norm;
  Linear<D, ImageType::patch_values> decoder_pred;
  MAE_MODULE(mask_token, decoder_pos_embed, decoder_embed, decoder_blocks, decoder_norm, decoder_pred)

  /// Visible features [B, V + 1, E] and ranks [B, L] → tokens of all patches [B, L + 1, D].
  constexpr auto tokens(const Expression auto& visible, const Expression auto& restore_ids) const {
    auto all = restore(decoder_embed(visible), restore_ids, mask_token);  // [B, L + 1, D]
    return decoder_blocks(with_positions(all, decoder_pos_embed));        // [B, L + 1, D]
  }
  /// The patches ids [B, M] among tokens [B, L + 1, D] → their predicted values [B, M, n].
  constexpr auto predict(const Expression auto& all, const Expression auto& ids) const {
    return decoder_pred(decoder_norm(gather<1>(all, ids)));  // [B, M, n]
  }
};

}  // namespace mae
