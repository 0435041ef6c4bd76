// Picking rows by number: y[b, k] = x[b, ids[b, k] + Skip].
//
// Masking keeps patches this way, and the loss picks the hidden ones.
// x [B, N, D], ids [B, K] → [B, K, D]. Backward is a scatter: ∂L/∂x[b, n] is the sum of the ∂L/∂y[b, k] that came
// from row n, and zero for rows that nobody picked. `Skip` rows in front (a class token) are not counted by the ids.
// The ids must lie in [0, N - Skip): `MaskBatch` (model/masking.hpp) checks them where they enter.
#pragma once
#include <mae/autograd/trace/operation.hpp>
#include <mae/core/rules.hpp>
#include <mae/ops/error_placeholder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

template <Index Skip>
struct GatherOperation : Operation {
  static constexpr const char* name = "gather";
  static constexpr unsigned keep = keep_input(1);
  static constexpr unsigned non_differentiable = 2;
  static constexpr bool cheap = true;
  template <class X, class Ids>
  using Output = WithExtent<X, 1, Ids::extent(1)>;

  template <class Call>
  static void forward(const Call& f) {
    constexpr Index N = Call::template Operand<0>::Shape::extent(1), K = Call::Result::extent(1),
                    D = Call::Result::extent(2);
    const auto x = f.x(first);
    const auto ids = f.x(second);
    const auto y = f.y();
    Call::Kernels::rows(f.batch() * K, D, [=] MAE_HOST_DEVICE (Index r, Index c) {
      y[r * D + c] = x[(r / K * N + Skip + ids[r]) * D + c];
    });
  }
  template <class Call>
  static void backward(const Call& f) {
    constexpr Index N = Call::template Operand<0>::Shape::extent(1), K = Call::Result::extent(1),
                    D = Call::Result::extent(2);
    using A = typename Call::A;
    const auto dx = f.dx(first);
    if (!dx.wanted()) return;
    const auto to = dx.data;
    const auto ids = f.x(second);
    const auto dy = f.dy();
    if (!dx.accumulate)
      Call::Kernels::each(f.batch() * N * D, [=] MAE_HOST_DEVICE (Index i) { to[i] = {}; });
    // Row by row within a sample, because an id may occur twice.
    constexpr Index run = Call::Kernels::columns_together, runs = (D + run - 1) / run;
    Call::Kernels::rows(f.batch(), runs, [=] MAE_HOST_DEVICE (Index b, Index part) {
      const Index end = part + 1 < runs ? (part + 1) * run : D;
      for (Index k = 0; k < K; ++k)
        for (Index c = part * run; c < end; ++c) {
          auto& target = to[(b * N + Skip + ids[b * K + k]) * D + c];
          target = std::remove_cvref_t<decltype(target)>(A(target) + A(dy[(b * K + k) * D + c]));
        }
    });
  }
};

/// Rows ids [B, K] of x [B, N, D], counted after the first `Skip` rows.
template <Index Skip = 0, Expression X, Expression Ids>
constexpr auto gather(const X& x, const Ids& ids) {
  constexpr bool ranks = ShapeOf<X>::rank == 3 && ShapeOf<Ids>::rank == 2;
  using Element = rule::IndexElement<typename std::remove_cvref_t<decltype(ids.eval())>::Element>;
  static_assert(ranks, "mae::gather: x must be [B, N, D] and ids [B, K]");
  static_assert(Element::holds, "mae::gather: ids must be Indices");
  if constexpr (ranks && Element::holds) return apply<GatherOperation<Skip>>(x, ids);
  else if constexpr (ranks) return detail::error_placeholder<WithExtent<ShapeOf<X>, 1, ShapeOf<Ids>::extent(1)>>(x);
  else return detail::error_placeholder<ShapeOf<X>>(x);
}

}  // namespace mae
MAE_PRECISE_END
