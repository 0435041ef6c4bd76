// What surrounds the transformer blocks: class token, positions, and mask tokens in the places of missing patches.
//
// `with_class_token`: [B, N, D] → [B, N + 1, D], the learnt token in front.
// `with_positions`:   adds row 0 of a table to the class token and row 1 + l to the token of patch l. Without ids the
//                     tokens are all patches in order; with ids [B, N] token n is patch ids[b, n].
// `restore`:          [B, V + 1, D] → [B, L + 1, D]: token r of the visible ones goes where restore[b, l] = r; places
//                     with a number of V or more get the shared mask token (He et al., 2021, section 3, "MAE
//                     decoder").
// `patch_tokens`:     [B, L + 1, D] → [B, L, D], without the class token.
// All are linear, so backward routes gradients along the same paths; a token used in many places sums its gradients.
#pragma once
#include <mae/autograd/trace/operation.hpp>
#include <mae/core/rules.hpp>
#include <mae/ops/error_placeholder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct ClassTokenOperation : Operation {
  static constexpr const char* name = "class token";
  template <class X>
  using Output = WithExtent<X, 1, X::extent(1) + 1>;
  template <class Call>
  static void forward(const Call& f) {
    constexpr Index N = Call::Result::extent(1), D = Call::Result::extent(2);
    using T = typename Call::T;
    using A = typename Call::A;
    const auto x = f.x(first);
    const auto token = f.parameter(0);
    const auto y = f.y();
    Call::Kernels::rows(f.batch() * N, D, [=] MAE_HOST_DEVICE (Index r, Index c) {
      y[r * D + c] = r % N == 0 ? T(A(token[c])) : x[(r - r / N - 1) * D + c];
    });
  }
  template <class Call>
  static void backward(const Call& f) {
    constexpr Index N = Call::Result::extent(1), D = Call::Result::extent(2);
    using A = typename Call::A;
    using W = typename Call::W;
    const auto dy = f.dy();
    if (const auto dx = f.dx(first); dx.wanted())
      Call::Kernels::rows(f.batch() * (N - 1), D, [=] MAE_HOST_DEVICE (Index r, Index c) {
        dx.add(r * D + c, A(dy[(r + r / (N - 1) + 1) * D + c]));
      });
    if (W* const gradient = f.gradient(0))
      Call::Kernels::column_sums(
          f.batch(), D, [=] MAE_HOST_DEVICE (Index b, Index c) { return A(dy[b * N * D + c]); },
          [=] MAE_HOST_DEVICE (Index c, A sum) { gradient[c] += W(sum); });
  }
};

/// The token (a parameter of D values) in front of x [B, N, D].
template <Expression X, ParameterLike TokenParameter>
constexpr auto with_class_token(const X& x, const TokenParameter& token) {
  static_assert(ShapeOf<X>::rank == 3, "mae::with_class_token: x must be [B, N, D]");
  static_assert(TokenParameter::Shape::count == width_of<ShapeOf<X>>,
                "mae::with_class_token: the token must have the width of x");
  if constexpr (ShapeOf<X>::rank == 3) return apply<ClassTokenOperation>(x, token);
  else return detail::error_placeholder<ShapeOf<X>>(x);
}

struct PositionOperation : Operation {
  static constexpr const char* name = "positions";
  static constexpr unsigned keep = keep_input(1);
  static constexpr unsigned identity_gradient = 1, constant = 2;
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

struct PatchTokensOperation : Operation {
  static constexpr const char* name = "patch tokens";
  template <class X>
  using Output = WithExtent<X, 1, X::extent(1) - 1>;
  template <class Call>
  static void forward(const Call& f) {
    constexpr Index N = Call::Result::extent(1), D = Call::Result::extent(2);
    const auto x = f.x(first);
    const auto y = f.y();
    Call::Kernels::rows(f.batch() * N, D, [=] MAE_HOST_DEVICE (Index r, Index c) {
      y[r * D + c] = x[(r + r / N + 1) * D + c];
    });
  }
  template <class Call>
  static void backward(const Call& f) {
    constexpr Index N = Call::Result::extent(1) + 1, D = Call::Result::extent(2);
    using A = typename Call::A;
    const auto dy = f.dy();
    if (const auto dx = f.dx(first); dx.wanted())
      Call::Kernels::rows(f.batch() * N, D, [=] MAE_HOST_DEVICE (Index r, Index c) {
        dx.add(r * D + c, r % N == 0 ? A(0) : A(dy[(r - r / N - 1) * D + c]));
      });
  }
};

/// x [B, L + 1, D] without its class token: [B, L, D].
template <Expression X>
constexpr auto patch_tokens(const X& x) {
  constexpr bool has_patches = ShapeOf<X>::rank == 3 && rows_of<ShapeOf<X>> > 1;
  static_assert(has_patches, "mae::patch_tokens: x must be [B, L + 1, D], with a token behind the class token");
  if constexpr (has_patches) return apply<PatchTokensOperation>(x);
  else return detail::error_placeholder<ShapeOf<X>>(x);
}

}  // namespace mae
MAE_PRECISE_END
