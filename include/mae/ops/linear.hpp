// The linear layer y = x wᵀ + b, with what follows it written in the same pass over y.
//
// x [..., In], w [Out, In], b [Out] → y [..., Out]. With g = ∂L/∂y: ∂L/∂x = g w, ∂L/∂w = gᵀ x, ∂L/∂b = Σ_rows g.
// `linear(x, w, b)` is an expression: as an operand of `+` it adds the other operand as it writes y, inside `gelu()` or
// another activation F it applies F (keeping the pre-activation h for the backward: ∂L/∂h = g F'(h)). A named one is
// shared. Cost: 2 · rows · In · Out operations forward, twice that backward. The paper's heavy arithmetic is all here.
#pragma once
#include <mae/autograd/trace/pointwise.hpp>
#include <mae/core/rules.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// What happens to the result of a linear layer as it is written: nothing, or a residual is added, or a function of
/// backend/activation.hpp is applied, which is then the epilogue's type.
struct NoEpilogue {};
struct ResidualEpilogue {};

namespace detail {
/// "linear + gelu", put together by the compiler.
template <class Activation>
struct ActivatedName {
  static constexpr std::string_view before = "linear + ", after = Activation::name;
  char text[before.size() + after.size() + 1] = {};
  constexpr ActivatedName() {
    for (std::size_t i = 0; i < before.size(); ++i) text[i] = before[i];
    for (std::size_t i = 0; i < after.size(); ++i) text[before.size() + i] = after[i];
  }
};
template <class Activation>
inline constexpr ActivatedName<Activation> activated_name;
}  // namespace detail

template <Index In, Index Out, class Epilogue>
struct LinearOperation : Operation {
  static constexpr bool residual = std::is_same_v<Epilogue, ResidualEpilogue>;
  static constexpr bool activated = !residual && !std::is_same_v<Epilogue, NoEpilogue>;
  static constexpr const char* name = [] {
    if constexpr (activated) return static_cast<const char*>(detail::activated_name<Epilogue>.text);
    else return residual ? "linear + residual" : "linear";
  }();
  static constexpr unsigned keep = keep_input(0);
  static constexpr bool cheap = activated;  // the activation alone is computed again, from h
  static constexpr unsigned recompute_reads = 0;
  static constexpr unsigned identity_gradient = residual ? 2u : 0u;
  template <class X, class...>
  using Output = WithExtent<X, -1, Out>;
  /// A residual stream stays as wide as it is; everything else is an activation.
  template <class M, class X, class... R>
  using Element = std::conditional_t<residual, Widest<typename M::Policy, R...>, typename M::Policy::Activation>;
  template <class M, class X, class...>
  static constexpr Index hidden_bytes = activated ? rows_of<X>* Out* Index{sizeof(typename M::Policy::Activation)} : 0;
  template <class M, class X, class... R>
  static constexpr Index saved_state = hidden_bytes<M, X>;
  template <class M, class X, class... R>
  static constexpr Index backward_scratch = hidden_bytes<M, X>;
  template <class M, class X, class... R>
  static constexpr Index overwriting_scratch = activated ? 0 : -1;
  template <class M, class X, class... R>
  static constexpr Index flops = 2 * rows_of<X> * In * Out;
  template <class M, class X, class... R>
  static constexpr WorkspaceSize workspace = Kernels<typename M::Policy>::linear_workspace(In, Out);

