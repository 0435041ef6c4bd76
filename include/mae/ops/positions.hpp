// Positions: row 0 of a table [L + 1, D] is added to the class token, row 1 + l to the token of patch l.
//
// Without ids the tokens are all patches in order; with ids [B, V] token n is patch ids[b, n], as where most are
// hidden. Linear, so backward is the same routing: a row of the table sums the gradients of its tokens.
#pragma once
#include <mae/autograd/trace/operation.hpp>
#include <mae/core/rules.hpp>
#include <mae/ops/error_placeholder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct PositionOperation : Operation {
  static constexpr const char* name = "positions";
  static constexpr unsigned keep = keep_input(1);
  static constexpr unsigned identity_gradient = 1, non_differentiable = 2;
  template <class X, class...>
  using Output = X;
  template <class M, class...>
  using Element = typename M::Policy::Accumulator;  // here the residual stream begins
  /// The row of the table for row r of y; without ids the tokens are all patches.
  template <Index N>
  struct TableRow {
    const std::int32_t* ids = nullptr;
    MAE_HOST_DEVICE Index operator()(Index r) const {
      return ids && r % N != 0 ? 1 + ids[r - r / N - 1] : r % N;
    }
  };
  template <class Call>
  static TableRow<Call::Result::extent(1)> table_row(const Call& f) {
    if constexpr (Call::operands == 2) return {f.x(second)};
    else return {};
  }
  template <class Call>
  static void forward(const Call& f) {
    constexpr Index N = Call::Result::extent(1), D = Call::Result::extent(2);
    using T = typename Call::T;
    using A = typename Call::A;
    const auto x = f.x(first);
    const auto table = f.parameter(0);
    const auto row = table_row(f);
    const auto y = f.y();
    Call::Kernels::rows(f.batch() * N, D, [=] MAE_HOST_DEVICE (Index r, Index c) {
      y[r * D + c] = T(A(x[r * D + c]) + A(table[row(r) * D + c]));
    });
  }
  template <class Call>
  static void backward(const Call& f) {
    constexpr Index N = Call::Result::extent(1), D = Call::Result::extent(2);
    using W = typename Call::W;
    const auto dy = f.dy();
    const auto row = table_row(f);
    const auto rows = f.batch() * N;
    if (W* const gradient = f.gradient(0))
      Call::Kernels::each(D, [=] MAE_HOST_DEVICE (Index c) {
        for (Index r = 0; r < rows; ++r) gradient[row(r) * D + c] += W(dy[r * D + c]);
      });
    f.pass(first);
  }
};

/// x [B, L + 1, D] plus the table [L + 1, D].
template <Expression X, ParameterLike TableParameter>
constexpr auto with_positions(const X& x, const TableParameter& table) {
  static_assert(ShapeOf<X>::rank == 3, "mae::with_positions: x must be [B, L + 1, D]");
  static_assert(TableParameter::Shape::count == ShapeOf<X>::count &&
                    TableParameter::Shape::extent(-1) == width_of<ShapeOf<X>>,
                "mae::with_positions: the table must have a row for the class token and one for each patch");
  if constexpr (ShapeOf<X>::rank == 3) return apply<PositionOperation>(x, table);
  else return detail::error_placeholder<ShapeOf<X>>(x);
}
/// x [B, V + 1, D] plus row 0 and rows 1 + ids [B, V] of the table.
template <Expression X, Expression Ids, ParameterLike TableParameter>
constexpr auto with_positions(const X& x, const Ids& ids, const TableParameter& table) {
  constexpr bool ranks = ShapeOf<X>::rank == 3 && ShapeOf<Ids>::rank == 2;
  using Element = rule::IndexElement<typename std::remove_cvref_t<decltype(ids.eval())>::Element>;
  static_assert(ranks, "mae::with_positions: x must be [B, V + 1, D] and ids [B, V]");
  static_assert(Element::holds, "mae::with_positions: ids must be Indices");
  static_assert(TableParameter::Shape::extent(-1) == width_of<ShapeOf<X>>,
                "mae::with_positions: the table must have the width of x");
  if constexpr (ranks && Element::holds) {
    static_assert(ShapeOf<Ids>::extent(1) + 1 == ShapeOf<X>::extent(1),
                  "mae::with_positions: ids must name the patch of every token but the first");
    return apply<PositionOperation>(x, ids, table);
  } else {
    return detail::error_placeholder<ShapeOf<X>>(x);
  }
}

}  // namespace mae
MAE_PRECISE_END
