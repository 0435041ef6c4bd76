// An operation: a struct that says what its result is, what its backward needs, and how both are computed.
//
// Your own takes about ten lines:
//
//   struct Square : Operation {
//     static constexpr const char* name = "square";
//     static constexpr unsigned keep = keep_input(0);                 // backward reads x
//     template <class X> using Output = X;                            // the result has the shape of x
//     static void forward(const auto& f) {
//       f.each([x = f.x(first), y = f.y()](Index i) { y[i] = x[i] * x[i]; });
//     }
//     static void backward(const auto& f) {
//       f.each([x = f.x(first), dy = f.dy(), dx = f.dx(first)](Index i) { dx.add(i, 2 * x[i] * dy[i]); });
//     }
//   };
//   constexpr auto square(const Expression auto& x) { return apply<Square>(x); }
//
// For a GPU name the operands first and say `[=] MAE_HOST_DEVICE (Index i) { ... }` (see ops/class_token.hpp).
// Where values may be bf16 too, compute with `A(x[i])` and store `T(value)`, A and T being types of the call f.
// Reading an operand that `keep` does not name is a compile error, since the planner may have overwritten it.
// `check_gradients` (gradient_check.hpp) tests the pair against finite differences.
#pragma once
#include <vector>

#include <mae/autograd/trace/call.hpp>
#include <mae/autograd/trace/parameter.hpp>
#include <mae/autograd/trace/value.hpp>
#include <mae/backend/buffer.hpp>
#include <mae/core/finite.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The type of results of operands of types E: the policy's accumulator if one of them is that, else its activation.
template <class Policy, class... E>
using Widest = std::conditional_t<(std::is_same_v<E, typename Policy::Accumulator> || ...),
                                  typename Policy::Accumulator, typename Policy::Activation>;

/// What an operation inherits; it overrides what differs.
struct Operation {
  static constexpr unsigned keep = keep_nothing;
  static constexpr bool cheap = false;               ///< may be recomputed instead of kept
  static constexpr unsigned recompute_reads = ~0u;   ///< operands that recomputing reads (default: all)
  static constexpr unsigned identity_gradient = 0;   ///< bit k: dx(k) is dy itself; backward calls `f.pass(k)`
  static constexpr unsigned non_differentiable = 0;  ///< bit k: no gradient ever flows to operand k
  template <class M, class... E>
  using Element = Widest<typename M::Policy, E...>;  ///< of the result, for operands of elements E
  template <class M, class... X>
  static constexpr Index saved_state = 0;              ///< bytes per sample that forward notes for backward
  static constexpr bool saved_state_optional = false;  ///< forward does without when no backward follows
  template <class M, class... X>
  static constexpr Index forward_scratch = 0;  ///< bytes per sample
  template <class M, class... X>
  static constexpr Index frozen_scratch = 0;  ///< instead of forward_scratch when no backward follows
  template <class M, class... X>
  static constexpr Index backward_scratch = 0;
  template <class M, class... X>
  static constexpr Index overwriting_scratch = -1;  ///< when backward may overwrite dy; -1 if it never may.
                                                    ///< Ignored where dx is dy itself
  template <class M, class... X>
  static constexpr unsigned in_place = 0;  ///< bit k: then dx(k) may lie on dy, which is read first
  template <class M, class... X>
  static constexpr Index flops = 0;  ///< of the forward pass, per sample
  template <class M, class... X>
  static constexpr WorkspaceSize workspace{};
  static constexpr bool repeats = false;  ///< has a program inside, which makes the gradients of the parameters
  template <class M, class... X>
  static constexpr const Graph* inner = nullptr;  ///< that program
};

