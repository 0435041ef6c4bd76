// A symbolic value: its type says policy, shape and element; its identity is a number in the tracer's graph.
//
// Because the type does not depend on how a value came about, `x = f(x)` in a loop is legal, type names stay short,
// and sharing costs nothing. What a parameter is, symbolically, stands here too: an offset into the weights.
#pragma once
#include <tuple>
#include <type_traits>

#include <mae/autograd/trace/tracer.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Every symbolic expression derives from this: it has `Mode`, `Shape` and `eval()`.
struct ExpressionBase {};
template <class X>
concept Expression = std::is_base_of_v<ExpressionBase, std::remove_cvref_t<X>>;
template <class X>
using ShapeOf = typename std::remove_cvref_t<X>::Shape;

/// What a program is traced for: who computes (`Policy`) and what is kept for the backward pass (`Recompute`).
template <class PolicyType, class RecomputeType>
struct Mode {
  using Policy = PolicyType;
  using Recompute = RecomputeType;
};

/// A value of shape S with elements E.
template <class ModeType, class S, class E = typename ModeType::Policy::Activation>
struct Value : ExpressionBase {
  using Mode = ModeType;
  using Shape = S;
  using Element = E;
  Tracer* tracer;
  int id;
  bool stopped = false;

  constexpr Value(Tracer* t, int i, bool stop = false) : tracer(t), id(i), stopped(stop) {}
  constexpr const Value& eval() const { return *this; }
};

/// The same value, through which no gradient flows back (a frozen encoder, a target).
template <Expression X>
constexpr auto stop_gradient(const X& x) {
  auto value = x.eval();
  value.stopped = true;
  return value;
}

/// An input of a program: shape, element type (default: the policy's accumulator, so that images are float in mixed
/// precision too), and whether its gradient is wanted.
template <class S, class E = void, bool Gradient = false>
struct Input {
  using Shape = S;
  static constexpr bool gradient = Gradient;
  template <class Policy>
  using Element = std::conditional_t<std::is_void_v<E>, typename Policy::Accumulator, E>;
};
/// Whole numbers as an input: kept patches, places.
template <class S>
using Indices = Input<S, std::int32_t>;

/// The inputs of a model, in the order of its `operator()`.
template <class... In>
struct Inputs {
  using Tuple = std::tuple<In...>;
  static constexpr int count = sizeof...(In);
  static_assert(count <= max_program_inputs, "mae: a program takes at most 6 inputs");
};

}  // namespace mae
MAE_PRECISE_END
