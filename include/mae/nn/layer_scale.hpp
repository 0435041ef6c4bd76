// Layer scale: a residual branch times a learned number for each column, small at first (Touvron et al., "Going deeper
// with Image Transformers", 2021, section 2).
//
// y = x · gamma, so that a deep network begins as nearly the identity: `x + scale(attn(norm(x)))`.
#pragma once
#include <mae/nn/init.hpp>
#include <mae/ops/broadcast.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace init {
/// Numerator / Denominator everywhere.
template <Index Numerator, Index Denominator>
struct Fraction {
  template <class S>
  static double value(const RandomStream&, Index) {
    return static_cast<double>(Numerator) / static_cast<double>(Denominator);
  }
};
}  // namespace init

/// x [..., D] → x · gamma; gamma [D] starts as `Init` says, by default as 1e-5.
template <Index D, class Init = init::Fraction<1, 100000>>
struct LayerScale {
  Parameter<Shape<D>, Init> gamma;
  MAE_MODULE(gamma)

  constexpr auto operator()(const Expression auto& x) const { return x * gamma; }
};

}  // namespace mae
MAE_PRECISE_END