namespace detail {
/// Whether y[0 ... count), which lies in `MemorySpace`, has finite numbers alone.
template <class MemorySpace, class T>
[[gnu::cold]] bool all_finite(Index count, const T* y) {
  HostWindow<MemorySpace> window;
  y = window.read(y, count);
  for (Index i = 0; i < count; ++i)
    if (!is_finite(static_cast<double>(y[i]))) return false;
  return true;
}

template <class M, class Op, class... V>
struct Thunks {
  static void forward(const Execution& execution, const Node& node) {
    Op::forward(ForwardCall<M, Op, V...>(execution, node));
  }
  static void backward(const Execution& execution, const Node& node) {
    const BackwardCall<M, Op, V...> call(execution, node);
    Op::backward(call);
    if (!Op::repeats && execution.sink) give_gradients<typename M::Policy::Parameter>(execution, node);
  }
  static void recompute(const Execution& execution, const Node& node) {
    Op::recompute(ForwardCall<M, Op, V...>(execution, node));
  }
  [[gnu::cold]] static NonFinite find_non_finite(const Execution& execution, const Node& node) {
    const ForwardCall<M, Op, V...> call(execution, node);
    if constexpr (requires { Op::find_non_finite(call); }) {
      return Op::find_non_finite(call);
    } else {
      forward(execution, node);
      const Index count = execution.batch * ForwardCall<M, Op, V...>::Result::count;
      return {!all_finite<typename M::Policy::MemorySpace>(count, call.y()), node.parameters[0], node.name};
    }
  }
};

/// What the types alone say of an operation: its kernels, what it keeps, the bytes it needs.
template <class Op, class M, class... V>
constexpr void describe(Node& node, WorkspaceSize& workspace) {
  using T = Thunks<M, Op, V...>;
  node.forward = &T::forward;
  node.find_non_finite = &T::find_non_finite;
  if constexpr (M::Recompute::backward) {
    node.backward = &T::backward;
    if constexpr (Op::cheap && requires(const ForwardCall<M, Op, V...>& call) { Op::recompute(call); })
      node.recompute = &T::recompute;
    else if constexpr (Op::cheap) node.recompute = node.forward;
  }
  node.keep = Op::keep;
  node.cheap = Op::cheap;
  node.recompute_reads = Op::recompute_reads;
  node.saved_state_bytes = align_up(Op::template saved_state<M, typename V::Shape...>);
  node.saved_state_optional = Op::saved_state_optional;
  node.forward_scratch = align_up(Op::template forward_scratch<M, typename V::Shape...>);
  node.frozen_scratch = align_up(Op::template frozen_scratch<M, typename V::Shape...>);
  node.backward_scratch = align_up(Op::template backward_scratch<M, typename V::Shape...>);
  node.overwriting_scratch = Op::template overwriting_scratch<M, typename V::Shape...>;
  if (node.overwriting_scratch > 0) node.overwriting_scratch = align_up(node.overwriting_scratch);
  for (std::size_t k = 0; k < sizeof...(V); ++k)
    node.in_place[k] = Op::template in_place<M, typename V::Shape...> >> k & 1u;
  static_assert(Op::template in_place<M, typename V::Shape...> == 0 ||
                    Op::template overwriting_scratch<M, typename V::Shape...> >= 0,
                "mae: an operation with in_place says what overwriting_scratch it needs");
  node.flops = Op::template flops<M, typename V::Shape...>;
  node.repeats = Op::repeats;
  node.inner = Op::template inner<M, typename V::Shape...>;
  workspace = workspace | Op::template workspace<M, typename V::Shape...>;
}

template <class Op, class M, class... V, class... P>
constexpr auto record(const std::tuple<V...>& operands, const P&... parameters) {
  static_assert(sizeof...(V) <= max_inputs && sizeof...(P) <= max_parameters);
  using Result = typename Op::template Output<typename V::Shape...>;
  using E = typename Op::template Element<M, typename V::Element...>;
  Tracer* const tracer = std::get<0>(operands).tracer;
  Node node;
  node.name = Op::name;
  if constexpr (Kernels<typename M::Policy>::available) describe<Op, M, V...>(node, tracer->graph.workspace);
  std::apply(
      [&](const auto&... operand) {
        ((node.stopped[node.input_count] = operand.stopped, node.inputs[node.input_count++] = operand.id), ...);
      },
      operands);
  for (int k = 0; k < node.input_count; ++k) {
    node.differentiable[k] = !(Op::non_differentiable >> k & 1u);
    node.identity_gradient[k] = Op::identity_gradient >> k & 1u;
  }
  int k = 0;
  ((node.trained[k] = P::trained, node.parameter_counts[k] = P::count, node.parameters[k++] = parameters.offset), ...);
  for (int j = 0; j < k; ++j)
    if (node.parameters[j] < 0) {
      tracer->graph.error = TraceError::unlisted_parameter;
      node.parameters[j] = 0;
    }
  return Value<M, Result, E>{tracer, tracer->template add_node<Result, E>(node)};
}
}  // namespace detail

template <class X>
concept ParameterLike = std::is_base_of_v<ParameterBase, X>;

/// Records one operation: one to three expressions, then its parameters. Gives the value of the result.
template <class Op, Expression X, ParameterLike... P>
constexpr auto apply(const X& x, const P&... parameters) {
  return detail::record<Op, typename X::Mode>(std::tuple(x.eval()), parameters...);
}
template <class Op, Expression X, Expression Y, ParameterLike... P>
constexpr auto apply(const X& x, const Y& y, const P&... parameters) {
  auto a = x.eval();
  auto b = y.eval();
  return detail::record<Op, typename X::Mode>(std::tuple(a, b), parameters...);
}
template <class Op, Expression X, Expression Y, Expression Z, ParameterLike... P>
constexpr auto apply(const X& x, const Y& y, const Z& z, const P&... parameters) {
  auto a = x.eval();
  auto b = y.eval();
  auto c = z.eval();
  return detail::record<Op, typename X::Mode>(std::tuple(a, b, c), parameters...);
}

}  // namespace mae
MAE_PRECISE_END
