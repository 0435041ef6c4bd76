// Root mean square normalisation (Zhang & Sennrich, 2019): every row is divided by its root mean square, then scaled.
//
// y = x / sqrt(mean(x²) + ε) · w. A layer norm without its mean and its shift; three primitive operations and no
// derivation of its own.
#pragma once
#include <mae/nn/init.hpp>
#include <mae/ops/broadcast.hpp>
#include <mae/ops/reduce.hpp>
#include <mae/ops/rsqrt.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct RmsNormEpsilon {
  static constexpr double value = 1e-6;
};

/// x [..., D] → rows of root mean square 1, times weight [D].
template <Index D, class Epsilon = RmsNormEpsilon>
struct RmsNorm {
  Parameter<Shape<D>, init::Ones> weight;
  MAE_MODULE(weight)

  constexpr auto operator()(const Expression auto& x) const {
    auto scale = rsqrt<Epsilon>(mean<-1, keep_axis>(x * x));  // [..., 1]
    return x * scale * weight;                                // [..., D]
  }
};

}  // namespace mae
MAE_PRECISE_END
