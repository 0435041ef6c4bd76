// The masked autoencoder (He et al., 2021): hide most patches, encode the rest, rebuild what was hidden.
//
// The model owns an encoder and a decoder; what is computed with them is a program of its own, over the same weights:
//   `PretrainingLoss<Model>`   images, keep, hidden, restore → one loss a sample (for training)
//   `Reconstruction<Model>`    images, keep, restore → predictions of all patches [B, L, n] (to look at)
// Only hidden patches are predicted and compared, since the others do not enter the loss, and what only the others need
// in the decoder's last block is left out; kept patches are picked before they are embedded. All this saves work and
// changes nothing. `MaskBatch` makes keep, hidden and restore; `Encoder` alone cannot mask.
#pragma once
#include <mae/model/decoder.hpp>
#include <mae/model/encoder.hpp>
#include <mae/model/masking.hpp>
#include <mae/ops/normalize_patches.hpp>
#include <mae/ops/patch_error.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// What the decoder shall predict: a patch's values, or its values normalised by its own mean and deviation.
enum class Target { pixels, normalized_pixels };

template <class ImageType, class EncoderSize, class DecoderSize, class Ratio = MaskRatio<75>,
          Target TargetKind = Target::normalized_pixels>
struct MaskedAutoencoder {
  using ImageShape = ImageType;
  using Encoder = mae::Encoder<ImageType, EncoderSize>;
  using EncoderShape = EncoderSize;
  using DecoderShape = DecoderSize;
  static constexpr Target target = TargetKind;
  static constexpr double mask_ratio = Ratio::value;
  static constexpr Index L = ImageType::patches, V = detail::kept_patches<Ratio::kept(L), L>();
  using Masks = MaskBatch<L, V>;

  Encoder encoder;
  Decoder<ImageType, EncoderSize::width, DecoderSize> decoder;
  MAE_MODULE(flat(encoder), flat(decoder))  // as in published checkpoints: `blocks.0…`, `decoder_blocks.0…`

  /// patches [B, L, n], keep [B, V] → features of the visible ones [B, V + 1, D].
  constexpr auto encode(const Expression auto& patches, const Expression auto& keep) const {
    return encoder.norm(encoder.trunk.visible(patches, keep));  // [B, V + 1, D]
  }
};

/// One loss a sample: the mean squared error of its hidden patches. Its mean over a batch is the paper's loss.
template <class Model>
struct PretrainingLoss : Model {
  using ImageShape = typename Model::ImageShape;
  using Inputs = mae::Inputs<Input<typename ImageShape::Pixels>, Indices<Shape<dyn, Model::V>>,
                             Indices<Shape<dyn, Model::L - Model::V>>, Indices<Shape<dyn, Model::L>>>;

  constexpr auto operator()(const Expression auto& images, const Expression auto& keep,
                            const Expression auto& hidden, const Expression auto& restore_ids) const {
    auto patches = patchify<ImageShape::patch>(images);                    // [B, L, n]
    auto visible = this->encode(patches, keep);                            // [B, V + 1, D]
    auto predicted = this->decoder.predict(visible, restore_ids, hidden);  // [B, L - V, n]
    auto wanted = gather(patches, hidden);                                 // [B, L - V, n]
    if constexpr (Model::target == Target::normalized_pixels)
      return patch_error(predicted, normalize_patches(wanted));  // [B]
    else
      return patch_error(predicted, wanted);  // [B]
  }
};

/// Predictions of all patches, visible ones included, in image order: [B, L, n].
template <class Model>
struct Reconstruction : Model {
  using ImageShape = typename Model::ImageShape;
  using Inputs =
      mae::Inputs<Input<typename ImageShape::Pixels>, Indices<Shape<dyn, Model::V>>, Indices<Shape<dyn, Model::L>>>;

  constexpr auto operator()(const Expression auto& images, const Expression auto& keep,
                            const Expression auto& restore_ids) const {
    auto visible = this->encode(patchify<ImageShape::patch>(images), keep);  // [B, V + 1, D]
    return this->decoder.predict(visible, restore_ids);                 // [B, L, n]
  }
};

}  // namespace mae
MAE_PRECISE_END
