// A convolution of 3 × 3 places on the tokens of maps: weight [O, C, 3, 3] (xavier-uniform), bias [O] (zero).
//
// In files the weight is PyTorch's; in memory its columns stand channel last, as tokens do (`PatchFilter`). The weights
// do not depend on the maps: one module of several levels shares them.
#pragma once
#include <mae/nn/patch_embed.hpp>
#include <mae/ops/conv3x3.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// x [B, Maps::places, In] → [B, Maps::places, Out], zeros around each map of `Maps`, which are `Levels`.
template <class Maps, Index In, Index Out, class Init = init::XavierUniform, class BiasInit = init::Zeros>
struct Conv3x3 {
  Parameter<Shape<Out, In, 3, 3>, Init, Trainable::yes, PatchFilter<In, 3>> weight;
  Parameter<Shape<Out>, BiasInit> bias;
  MAE_MODULE(weight, bias)

  template <Expression X>
  constexpr auto operator()(const X& x) const {
    return conv3x3<Maps>(x, weight, bias);
  }
};

}  // namespace mae
MAE_PRECISE_END
