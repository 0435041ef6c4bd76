// The tracer writes down what a model's `operator()` does, while it runs, on symbols.
//
// During constant evaluation it only records. With an `EagerRunner` attached it also runs every operation as it is
// recorded, so that the very same model code computes numbers that can be printed (`eager.hpp`).
#pragma once
#include <mae/autograd/plan/graph.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Runs operations as they are recorded.
struct EagerRunner {
  virtual void run(Node node, const GraphValue& result) = 0;

 protected:
  ~EagerRunner() = default;
};

class Tracer {
 public:
  Graph& graph;
  EagerRunner* eager = nullptr;

  /// Writes to `to`, or counts only where that has no memory.
  constexpr explicit Tracer(Graph& to) : graph(to) {}

  /// A slot that remembers the value of a named expression, so that it is computed once.
  constexpr int new_memo() {
    if (memo_count_ < memo_capacity) return memo_count_++;
    graph.error = TraceError::too_large;
    return memo_capacity - 1;
  }
  constexpr int& memo(int slot) { return memos_[slot]; }

  template <class S, class E>
  constexpr int add_value(int maker, int external, bool gradient = false) {
    return keep(graph.values, graph.value_count, value<S, E>(maker, external, gradient));
  }

  /// Records `node` with a result of shape S and element E; runs it if eager. Returns the result's number.
  template <class S, class E>
  constexpr int add_node(Node node) {
    const GraphValue result = value<S, E>(graph.node_count, nowhere, false);
    node.output = keep(graph.values, graph.value_count, result);
    keep(graph.nodes, graph.node_count, node);
    if (eager) eager->run(node, result);
    return node.output;
  }

 private:
  template <class S, class E>
  static constexpr GraphValue value(int maker, int external, bool gradient) {
    GraphValue value;
    value.bytes = align_up(S::count * Index{sizeof(E)});
    value.maker = maker;
    value.external = external;
    value.gradient = gradient;
    value.rank = static_cast<int>(S::rank);
    for (Index k = 0; k < S::rank; ++k) value.extent[k] = S::extent(k);
    value.element_bytes = sizeof(E);
    return value;
  }
  /// Puts `item` behind the `count` items of `list`. Returns its number.
  template <class T>
  constexpr int keep(T* list, int& count, const T& item) {
    if (count == Graph::capacity) {
      graph.error = TraceError::too_large;
      --count;
    }
    if (list) list[count] = item;
    return count++;
  }

  static constexpr int memo_capacity = 4 * Graph::capacity;
  int memos_[memo_capacity] = {};
  int memo_count_ = 0;
};

}  // namespace mae
MAE_PRECISE_END
