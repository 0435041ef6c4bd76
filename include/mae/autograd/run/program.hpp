// A program: a model traced and planned by the compiler, ready to run.
//
// `Program<Model, Cpu<float>, KeepAll>` runs the model's `operator()` once during compilation on symbolic inputs,
// plans the memory, proves the plan, and offers `forward` and `backward`: straight lines of direct calls with constant
// offsets. The numbers of the plan are constants: `static_assert(P::saved_bytes < 90'000'000)` is legal.
#pragma once
#include <mae/autograd/plan/plan.hpp>
#include <mae/autograd/plan/verify.hpp>
#include <mae/autograd/trace/parameter.hpp>
#include <mae/autograd/trace/value.hpp>
#include <mae/backend/policy.hpp>

#include <tuple>

MAE_PRECISE_BEGIN
namespace mae {

/// `ModelType`: a module with `operator()`; `PolicyType`: who computes; `RecomputeType`: what is kept; `InputList`:
/// what goes in.
template <class ModelType, class PolicyType = Cpu<float>, class RecomputeType = KeepAll,
          class InputList = typename ModelType::Inputs>
struct Program;

template <class ModelType, class PolicyType, class RecomputeType, class... In>
struct Program<ModelType, PolicyType, RecomputeType, Inputs<In...>> {
  using Model = ModelType;
  using Policy = PolicyType;
  using Recompute = RecomputeType;
  using Inputs = mae::Inputs<In...>;

 private:
  template <class Given>
  using InputValue = Value<Mode<Policy, Recompute>, typename Given::Shape, typename Given::template Element<Policy>>;
  // The model's operator() is looked into here, as close to the user's line as can be: it keeps errors short.
  using Symbol =
      std::remove_cvref_t<decltype(std::declval<const Model&>()(std::declval<const InputValue<In>&>()...).eval())>;

  template <class Given>
  static constexpr InputValue<Given> add_input(Tracer& tracer, int k) {
    using Element = typename Given::template Element<Policy>;
    return {&tracer, tracer.template add_value<typename Given::Shape, Element>(-1, input + k, Given::gradient)};
  }
  template <std::size_t... k>
  static constexpr Symbol call(Tracer& tracer, const Model& model, std::index_sequence<k...>) {
    const std::tuple<InputValue<In>...> arguments{add_input<In>(tracer, static_cast<int>(k))...};
    return model(std::get<k>(arguments)...).eval();
  }
  static constexpr void trace(Graph& g) {
    Tracer tracer(g);
    const Model model = bound<Model>();
    const auto result = call(tracer, model, std::index_sequence_for<In...>{});
    if (!g.nodes) return;
    g.result = result.id;
    g.result_stopped = result.stopped;
    if (!Kernels<Policy>::available) g.error = TraceError::no_backend;
    if (g.error == TraceError::none && g.values[result.id].maker < 0) g.error = TraceError::no_operation;
    if (g.error != TraceError::none) return;
    g.values[result.id].external = output;
    plan<Recompute>(g);
  }
  /// The model's operator() runs twice: here to count, then to fill a graph of that size.
  struct Size {
    int nodes, values;
  };
  static constexpr Size size = [] {
    Graph counted;
    trace(counted);
    return counted.node_count > 0 ? Size{counted.node_count, counted.value_count} : Size{1, 1};
  }();

 public:
  using Result = typename Symbol::Shape;
  using ResultElement = typename Symbol::Element;
  static_assert(Kernels<Policy>::available,
                "mae: this policy's kernels are not included; Cpu needs <mae/mae.hpp>, Reference needs "
                "<mae/backend/reference.hpp>, Cuda needs <mae/mae.cuh>");

  static constexpr GraphOf<size.nodes, size.values> graph{trace};
  static_assert(graph.error != TraceError::unlisted_parameter,
                "mae: a parameter or module used in operator() is not listed in MAE_MODULE");
  static_assert(graph.error != TraceError::too_large,
                "mae: more than 256 operations in one program; put a part of the model into a Repeat");
  static_assert(graph.error != TraceError::no_operation, "mae: operator() returns one of its inputs unchanged");
  static_assert(graph.error != TraceError::none || verified(graph, Recompute::backward),
                "mae: the planner made a plan that is not sound");

  /// Bytes per sample between forward and backward, and of reused scratch memory.
  static constexpr Index saved_bytes = graph.saved_bytes, scratch_bytes = graph.scratch_bytes;
  /// Floating-point operations of the forward pass, per sample; backward takes about twice as many.
  static constexpr Index flops = [] {
    Index sum = 0;
    for (int i = 0; i < graph.node_count; ++i) sum += graph.nodes[i].flops;
    return sum;
  }();

  static void forward(Execution execution) {
    execution.backward_phase = false;
    [&]<std::size_t... i>(std::index_sequence<i...>) { (graph.nodes[i].forward(execution, graph.nodes[i]), ...); }
    (std::make_index_sequence<static_cast<std::size_t>(graph.node_count)>{});
  }
  static void backward(Execution execution) {
    execution.backward_phase = true;
    [&]<std::size_t... s>(std::index_sequence<s...>) {
      (step<graph.steps[s].node, graph.steps[s].recompute>(execution), ...);
    }
    (std::make_index_sequence<static_cast<std::size_t>(graph.step_count)>{});
  }
  /// Runs forward one operation at a time and names the first whose result is not finite.
  static NonFinite find_non_finite(Execution execution) {
    execution.backward_phase = false;
    Index last = -1;
    for (int i = 0; i < graph.node_count; ++i) {
      NonFinite fault = graph.nodes[i].find_non_finite(execution, graph.nodes[i]);
      if (fault.found && fault.parameter < 0) fault.parameter = last;  // the layer that it follows
      if (fault.found) return fault;
      if (graph.nodes[i].parameters[0] >= 0) last = graph.nodes[i].parameters[0];
    }
    return {};
  }
  /// Where the gradient of input k is after `backward`: its own region or, if the plan works in place, the seed.
  static constexpr int gradient_region(int k) {
    for (int i = 0; i < graph.node_count; ++i)
      for (int j = 0; j < graph.nodes[i].input_count; ++j)
        if (graph.nodes[i].wants[j] && graph.values[graph.nodes[i].inputs[j]].external == input + k)
          return graph.nodes[i].dx[j].region;
    return nowhere;
  }

 private:
  template <int node, bool recompute>
  static void step(const Execution& execution) {
    constexpr const Node& n = graph.nodes[node];
    if constexpr (recompute) n.recompute(execution, n);
    else n.backward(execution, n);
  }
};

}  // namespace mae
MAE_PRECISE_END
