// The decoder: small, used in pre-training only; it sees visible tokens and mask tokens and predicts pixels.
//
// (He et al., 2021, section 3, "MAE decoder"): embed the encoder's tokens to the decoder's width, put the shared mask
// token wherever a patch is hidden, add positions, run a few blocks, and map every token to the values of its patch.
//
// The loss asks for hidden patches only. Behind the attention of the last block every token is on its own, so `predict`
// computes there the hidden ones alone: their queries, projection, MLP and prediction. Keys and values are of all. The
// block is then no part of the `Repeat`, whose state is not kept under `CheckpointBlocks`: there all rows are computed.
#pragma once
#include <mae/autograd/run/repeat.hpp>
#include <mae/model/geometry.hpp>
#include <mae/nn/block.hpp>
#include <mae/nn/position.hpp>
#include <mae/ops/gather.hpp>
#include <mae/ops/class_token.hpp>
#include <mae/ops/positions.hpp>
#include <mae/ops/restore.hpp>

MAE_PRECISE_BEGIN
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

  /// Visible features [B, V + 1, E] and ranks [B, L] → what enters the blocks, [B, L + 1, D].
  constexpr auto embed(const Expression auto& visible, const Expression auto& restore_ids) const {
    auto all = restore(decoder_embed(visible), restore_ids, mask_token);  // [B, L + 1, D]
    return with_positions(all, decoder_pos_embed);                        // [B, L + 1, D]
  }
  /// Predicted values of all patches, [B, L, n].
  constexpr auto predict(const Expression auto& visible, const Expression auto& restore_ids) const {
    auto all = decoder_blocks(embed(visible, restore_ids));  // [B, L + 1, D]
    return decoder_pred(decoder_norm(patch_tokens(all)));    // [B, L, n]
  }
  /// Predicted values of the patches ids [B, M], [B, M, n].
  constexpr auto predict(const Expression auto& visible, const Expression auto& restore_ids,
                         const Expression auto& ids) const {
    return decoder_pred(decoder_norm(some_tokens(embed(visible, restore_ids), ids)));  // [B, M, n]
  }

 private:
  /// The blocks' results for the patches ids [B, M], [B, M, D].
  template <Expression X>
  constexpr auto some_tokens(const X& embedded, const Expression auto& ids) const {
    if constexpr (X::Mode::Recompute::checkpoint) {
      return gather<1>(decoder_blocks(embedded), ids);
    } else {
      constexpr int last = Size::depth - 1;
      auto all = decoder_blocks.template first<last>(embedded);  // [B, L + 1, D]
      return decoder_blocks[last].template only<1>(all, ids);    // [B, M, D]
    }
  }
};

}  // namespace mae
MAE_PRECISE_END
