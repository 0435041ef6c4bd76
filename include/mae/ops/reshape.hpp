// The same numbers under another shape: `reshape<Shape<dyn, N, H, d>>(x)` of x [B, N, H·d]. Nothing is copied.
//
// A value is a number of the traced graph with a shape as its type; the result is the same number with another type. So
// gradients need no rule: what flows back to it flows back to x.
#pragma once
#include <mae/ops/error_placeholder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace rule {
template <class From, class To>
struct SameCount {
  static constexpr bool holds = From::batched == To::batched && From::count == To::count && To::rank <= max_rank;
};
}  // namespace rule

/// x [B, ...] as To, with as many numbers a sample.
template <class To, Expression X>
constexpr auto reshape(const X& x) {
  using Fits = rule::SameCount<ShapeOf<X>, To>;
  static_assert(Fits::holds, "mae::reshape<To>: x and To must have the same number of values a sample");
  const auto value = x.eval();
  using V = std::remove_cvref_t<decltype(value)>;
  using Renamed = Value<typename V::Mode, To, typename V::Element>;
  if constexpr (Fits::holds) return Renamed{value.tracer, value.id, value.stopped};
  else return detail::error_placeholder<To>(x);
}

}  // namespace mae
MAE_PRECISE_END
