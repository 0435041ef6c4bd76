// Layer normalisation (Ba et al., 2016): every row gets mean 0 and variance 1, then a scale and a shift per column.
//
// x [..., D] → y = n w + b, n = (x - mean) s, s = 1 / sqrt(variance + eps), over the D values of a row.
// Derivation, with g = ∂L/∂y · w: y depends on x_i directly and through mean and s. Collecting the three paths,
//     ∂L/∂x = s (g - mean(g) - n · mean(g n)),   ∂L/∂w = Σ_rows ∂L/∂y · n,   ∂L/∂b = Σ_rows ∂L/∂y.
// Kept: x, and mean and s of each row. Cheap: recomputing y costs one pass over x.
#pragma once
#include <mae/autograd/trace/operation.hpp>
#include <mae/core/rules.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// MAE uses 1e-6 everywhere.
inline constexpr double layer_norm_epsilon = 1e-6;

template <Index D>
struct LayerNormOperation : Operation {
  static constexpr const char* name = "layer norm";
  static constexpr unsigned keep = keep_input(0);
  static constexpr bool cheap = true;
  template <class X>
  using Output = X;
  template <class M, class>
  using Element = typename M::Policy::Activation;
  template <class M, class X>
  static constexpr Index saved_state = 2 * rows_of<X>* Index{sizeof(typename M::Policy::Accumulator)};
  template <class M, class X>
  static constexpr Index flops = 8 * X::count;
  template <class M, class X>
  static constexpr WorkspaceSize workspace = Kernels<typename M::Policy>::layer_norm_workspace(D);

  static void forward(const auto& f) {
    using Call = std::remove_cvref_t<decltype(f)>;
    Call::Kernels::layer_norm(f.batch() * rows_of<typename Call::Result>, D, f.x(first), f.parameter(0), f.parameter(1),
                              layer_norm_epsilon, f.y(), f.saved_state());
  }
  static void backward(const auto& f) {
    using Call = std::remove_cvref_t<decltype(f)>;
    Call::Kernels::layer_norm_gradient(f.batch() * rows_of<typename Call::Result>, D, f.x(first), f.parameter(0),
                                       f.saved_state(), f.dy(), f.dx(first).data, f.dx(first).accumulate, f.gradient(0),
                                       f.gradient(1), f.workspace());
  }
};

/// Rows of x [..., D] normalised, times w [D], plus b [D].
template <Expression X, ParameterLike WeightParameter, ParameterLike BiasParameter>
constexpr auto layer_norm(const X& x, const WeightParameter& w, const BiasParameter& b) {
  constexpr Index D = WeightParameter::Shape::count;
  static_assert(rule::LayerNormInput<width_of<ShapeOf<X>>, D>::holds,
                "mae::LayerNorm<D>: the last extent of the input must be D");
  static_assert(BiasParameter::Shape::count == D, "mae::layer_norm: weight and bias must have the same width");
  static_assert(rule::TrainedTogether<WeightParameter::trained, BiasParameter::trained>::holds,
                "mae: weight and bias are trained or frozen together");
  return apply<LayerNormOperation<D>>(x, w, b);
}

}  // namespace mae
MAE_PRECISE_END
