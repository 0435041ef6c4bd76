// Gradients without memory of their own: what a program must be like, and how much room one operation needs.
//
// Backward makes the gradient of a parameter in one operation, after which nothing reads the old weights any more: what
// follows belongs to earlier layers. So a weight can be updated right there (`GradientSink` in graph.hpp,
// `optim/in_backward.hpp`), and the same memory takes the next gradient. This needs parameters that only one
// operation uses. Of ViT-B/16, 448 MB of gradients become 9.
#pragma once
#include <mae/autograd/plan/graph.hpp>
#include <mae/autograd/trace/parameter.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The most elements that the gradients of one operation take, side by side.
constexpr Index largest_gradient(const Graph& graph) {
  Index largest = 0;
  for (int i = 0; i < graph.node_count; ++i) {
    const Node& n = graph.nodes[i];
    Index size = n.repeats ? largest_gradient(*n.inner) : 0;
    for (int k = 0; k < max_parameters && !n.repeats; ++k) size += detail::round_up(n.parameter_counts[k]);
    largest = n.runs_backward && size > largest ? size : largest;
  }
  return largest;
}

/// Whether an operation uses a parameter, or a part of one, that another operation trains.
constexpr bool shares_parameters(const Graph& graph) {
  auto trained_and_read = [](const Node& a, int k, const Node& b, int j) {
    return a.runs_backward && a.trained[k] && a.parameters[k] < b.parameters[j] + b.parameter_counts[j] &&
           b.parameters[j] < a.parameters[k] + a.parameter_counts[k];
  };
  for (int i = 0; i < graph.node_count; ++i) {
    const Node& n = graph.nodes[i];
    if (n.repeats && n.runs_backward && shares_parameters(*n.inner)) return true;
    for (int other = 0; other < graph.node_count; ++other)
      for (int k = 0; k < max_parameters; ++k)
        for (int j = 0; j < max_parameters; ++j)
          if ((i != other || k != j) && trained_and_read(n, k, graph.nodes[other], j)) return true;
  }
  return false;
}

}  // namespace mae
MAE_PRECISE_END
