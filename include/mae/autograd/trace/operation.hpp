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
#include <tuple>
#include <vector>

#include <mae/autograd/trace/parameter.hpp>
#include <mae/autograd/trace/value.hpp>
#include <mae/backend/buffer.hpp>
#include <mae/core/finite.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// `keep = keep_input(0) | keep_input(1) | keep_result`: what an operation's backward reads besides the gradient.
constexpr unsigned keep_input(int k) { return 1u << k; }
inline constexpr unsigned keep_nothing = 0, keep_result = 1u << keeps_output;

/// Names of operands: `f.x(first)`.
inline constexpr std::integral_constant<int, 0> first;
inline constexpr std::integral_constant<int, 1> second;
inline constexpr std::integral_constant<int, 2> third;

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

/// A gradient to be written: `add(i, g)` is `=` or `+=`, as the plan says. `wanted()` is false if nobody reads it.
template <class T, class A>
struct GradientTarget {
  T* data;
  bool accumulate;
  MAE_HOST_DEVICE bool wanted() const { return data != nullptr; }
  MAE_HOST_DEVICE void add(Index i, A gradient) const { data[i] = T(accumulate ? A(data[i]) + gradient : gradient); }
};

/// What both halves of an operation see: sizes, operands, parameters, memory.
template <class M, class Op, class... V>
class Call {
 public:
  using Mode = M;
  using Policy = typename M::Policy;
  using Kernels = mae::Kernels<Policy>;
  using W = typename Policy::Parameter;
  using A = typename Policy::Accumulator;
  using Result = typename Op::template Output<typename V::Shape...>;
  using T = typename Op::template Element<M, typename V::Element...>;  ///< of the result
  static constexpr int operands = sizeof...(V);
  template <int k>
  using Operand = std::tuple_element_t<static_cast<std::size_t>(k), std::tuple<V...>>;

  Call(const Execution& execution, const Node& node) : execution_(execution), node_(node) {}

  Index batch() const { return execution_.batch; }
  const Context& context() const { return execution_.context; }
  const Workspace& workspace() const { return execution_.workspace; }
  const Execution& execution() const { return execution_; }
  const Node& node() const { return node_; }
  const W* parameter(int k) const { return static_cast<const W*>(execution_.weights) + node_.parameters[k]; }
  /// The bytes asked for by `saved_state`.
  A* saved_state() const { return execution_.template at<A>(node_.saved_state); }
  /// Calls f(i) for every element of the result, in parallel.
  template <class F>
  void each(const F& f) const {
    Kernels::each(batch() * Result::count, f);
  }

 protected:
  const Execution& execution_;
  const Node& node_;
};

namespace detail {
template <class W>
W* gradient(const Execution& execution, const Node& node, int k) {
  const Index side_by_side = k == 0 ? 0 : round_up(node.parameter_counts[0]);
  if (!node.trained[k]) return nullptr;
  return static_cast<W*>(execution.gradients) + (execution.sink ? side_by_side : node.parameters[k]);
}
/// Hands the gradients of an operation's parameters to the sink.
template <class W>
[[gnu::noinline]] void give_gradients(const Execution& execution, const Node& node) {
  for (int k = 0; k < max_parameters; ++k)
    if (node.trained[k])
      execution.sink->take(static_cast<const W*>(execution.weights) + node.parameters[k], node.parameter_counts[k],
                           gradient<W>(execution, node, k));
}
}  // namespace detail

template <class M, class Op, class... V>
struct ForwardCall : Call<M, Op, V...> {
  using Base = Call<M, Op, V...>;
  using Base::Base;
  template <int k>
  auto x(std::integral_constant<int, k>) const {
    const Location place = this->execution_.backward_phase ? this->node_.x_backward[k] : this->node_.x[k];
    return this->execution_.template at<const typename Base::template Operand<k>::Element>(place);
  }
  auto y() const {
    return this->execution_.template at<typename Base::T>(this->execution_.backward_phase ? this->node_.y_backward
                                                                                          : this->node_.y);
  }
  char* temporary() const { return this->execution_.template at<char>(this->node_.forward_temporary); }
};

template <class M, class Op, class... V>
struct BackwardCall : Call<M, Op, V...> {
  using Base = Call<M, Op, V...>;
  using Base::Base;
  template <int k>
  auto x(std::integral_constant<int, k>) const {
    static_assert(Op::keep & keep_input(k), "mae: backward reads an operand that the operation's `keep` does not name");
    return this->execution_.template at<const typename Base::template Operand<k>::Element>(this->node_.x_backward[k]);
  }
  auto y() const {
    static_assert(Op::keep & keep_result,
                  "mae: backward reads the result, but the operation's `keep` lacks keep_result");
    return this->execution_.template at<const typename Base::T>(this->node_.y_backward);
  }
  auto dy() const { return this->execution_.template at<const typename Base::T>(this->node_.dy); }
  /// The memory of dy, if backward may overwrite it (`overwriting_scratch`), else null.
  auto own_dy() const {
    return this->node_.may_overwrite_dy ? this->execution_.template at<typename Base::T>(this->node_.dy) : nullptr;
  }
  template <int k>
  GradientTarget<typename Base::template Operand<k>::Element, typename Base::A> dx(
      std::integral_constant<int, k>) const {
    using E = typename Base::template Operand<k>::Element;
    return {this->node_.wants[k] ? this->execution_.template at<E>(this->node_.dx[k]) : nullptr,
            this->node_.accumulates[k]};
  }
  /// The gradient of parameter k, to be added to; null if it is frozen. Those that a sink takes stand side by side.
  auto gradient(int k) const { return detail::gradient<typename Base::W>(this->execution_, this->node_, k); }
  char* temporary() const { return this->execution_.template at<char>(this->node_.backward_temporary); }
  /// dx(k) is dy: nothing to do where the plan gave both one buffer.
  template <int k>
  void pass(std::integral_constant<int, k> operand) const {
    const auto to = dx(operand);
    const auto from = dy();
    if (to.wanted() && static_cast<const void*>(to.data) != from)
      this->each([=] MAE_HOST_DEVICE(Index i) { to.add(i, typename Base::A(from[i])); });
  }
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
    const ForwardCall<M, Op, V...> call(execution, node);
    if constexpr (requires { Op::recompute(call); }) Op::recompute(call);
    else Op::forward(call);
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
    if constexpr (Op::cheap) node.recompute = &T::recompute;
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
