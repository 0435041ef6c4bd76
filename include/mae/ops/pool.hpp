// From tokens to one vector an image: the mean of the patch tokens, or the class token.
//
// [B, N, D] → [B, D]. `Pool::mean` leaves out the class token, as MAE fine-tuning does (He et al., 2021, appendix
// A.1); its gradient spreads evenly: ∂L/∂x[b, n] = ∂L/∂y[b] / (N - 1), and zero for the class token.
#pragma once
#include <mae/autograd/trace/operation.hpp>
#include <mae/ops/error_placeholder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

enum class Pool { mean, class_token };

template <Pool How>
struct PoolOperation : Operation {
  static constexpr const char* name = How == Pool::mean ? "mean of tokens" : "class token";
  template <class X>
  using Output = Shape<dyn, X::extent(2)>;
  template <class Call>
  static void forward(const Call& f) {
    constexpr Index N = Call::template Operand<0>::Shape::extent(1), D = Call::Result::extent(1);
    using T = typename Call::T;
    using A = typename Call::A;
    const auto x = f.x(first);
    const auto y = f.y();
    if constexpr (How == Pool::class_token)
      Call::Kernels::rows(f.batch(), D,
                          [=] MAE_HOST_DEVICE (Index b, Index c) { y[b * D + c] = x[b * N * D + c]; });
    else
      Call::Kernels::rows(f.batch(), D, [=] MAE_HOST_DEVICE (Index b, Index c) {
        A sum = 0;
        for (Index n = 1; n < N; ++n) sum += A(x[(b * N + n) * D + c]);
        y[b * D + c] = T(sum / A(N - 1));
      });
  }
  template <class Call>
  static void backward(const Call& f) {
    constexpr Index N = Call::template Operand<0>::Shape::extent(1), D = Call::Result::extent(1);
    using A = typename Call::A;
    const auto dy = f.dy();
    if (const auto dx = f.dx(first); dx.wanted())
      Call::Kernels::rows(f.batch() * N, D, [=] MAE_HOST_DEVICE (Index r, Index c) {
        const A g = A(dy[r / N * D + c]);
        const bool pooled = (r % N == 0) == (How == Pool::class_token);
        dx.add(r * D + c, !pooled ? A(0) : How == Pool::mean ? g / A(N - 1) : g);
      });
  }
};

/// [B, N, D] → [B, D].
template <Pool How, Expression X>
constexpr auto pool(const X& x) {
  static_assert(ShapeOf<X>::rank == 3, "mae::pool: the tokens must be [B, N, D]");
  static_assert(How == Pool::class_token || ShapeOf<X>::rank != 3 || rows_of<ShapeOf<X>> > 1,
                "mae::pool: the mean leaves out the class token and needs at least one more");
  if constexpr (ShapeOf<X>::rank == 3) return apply<PoolOperation<How>>(x);
  else return detail::error_placeholder<Shape<dyn, width_of<ShapeOf<X>>>>(x);
}

}  // namespace mae
MAE_PRECISE_END
