// Layer normalisation with its parameters: weight [D] (one), bias [D] (zero).
#pragma once
#include <mae/core/rules.hpp>
#include <mae/nn/init.hpp>
#include <mae/ops/layer_norm.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// x [..., D] → normalised rows, scaled and shifted.
template <Index D>
struct LayerNorm {
  Parameter<Shape<D>, init::Ones> weight;
  Parameter<Shape<D>, init::Zeros> bias;
  MAE_MODULE(weight, bias)

  template <Expression X>
  constexpr auto operator()(const X& x) const {
    static_assert(rule::LayerNormInput<width_of<ShapeOf<X>>, D>::holds,
                  "mae::LayerNorm<D>: the last extent of the input must be D");
    return apply<LayerNormOperation<D>>(x, weight, bias);
  }
};

}  // namespace mae
MAE_PRECISE_END
