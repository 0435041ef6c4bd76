// From tokens to an image of features: every patch's token in the place of its patch, one channel a feature.
//
//     y[b, d, r, c] = x[b, 1 + r · columns + c, d]
//
// The class token has no place: it is left out and its gradient is zero; the gradient of the others is ∂L/∂y where they
// went. Tokens of several blocks give maps one behind the other.
#pragma once
#include <mae/autograd/trace/operation.hpp>

MAE_PRECISE_BEGIN
namespace mae {

template <Index Rows, Index Columns>
struct FeatureMapOperation : Operation {
  static constexpr const char* name = "feature map";
  static constexpr Index L = Rows * Columns;
  template <class X, class... Same>
  using Output = std::conditional_t<sizeof...(Same) == 0, Shape<dyn, width_of<X>, Rows, Columns>,
                                    Shape<dyn, Index{1 + sizeof...(Same)}, width_of<X>, Rows, Columns>>;
  static void forward(const auto& f) {
    [&]<int... k>(std::integer_sequence<int, k...>) { (to_map<k>(f), ...); }
    (std::make_integer_sequence<int, std::remove_cvref_t<decltype(f)>::operands>{});
  }
  static void backward(const auto& f) {
    [&]<int... k>(std::integer_sequence<int, k...>) { (from_map<k>(f), ...); }
    (std::make_integer_sequence<int, std::remove_cvref_t<decltype(f)>::operands>{});
  }
  template <int k, class Call>
  static void to_map(const Call& f) {
    constexpr Index D = width_of<typename Call::template Operand<k>::Shape>;
    const auto x = f.x(std::integral_constant<int, k>{});
    const auto y = f.y();
    Call::Kernels::rows(f.batch() * D, L, [=] MAE_HOST_DEVICE(Index row, Index l) {
      const Index b = row / D, d = row % D;
      y[((b * Call::operands + k) * D + d) * L + l] = typename Call::T(x[(b * (L + 1) + 1 + l) * D + d]);
    });
  }
  template <int k, class Call>
  static void from_map(const Call& f) {
    using A = typename Call::A;
    constexpr Index D = width_of<typename Call::template Operand<k>::Shape>;
    const auto dy = f.dy();
    if (const auto dx = f.dx(std::integral_constant<int, k>{}); dx.wanted())
      Call::Kernels::rows(f.batch() * (L + 1), D, [=] MAE_HOST_DEVICE(Index row, Index d) {
        const Index b = row / (L + 1), n = row % (L + 1);
        dx.add(row * D + d, n == 0 ? A(0) : A(dy[((b * Call::operands + k) * D + d) * L + n - 1]));
      });
  }
};

/// x [B, 1 + Rows · Columns, D], the class token first → [B, D, Rows, Columns]; of K ≤ 4 tokens sets of one shape
/// [B, K, D, Rows, Columns].
template <Index Rows, Index Columns, Expression X, Expression... Same>
constexpr auto feature_map(const X& x, const Same&... others) {
  constexpr bool fits = ShapeOf<X>::rank == 3 && rows_of<ShapeOf<X>> == 1 + Rows * Columns;
  static_assert(fits, "mae::feature_map<Rows, Columns>: x must be [B, 1 + Rows * Columns, D], the class token first");
  static_assert((std::is_same_v<ShapeOf<X>, ShapeOf<Same>> && ...) && sizeof...(Same) < max_inputs,
                "mae::feature_map: at most 4 sets of tokens, of one shape");
  return detail::record<FeatureMapOperation<Rows, Columns>, typename X::Mode>(std::tuple(x.eval(), others.eval()...));
}

}  // namespace mae
MAE_PRECISE_END
