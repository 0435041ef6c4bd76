// The fixed 2-D sine-cosine position table: a fingerprint of a patch's column and row in D numbers.
//
// With ω_k = 10000^(-k / (D/4)), k in [0, D/4), the patch in column x and row y gets
//     [ sin(x ω_k) | cos(x ω_k) | sin(y ω_k) | cos(y ω_k) ],
// four runs of D/4 numbers, column first: the order of published MAE weights, computed in double. Tokens run row by
// row; in front stands a row of zeros for the class token (He et al., 2021, section 3; Chen et al., MoCo v3, 2021).
#pragma once
#include <cmath>

#include <mae/autograd/trace/parameter.hpp>
#include <mae/core/random.hpp>
#include <mae/core/rules.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace init {
/// Rows 0 (zeros) and 1 + y · Columns + x of the table [1, 1 + Rows · Columns, D].
template <Index Columns>
struct SineCosine {
  template <class S>
  static double value(const RandomStream&, Index i) {
    constexpr Index D = S::extent(2), quarter = D / 4;
    const Index row = i / D, part = i % D / quarter, k = i % quarter;
    if (row == 0) return 0;
    const Index place = part < 2 ? (row - 1) % Columns : (row - 1) / Columns;
    const double omega = std::pow(10000.0, -static_cast<double>(k) / static_cast<double>(quarter));
    const double angle = static_cast<double>(place) * omega;
    return part % 2 == 0 ? std::sin(angle) : std::cos(angle);
  }
};
}  // namespace init

/// The table of a grid of Rows × Columns patches and a class token, [1, 1 + Rows · Columns, D]. Fixed in pre-training,
/// trained in fine-tuning.
template <Index Rows, Index Columns, Index D, Trainable Train = Trainable::no>
struct PositionTable : Parameter<Shape<1, 1 + Rows * Columns, D>, init::SineCosine<Columns>, Train> {
  static_assert(rule::PositionWidth<D>::holds,
                "mae: a sine-cosine position table needs a width that is a multiple of 4");
};

}  // namespace mae
MAE_PRECISE_END
