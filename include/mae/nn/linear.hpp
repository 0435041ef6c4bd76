// A linear layer with its parameters: weight [Out, In] (xavier-uniform), bias [Out] (zero).
#pragma once
#include <mae/core/rules.hpp>
#include <mae/nn/init.hpp>
#include <mae/ops/linear.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// x [..., In] → x wᵀ + b [..., Out].
template <Index In, Index Out, class Init = init::XavierUniform>
struct Linear {
  Parameter<Shape<Out, In>, Init> weight;
  Parameter<Shape<Out>, init::Zeros> bias;
  MAE_MODULE(weight, bias)

  template <Expression X>
  constexpr auto operator()(const X& x) const {
    static_assert(rule::LinearInput<width_of<ShapeOf<X>>, In>::holds,
                  "mae::Linear<In, Out>: the last extent of the input must be In");
    return detail::linear_expression(x, weight, bias);
  }
  /// The outputs [First, First + Count) alone.
  template <Index First, Index Count, Expression X>
  constexpr auto outputs(const X& x) const {
    return linear(x, row_range<First, Count>(weight), row_range<First, Count>(bias));  // [..., Count]
  }
};

}  // namespace mae
MAE_PRECISE_END
