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
  virtual void run(Node node) = 0;

 protected:
  ~EagerRunner() = default;
};

class Tracer {
 public:
  Graph graph;
  EagerRunner* eager = nullptr;

  /// A slot that remembers the value of a named expression, so that it is computed once.
  constexpr int new_memo() {
    if (memo_count_ < memo_capacity) return memo_count_++;
    graph.error = TraceError::too_large;
    return memo_capacity - 1;
  }
  constexpr int& memo(int slot) { return memos_[slot]; }

  template <class S, class E>
  constexpr int add_value(int maker, int external) {
    if (graph.value_count == Graph::capacity) {
      graph.error = TraceError::too_large;
      graph.value_count = Graph::capacity - 1;
    }
    GraphValue& value = graph.values[graph.value_count];
    value = {};
    value.bytes = align_up(S::count * Index{sizeof(E)});
    value.maker = maker;
    value.external = external;
    value.rank = static_cast<int>(S::rank);
    for (Index k = 0; k < S::rank; ++k) value.extent[k] = S::extent(k);
    value.element_bytes = sizeof(E);
    return graph.value_count++;
  }

  /// Records `node` with a result of shape S and element E; runs it if eager. Returns the result's number.
  template <class S, class E>
  constexpr int add_node(Node node) {
    node.output = add_value<S, E>(graph.node_count, nowhere);
    if (graph.node_count == Graph::capacity) {
      graph.error = TraceError::too_large;
      graph.node_count = Graph::capacity - 1;
    }
    graph.nodes[graph.node_count++] = node;
    if (eager) eager->run(node);
    return node.output;
  }

 private:
  static constexpr int memo_capacity = 4 * Graph::capacity;
  int memos_[memo_capacity] = {};
  int memo_count_ = 0;
};

}  // namespace mae
MAE_PRECISE_END
