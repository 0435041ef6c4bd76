// The library picks visible patches before it embeds them, computes in the decoder's last block only what hidden patches
// need, and predicts those only. Loss and gradients are those of the paper's own order: embed all, then pick; decode and
// predict all, then compare the hidden ones.
#include <cmath>

#include <doctest/doctest.h>

#include <mae/backend/reference.hpp>
#include <mae/model/masked_autoencoder.hpp>

#include "support/operation.hpp"

using namespace test;

namespace {

template <class Model>
struct PlainLoss : PretrainingLoss<Model> {
  using ImageShape = typename Model::ImageShape;

  constexpr auto operator()(const Expression auto& images, const Expression auto& keep,
                            const Expression auto& hidden, const Expression auto& restore_ids) const {
    const auto& trunk = this->encoder.trunk;
    auto patches = patchify<ImageShape::patch>(images);                                    // [B, L, n]
    auto embedded = with_class_token(trunk.patch_embed(patches), trunk.cls_token);         // [B, L + 1, D]
    auto positioned = with_positions(embedded, trunk.pos_embed);                           // [B, L + 1, D]
    auto visible = with_class_token(gather<1>(positioned, keep), trunk.cls_token);         // [B, V + 1, D]
    auto encoded = this->encoder.norm(trunk.blocks(visible));                              // [B, V + 1, D]
    auto decoded = this->decoder.decoder_blocks(this->decoder.embed(encoded, restore_ids));  // [B, L + 1, D']
    auto tokens = this->decoder.decoder_norm(decoded);                                       // [B, L + 1, D']
    auto predicted = patch_tokens(this->decoder.decoder_pred(tokens));                       // [B, L, n]
    if constexpr (Model::target == Target::normalized_pixels)
      return patch_error(gather(predicted, hidden), gather(normalize_patches(patches), hidden));
    else
      return patch_error(gather(predicted, hidden), gather(patches, hidden));
  }
};

/// Kept patches are picked in time; the decoder computes everything.
template <class Model>
struct FullDecoder : PretrainingLoss<Model> {
  constexpr auto operator()(const Expression auto& images, const Expression auto& keep,
                            const Expression auto& hidden, const Expression auto& restore_ids) const {
    auto patches = patchify<Model::ImageShape::patch>(images);                         // [B, L, n]
    auto predicted = this->decoder.predict(this->encode(patches, keep), restore_ids);  // [B, L, n]
    return patch_error(gather(predicted, hidden), gather(patches, hidden));            // [B]
  }
};

template <Target Kind, int DecoderDepth = 2>
using Model = MaskedAutoencoder<ImageShape<2, 6, 12, 3>, Transformer<16, 2, 2>, Transformer<8, DecoderDepth, 2>,
                                MaskRatio<75>, Kind>;

template <class M, class Policy = Reference<double>, class Recompute = KeepAll>
void check_savings() {
  using Saving = Program<PretrainingLoss<M>, Policy, Recompute>;
  using Plain = Program<PlainLoss<M>, Policy>;
  static_assert(Saving::flops < Plain::flops);
  static_assert(Saving::saved_bytes < Plain::saved_bytes);
  const auto images = random_tensor<double, typename M::ImageShape::Pixels>(3, 1);
  typename M::Masks masks(3);
  masks.resize(3);
  for (Index b = 0; b < 3; ++b) masks.random(b, 1, 0, static_cast<std::uint64_t>(b));
  const Weights<M, Policy> weights(1);
  Weights<M, Policy> saving_gradients, plain_gradients;
  Session<Saving> saving(3);
  Session<Plain> plain(3);
  const double loss = saving.step(weights, saving_gradients, images, masks.keep(), masks.hidden(), masks.restore());
  CHECK(loss == doctest::Approx(plain.step(weights, plain_gradients, images, masks.keep(), masks.hidden(),
                                           masks.restore())).epsilon(1e-12).scale(0));
  for (const ParameterInfo& parameter : weights.parameters()) {
    double error = 0, size = 0;
    for (Index i = 0; i < parameter.count; ++i) {
      const double a = saving_gradients.at(parameter)[i], b = plain_gradients.at(parameter)[i];
      error += (a - b) * (a - b);
      size += b * b;
    }
    INFO(parameter.name);
    CHECK((size > 0) == parameter.trained);
    CHECK(std::sqrt(error) <= 1e-12 * std::sqrt(size));
  }
}

}  // namespace

TEST_CASE("pixels as targets") { check_savings<Model<Target::pixels>>(); }
TEST_CASE("normalised targets") { check_savings<Model<Target::normalized_pixels>>(); }
TEST_CASE("a decoder of one block") { check_savings<Model<Target::pixels, 1>>(); }
TEST_CASE("fast kernels") { check_savings<Model<Target::pixels, 3>, Cpu<double>>(); }
TEST_CASE("cheap values computed again") { check_savings<Model<Target::pixels, 3>, Reference<double>, RecomputeCheap>(); }
TEST_CASE("blocks computed again") { check_savings<Model<Target::pixels, 3>, Reference<double>, CheckpointBlocks>(); }
TEST_CASE("the last block of the decoder alone") {
  // 8 wide, 9 tokens, 6 of them hidden: three rows less in 10 of 12 products of D x D.
  using M = Model<Target::pixels>;
  using Saving = Program<PretrainingLoss<M>, Reference<double>>;
  using Full = Program<FullDecoder<M>, Reference<double>>;
  static_assert(Full::flops - Saving::flops > 3 * 2 * 10 * 8 * 8);
}
