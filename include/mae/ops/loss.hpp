// What losses have in common: of each sample one number, from a prediction and a target that needs no gradient.
#pragma once
#include <mae/autograd/trace/operation.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// prediction [B, ...], target [B, ...] → [B], of the accumulator's type whatever theirs.
struct LossOperation : Operation {
  static constexpr unsigned keep = keep_input(0) | keep_input(1);
  static constexpr unsigned non_differentiable = 2;
  template <class...>
  using Output = Shape<dyn>;
  template <class M, class...>
  using Element = typename M::Policy::Accumulator;
};

}  // namespace mae
MAE_PRECISE_END
