// What an operation's forward and backward are called with: sizes, operands, parameters, and memory.
//
// A call knows types and shapes at compile time, and at run time the node of the graph and where the step's memory is.
// `f.x(first)` is the address of the first operand wherever the plan put it, `f.y()` that of the result, `f.dx(first)`
// and `f.dy()` are those of their gradients. What backward may read is what the operation's `keep` names: anything else
// the planner may have overwritten.
#pragma once
#include <tuple>
#include <type_traits>

#include <mae/autograd/plan/graph.hpp>
#include <mae/autograd/trace/parameter.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// `keep = keep_input(0) | keep_input(1) | keep_result`: what an operation's backward reads besides the gradient.
constexpr unsigned keep_input(int k) { return 1u << k; }
inline constexpr unsigned keep_nothing = 0, keep_result = 1u << keeps_output;

/// Names of operands: `f.x(first)`.
inline constexpr std::integral_constant<int, 0> first;
inline constexpr std::integral_constant<int, 1> second;
inline constexpr std::integral_constant<int, 2> third;

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
/// to.add(i, from[i]) for every i in [0, count): one function for all operations, whatever their shapes.
template <class Kernels, class From, class T, class A>
[[gnu::noinline]] void add_all(Index count, const From* from, GradientTarget<T, A> to) {
  Kernels::each(count, [=] MAE_HOST_DEVICE(Index i) { to.add(i, A(from[i])); });
}
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
      detail::add_all<typename Base::Kernels>(this->batch() * Base::Result::count, from, to);
  }
};

}  // namespace mae
MAE_PRECISE_END
