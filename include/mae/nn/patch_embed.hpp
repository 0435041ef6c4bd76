// Patch embedding: one linear map from the values of a patch to a token (Dosovitskiy et al., 2021, section 3.1).
//
// It is a convolution with kernel and stride P, and files store it as one, weight [D, C, P, P], channel first.
// Patches here are channel last (ops/patchify.hpp), so in memory the weight's columns stand in that order;
// `PatchFilter` maps between both.
#pragma once
#include <mae/core/rules.hpp>
#include <mae/nn/init.hpp>
#include <mae/ops/linear.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Memory order (d, y, x, c) ↔ file order (d, c, y, x).
template <Index C, Index P>
struct PatchFilter {
  template <class S>
  static constexpr Index file_position(Index i) {
    constexpr Index n = P * P * C;
    const Index y = i % n / (P * C), x = i % n / C % P, c = i % C;
    return i / n * n + (c * P + y) * P + x;
  }
};

/// The parameters, which published files name `patch_embed.proj`.
template <Index C, Index P, Index D>
struct PatchProjection {
  Parameter<Shape<D, C, P, P>, init::XavierUniform, Trainable::yes, PatchFilter<C, P>> weight;
  Parameter<Shape<D>, init::FanInUniform<P * P * C>> bias;
  MAE_MODULE(weight, bias)
};

/// patches [B, N, P·P·C] → tokens [B, N, D].
template <Index C, Index P, Index D>
struct PatchEmbed {
  PatchProjection<C, P, D> proj;
  MAE_MODULE(proj)

  template <Expression X>
  constexpr auto operator()(const X& patches) const {
    static_assert(rule::LinearInput<width_of<ShapeOf<X>>, P * P * C>::holds,
                  "mae::PatchEmbed<C, P, D>: the last extent of the patches must be P * P * C");
    return detail::linear_expression(patches, proj.weight, proj.bias);
  }
};

}  // namespace mae
MAE_PRECISE_END
