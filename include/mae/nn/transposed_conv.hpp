// A transposed convolution whose kernel and stride are `Side`: each token becomes a square of tokens.
//
// It is a linear layer from C to Side² O numbers, spread over the square (ops/spread.hpp). In memory the weight is that
// layer's, [u, v, o, c]; in files it is PyTorch's ConvTranspose2d, [C, O, Side, Side]. The bias is the layer's as well:
// one number for each place of the square and each channel, [Side², O]; PyTorch's has the same O numbers in all places.
#pragma once
#include <mae/nn/init.hpp>
#include <mae/ops/linear.hpp>
#include <mae/ops/spread.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Memory order (u, v, o, c) ↔ file order (c, o, u, v).
template <Index C, Index O, Index Side>
struct TransposedFilter {
  template <class S>
  static constexpr Index file_position(Index i) {
    const Index c = i % C, o = i / C % O, place = i / (C * O);
    return (c * O + o) * Side * Side + place;
  }
};

/// x [B, Map::places, In] → [B, Side²·Map::places, Out]; `Map` is the `Grid` of x.
template <Index Side, class Map, Index In, Index Out>
struct TransposedConv {
  Parameter<Shape<In, Out, Side, Side>, init::XavierUniform, Trainable::yes, TransposedFilter<In, Out, Side>> weight;
  Parameter<Shape<Side * Side * Out>, init::Zeros> bias;
  MAE_MODULE(weight, bias)

  template <Expression X>
  constexpr auto operator()(const X& x) const {
    using Width = rule::LinearInput<width_of<ShapeOf<X>>, In>;
    static_assert(Width::holds, "mae::TransposedConv<Side, Map, In, Out>: the last extent of the input must be In");
    if constexpr (Width::holds) {
      using Layer = LinearOperation<In, Side * Side * Out, NoEpilogue>;
      return spread<Side, Map>(apply<Layer>(x, weight, bias));  // [B, Side²·places, Out]
    } else {
      return detail::error_placeholder<Shape<dyn, Side * Side * Map::places, Out>>(x);
    }
  }
};

}  // namespace mae
MAE_PRECISE_END
