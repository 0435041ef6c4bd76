// Visible tokens back in their places: [B, V + 1, D] → [B, L + 1, D], the decoder's input.
//
// Token r of the visible ones goes where restore[b, l] = r; places with a number of V or more get the shared mask token
// (He et al., 2021, section 3, "MAE decoder"). Linear, so backward routes gradients along the same paths; the mask
// token sums those of all places that it stands in.
#pragma once
#include <mae/autograd/trace/operation.hpp>
#include <mae/core/rules.hpp>
#include <mae/ops/error_placeholder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct RestoreOperation : Operation {
  static constexpr const char* name = "restore";
  static constexpr unsigned keep = keep_input(1);
  static constexpr unsigned non_differentiable = 2;
  template <class X, class Ids>
  using Output = WithExtent<X, 1, Ids::extent(1) + 1>;
  template <class Call>
  static void forward(const Call& f) {
    constexpr Index V = Call::template Operand<0>::Shape::extent(1) - 1, L = Call::Result::extent(1) - 1,
                    D = Call::Result::extent(2);
    using T = typename Call::T;
    using A = typename Call::A;
    const auto x = f.x(first);
    const auto ids = f.x(second);
    const auto token = f.parameter(0);
    const auto y = f.y();
    Call::Kernels::rows(f.batch() * (L + 1), D, [=] MAE_HOST_DEVICE (Index r, Index c) {
      const Index b = r / (L + 1), l = r % (L + 1);
      const Index from = l == 0 ? 0 : 1 + ids[b * L + l - 1];
      y[r * D + c] = from <= V ? x[(b * (V + 1) + from) * D + c] : T(A(token[c]));
    });
  }
  template <class Call>
  static void backward(const Call& f) {
    constexpr Index V = Call::template Operand<0>::Shape::extent(1) - 1, L = Call::Result::extent(1) - 1,
                    D = Call::Result::extent(2);
    using A = typename Call::A;
    using W = typename Call::W;
    const auto ids = f.x(second);
    const auto dy = f.dy();
    if (const auto dx = f.dx(first); dx.wanted())  // restore is a permutation: each visible token has one place
      Call::Kernels::rows(f.batch() * (L + 1), D, [=] MAE_HOST_DEVICE (Index r, Index c) {
        const Index b = r / (L + 1), l = r % (L + 1);
        const Index to = l == 0 ? 0 : 1 + ids[b * L + l - 1];
        if (to <= V) dx.add((b * (V + 1) + to) * D + c, A(dy[r * D + c]));
      });
    if (W* const gradient = f.gradient(0))
      Call::Kernels::column_sums(
          f.batch() * L, D,
          [=] MAE_HOST_DEVICE (Index place, Index c) {
            return ids[place] < V ? A(0) : A(dy[(place + place / L + 1) * D + c]);
          },
          [=] MAE_HOST_DEVICE (Index c, A sum) { gradient[c] += W(sum); });
  }
};

/// Visible tokens x [B, V + 1, D] back in image order, mask tokens in between: [B, L + 1, D].
template <Expression X, Expression Ids, ParameterLike TokenParameter>
constexpr auto restore(const X& x, const Ids& ids, const TokenParameter& mask_token) {
  constexpr bool ranks = ShapeOf<X>::rank == 3 && ShapeOf<Ids>::rank == 2;
  using Element = rule::IndexElement<typename std::remove_cvref_t<decltype(ids.eval())>::Element>;
  static_assert(ranks, "mae::restore: x must be [B, V + 1, D] and ids [B, L]");
  static_assert(Element::holds, "mae::restore: ids must be Indices");
  static_assert(TokenParameter::Shape::count == width_of<ShapeOf<X>>,
                "mae::restore: the token must have the width of x");
  if constexpr (ranks && Element::holds) {
    static_assert(ShapeOf<X>::extent(1) - 1 <= ShapeOf<Ids>::extent(1),
                  "mae::restore: there are more visible tokens than places");
    return apply<RestoreOperation>(x, ids, mask_token);
  } else if constexpr (ranks) {
    return detail::error_placeholder<WithExtent<ShapeOf<X>, 1, ShapeOf<Ids>::extent(1) + 1>>(x);
  } else {
    return detail::error_placeholder<ShapeOf<X>>(x);
  }
}

}  // namespace mae
MAE_PRECISE_END
