// The product of two activations, matrix by matrix: a [B, ..., M, K] and b [B, ..., K, N] give y [B, ..., M, N].
//
// y = op(a) op(b), where op leaves a matrix as it is or transposes it: `matmul<Transpose::right>(q, k)` is q kᵀ of
// q [B, H, M, d] and k [B, H, N, d], and no matrix is moved for that. Derivation, with g = ∂L/∂y and for y = a b:
// y_mn = Σ_k a_mk b_kn, so ∂L/∂a = g bᵀ and ∂L/∂b = aᵀ g. A transposed operand has the transposed gradient: of
// y = aᵀ b, ∂L/∂a = b gᵀ; of y = a bᵀ, ∂L/∂b = gᵀ a. Kept: both operands. Cost: 2 M N K operations a matrix forward,
// twice that backward. What is wider than an activation is rounded to one first.
#pragma once
#include <mae/autograd/trace/operation.hpp>
#include <mae/backend/primitives.hpp>
#include <mae/ops/error_placeholder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Which of both factors is stored with its last two axes swapped.
enum class Transpose { none, left, right, both };

namespace rule {
/// Matrices [.., M, K] and [.., K, N] with equal axes in front.
template <class X, class Y, Transpose How>
struct MultipliableShapes {
  static constexpr bool left = How == Transpose::left || How == Transpose::both,
                        right = How == Transpose::right || How == Transpose::both;
  static constexpr bool matrices = [] {
    if (X::rank != Y::rank || X::rank < 3) return false;
    for (Index k = 0; k < X::rank - 2; ++k)
      if (X::extent(k) != Y::extent(k)) return false;
    return true;
  }();
  static constexpr Index M = X::extent(left ? -1 : -2), K = X::extent(left ? -2 : -1);
  static constexpr Index N = Y::extent(right ? -2 : -1);
  static constexpr bool holds = matrices && Y::extent(right ? -1 : -2) == K;
};
}  // namespace rule

template <Transpose How>
struct MatmulOperation : Operation {
  static constexpr const char* name = "matmul";
  static constexpr unsigned keep = keep_input(0) | keep_input(1);
  template <class X, class Y>
  using Of = rule::MultipliableShapes<X, Y, How>;
  template <class X, class Y>
  using Output = WithExtent<WithExtent<X, -2, Of<X, Y>::M>, -1, Of<X, Y>::N>;
  template <class X, class Y>
  static constexpr Index matrices = X::count / (Of<X, Y>::M * Of<X, Y>::K);  ///< of one sample
  template <class M, class X, class Y>
  static constexpr Index flops = 2 * matrices<X, Y>* Of<X, Y>::M* Of<X, Y>::N* Of<X, Y>::K;
  template <class M, class X, class Y>
  static constexpr WorkspaceSize workspace = PrimitiveKernels<typename M::Policy>::matmul_workspace(Of<X, Y>::M,
                                                                                                    Of<X, Y>::N,
                                                                                                    Of<X, Y>::K);

  static void forward(const auto& f) {
    using Call = std::remove_cvref_t<decltype(f)>;
    PrimitiveKernels<typename Call::Policy>::matmul(sizes(f), f.x(first), f.x(second), f.y(), false, f.workspace());
  }
  static void backward(const auto& f) {
    using Call = std::remove_cvref_t<decltype(f)>;
    using K = PrimitiveKernels<typename Call::Policy>;
    const auto [count, M, N, terms, left, right] = sizes(f);
    const auto da = f.dx(first), db = f.dx(second);
    const auto *const a = f.x(first), *const b = f.x(second), *const g = f.dy();
    if (da.wanted()) {
      if (left) K::matmul({count, terms, M, N, right, true}, b, g, da.data, da.accumulate, f.workspace());
      else K::matmul({count, M, terms, N, false, !right}, g, b, da.data, da.accumulate, f.workspace());
    }
    if (db.wanted()) {
      if (right) K::matmul({count, N, terms, M, true, left}, g, a, db.data, db.accumulate, f.workspace());
      else K::matmul({count, terms, N, M, !left, false}, a, g, db.data, db.accumulate, f.workspace());
    }
  }

 private:
  static MatmulShape sizes(const auto& f) {
    using Call = std::remove_cvref_t<decltype(f)>;
    using X = typename Call::template Operand<0>::Shape;
    using Y = typename Call::template Operand<1>::Shape;
    using S = Of<X, Y>;
    return {f.batch() * matrices<X, Y>, S::M, S::N, S::K, S::left, S::right};
  }
};

/// A value rounded to the policy's activation.
struct RoundOperation : Operation {
  static constexpr const char* name = "round";
  static constexpr bool cheap = true;
  template <class X>
  using Output = X;
  template <class M, class>
  using Element = typename M::Policy::Activation;
  template <class Call>
  static void forward(const Call& f) {
    const auto x = f.x(first);
    const auto y = f.y();
    f.each([=] MAE_HOST_DEVICE(Index i) { y[i] = typename Call::T(x[i]); });
  }
  template <class Call>
  static void backward(const Call& f) {
    const auto dy = f.dy();
    if (const auto dx = f.dx(first); dx.wanted())
      f.each([=] MAE_HOST_DEVICE(Index i) { dx.add(i, typename Call::A(dy[i])); });
  }
};

namespace detail {
template <Expression X>
constexpr auto as_activation(const X& x) {
  auto value = x.eval();
  using V = decltype(value);
  if constexpr (std::is_same_v<typename V::Element, typename V::Mode::Policy::Activation>) return value;
  else return apply<RoundOperation>(value);
}
}  // namespace detail

/// x y for matrices in the last two axes, all others equal; `Transpose` says which are stored transposed.
template <Transpose How = Transpose::none, Expression X, Expression Y>
constexpr auto matmul(const X& x, const Y& y) {
  using Fits = rule::MultipliableShapes<ShapeOf<X>, ShapeOf<Y>, How>;
  constexpr bool kernels = PrimitiveKernels<typename X::Mode::Policy>::available;
  static_assert(Fits::holds, "mae::matmul: x must be [B, .., M, K] and y [B, .., K, N], or transposed as it says");
  static_assert(kernels,
                "mae: kernels of primitives are not included; Cpu needs <mae/ops/primitives.hpp>, "
                "Cuda <mae/backend/cuda/primitives.cuh>");
  if constexpr (Fits::holds && kernels)
    return apply<MatmulOperation<How>>(detail::as_activation(x), detail::as_activation(y));
  else return detail::error_placeholder<ShapeOf<X>>(x);
}

}  // namespace mae
MAE_PRECISE_END
