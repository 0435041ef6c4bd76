// The class token: [B, N, D] → [B, N + 1, D], a learnt token in front of the others (Dosovitskiy et al., 2021, section
// 3.1), and [B, L + 1, D] → [B, L, D], the patches' tokens without it.
//
// Both are linear, so backward routes gradients along the same paths; the class token sums those of all samples.
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
