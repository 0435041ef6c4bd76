// What of a traced graph runs, forward and backward, and what the forward pass keeps for the backward pass.
//
// Four passes over the arrays of a `Graph`: operations whose result nobody uses go; gradients are followed from the
// result back to what is trained; what is kept is what a backward that runs has asked for; and of that, the policy
// (`recompute.hpp`) has some computed again. `plan.hpp` then finds a place for each.
#pragma once
#include <mae/autograd/plan/recompute.hpp>
#include <mae/autograd/plan/work_array.hpp>

MAE_PRECISE_BEGIN
namespace mae::detail {

template <class Recompute>
class Selection {
 public:
  constexpr explicit Selection(Graph& graph) : g(graph) {}
  constexpr void run() {
    remove_dead_nodes();
    follow_gradients();
    settle_frozen();
    choose_kept();
  }

 private:
  Graph& g;

  constexpr Node& maker(int v) { return g.nodes[g.values[v].maker]; }

  /// Drops operations whose result nobody uses. Values keep their numbers, nodes close ranks.
  constexpr void remove_dead_nodes() {
    WorkArray<bool> alive(g.value_count);
    alive[g.result] = true;
    for (int i = g.node_count - 1; i >= 0; --i)
      if (alive[g.nodes[i].output])
        for (int k = 0; k < g.nodes[i].input_count; ++k) alive[g.nodes[i].inputs[k]] = true;
    int count = 0;
    for (int i = 0; i < g.node_count; ++i) {
      GraphValue& result = g.values[g.nodes[i].output];
      result.dead = !alive[g.nodes[i].output];
      if (result.dead) continue;
      result.maker = count;
      g.nodes[count++] = g.nodes[i];
    }
    g.node_count = count;
  }

  /// Which nodes must run backward: those between something trained and the result, where no gradient is stopped.
  constexpr void follow_gradients() {
    for (int v = 0; v < g.value_count; ++v)
      g.values[v].trainable = g.values[v].external >= input && g.values[v].gradient;
    for (int i = 0; i < g.node_count; ++i) {
      Node& n = g.nodes[i];
      bool any = false;
      for (int k = 0; k < max_parameters; ++k) any = any || n.trained[k];
      for (int k = 0; k < n.input_count; ++k)
        any = any || (g.values[n.inputs[k]].trainable && n.differentiable[k] && !n.stopped[k]);
      g.values[n.output].trainable = any;
    }
    g.values[g.result].needs_gradient = Recompute::backward && !g.result_stopped;
    for (int i = g.node_count - 1; i >= 0; --i) {
      Node& n = g.nodes[i];
      n.runs_backward = g.values[n.output].needs_gradient && g.values[n.output].trainable;
      for (int k = 0; k < n.input_count; ++k) {
        GraphValue& x = g.values[n.inputs[k]];
        n.wants[k] = n.runs_backward && x.trainable && n.differentiable[k] && !n.stopped[k];
        x.needs_gradient = x.needs_gradient || n.wants[k];
      }
    }
  }

  /// A node without a backward keeps no notes for it.
  constexpr void settle_frozen() {
    for (int i = 0; i < g.node_count; ++i) {
      Node& n = g.nodes[i];
      if (n.runs_backward) continue;
      if (n.saved_state_optional) n.saved_state_bytes = 0;
      if (n.frozen_scratch) n.forward_scratch = n.frozen_scratch;
    }
  }

  constexpr void choose_kept() {
    for (int i = 0; i < g.node_count; ++i) {
      const Node& n = g.nodes[i];
      if (!n.runs_backward) continue;
      for (int k = 0; k < n.input_count; ++k)
        if (n.keep >> k & 1u) g.values[n.inputs[k]].kept = true;
      if (n.keep >> keeps_output & 1u) g.values[n.output].kept = true;
    }
    for (int v = 0; v < g.value_count; ++v) {
      GraphValue& value = g.values[v];
      if (!value.kept || value.external || value.dead || !Recompute::recompute(maker(v))) continue;
      const Node& n = maker(v);
      const bool has_notes = n.saved_state_bytes > 0 || n.saved_state_optional;  // kept only if the node runs backward
      bool possible = n.cheap && n.forward_scratch == 0 && (n.runs_backward || !has_notes);
      for (int k = 0; k < n.input_count; ++k) {
        const GraphValue& x = g.values[n.inputs[k]];
        possible = possible && (!(n.recompute_reads >> k & 1u) || x.external || (x.kept && !x.recomputed));
      }
      value.recomputed = possible;
    }
  }
};

}  // namespace mae::detail
MAE_PRECISE_END