  static void forward(const auto& f) {
    using Call = std::remove_cvref_t<decltype(f)>;
    using K = typename Call::Kernels;
    const Index rows = f.batch() * rows_of<typename Call::Result>;
    if constexpr (activated)
      K::template linear_activated<Epilogue>(rows, In, Out, f.x(first), f.parameter(0), f.parameter(1), hidden(f),
                                             f.y(), f.workspace());
    else if constexpr (residual)
      K::linear_add(rows, In, Out, f.x(first), f.parameter(0), f.parameter(1), f.x(second), f.y(), f.workspace());
    else
      K::linear(rows, In, Out, f.x(first), f.parameter(0), f.parameter(1), f.y(), f.workspace());
  }
  static void recompute(const auto& f) requires activated {
    using Call = std::remove_cvref_t<decltype(f)>;
    Call::Kernels::template activation<Epilogue>(f.batch() * Call::Result::count, hidden(f), f.y());
  }
  static void backward(const auto& f) {
    using Call = std::remove_cvref_t<decltype(f)>;
    using K = typename Call::Kernels;
    using T = typename Call::T;
    const Index rows = f.batch() * rows_of<typename Call::Result>;
    const T* gradient = f.dy();
    if constexpr (activated) {
      T* const own = f.own_dy();
      T* const dh = own ? own : reinterpret_cast<T*>(f.temporary());
      K::template activation_gradient<Epilogue>(rows * Out, gradient, hidden(f), dh);
      gradient = dh;
    }
    if (f.gradient(0))
      K::linear_weight_gradient(rows, In, Out, gradient, f.x(first), f.gradient(0), f.gradient(1), f.workspace());
    if (const auto dx = f.dx(first); dx.wanted())
      K::linear_input_gradient(rows, In, Out, gradient, f.parameter(0), dx.data, dx.accumulate, f.workspace());
    if constexpr (residual) f.pass(second);
  }

 private:
  /// The pre-activation, in the operation's notes.
  static auto hidden(const auto& f) {
    return reinterpret_cast<typename std::remove_cvref_t<decltype(f)>::T*>(f.saved_state());
  }
};

/// A linear layer that is not computed yet, so that what follows can join it.
template <class X, class WeightParameter, class BiasParameter>
struct LinearExpression : ExpressionBase {
  static constexpr Index out = WeightParameter::Shape::extent(0), in = WeightParameter::Shape::count / out;
  using Mode = typename X::Mode;
  using Shape = WithExtent<ShapeOf<X>, -1, out>;
  X x;
  WeightParameter weight;
  BiasParameter bias;
  int memo;

  constexpr LinearExpression(const X& operand, const WeightParameter& w, const BiasParameter& b)
      : x(operand), weight(w), bias(b), memo(operand.tracer->new_memo()) {}
  constexpr auto eval() const {
    using V = Value<Mode, Shape>;
    int& slot = x.tracer->memo(memo);
    if (slot == 0) slot = 1 + apply<LinearOperation<in, out, NoEpilogue>>(x, weight, bias).id;
    return V{x.tracer, slot - 1};
  }
  /// residual + this, in one pass.
  constexpr auto plus(const Expression auto& residual) && {
    return apply<LinearOperation<in, out, ResidualEpilogue>>(x, residual, weight, bias);
  }
  /// Activation(this), in one pass.
  template <class Activation>
  constexpr auto activated() && {
    return apply<LinearOperation<in, out, Activation>>(x, weight, bias);
  }
};

namespace detail {
/// `linear` for callers that have checked the width.
template <Expression X, class WeightParameter, class BiasParameter>
constexpr auto linear_expression(const X& x, const WeightParameter& w, const BiasParameter& b) {
  using V = std::remove_cvref_t<decltype(x.eval())>;
  return LinearExpression<V, WeightParameter, BiasParameter>(x.eval(), w, b);
}
}  // namespace detail

/// x wᵀ + b for x [..., In], w [Out, In] (or a filter with In values for each output) and b [Out].
template <Expression X, ParameterLike WeightParameter, ParameterLike BiasParameter>
constexpr auto linear(const X& x, const WeightParameter& w, const BiasParameter& b) {
  constexpr Index out = WeightParameter::Shape::extent(0), in = WeightParameter::Shape::count / out;
  static_assert(rule::LinearInput<width_of<ShapeOf<X>>, in>::holds,
                "mae::Linear<In, Out>: the last extent of the input must be In");
  static_assert(BiasParameter::Shape::count == out, "mae::linear: the bias must have one value for each output");
  static_assert(rule::TrainedTogether<WeightParameter::trained, BiasParameter::trained>::holds,
                "mae: weight and bias are trained or frozen together");
  return detail::linear_expression(x, w, b);
}

}  // namespace mae
MAE_PRECISE_END
