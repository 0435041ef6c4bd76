// The planner: decides at compile time where every buffer lies.
//
// It is ordinary code over the arrays of a `Graph`, in passes that can be read one by one. `selection.hpp` says what is
// computed and kept. Two buffers may share bytes if they are never alive together; "when" is the number of a forward or
// backward step. `pack.hpp` gives them offsets.
// `verify.hpp` runs every finished plan on symbols and must agree.
#pragma once
#include <mae/autograd/plan/pack.hpp>
#include <mae/autograd/plan/selection.hpp>
#include <mae/autograd/plan/work_array.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

template <class Recompute>
class Planner {
 public:
  constexpr explicit Planner(Graph& graph) : g(graph), step_of(graph.node_count) {}
  constexpr void run() {
    Selection<Recompute>(g).run();
    place_saved();
    place_forward();
    schedule_backward();
    share_gradients();
    place_backward();
    write_locations();
  }

 private:
  static constexpr int never = 1 << 20;
  Graph& g;
  WorkArray<int> step_of;  // the backward step of a node
  int group_count = 0;

  constexpr bool is_input(int v) const { return g.values[v].external >= input; }

  constexpr void place_saved() {
    for (int v = 0; v < g.value_count; ++v) {
      GraphValue& value = g.values[v];
      if (value.external) value.forward = value.backward = {value.external, 0};
      else if (value.kept && !value.recomputed) value.forward = value.backward = save(value.bytes);
    }
    for (int i = 0; i < g.node_count; ++i)
      if (g.nodes[i].runs_backward && g.nodes[i].saved_state_bytes)
        g.nodes[i].saved_state = save(g.nodes[i].saved_state_bytes);
  }
  constexpr Location save(Index bytes) {
    const Location place{saved, g.saved_bytes};
    g.saved_bytes += bytes;
    return place;
  }

  constexpr void place_forward() {
    WorkArray<PlannedBuffer> buffers(g.value_count + 2 * g.node_count);
    WorkArray<int> last_read(g.value_count);
    int count = 0;
    for (int i = 0; i < g.node_count; ++i) {
      last_read[g.nodes[i].output] = i;
      for (int k = 0; k < g.nodes[i].input_count; ++k) last_read[g.nodes[i].inputs[k]] = i;
    }
    for (int v = 0; v < g.value_count; ++v) {
      GraphValue& value = g.values[v];
      if (value.dead || value.forward.region != nowhere) continue;
      buffers[count++] = {value.bytes, value.maker, last_read[v], &value.forward};
    }
    for (int i = 0; i < g.node_count; ++i) {
      Node& n = g.nodes[i];
      if (n.forward_scratch) buffers[count++] = {n.forward_scratch, i, i, &n.forward_temporary};
      if (n.saved_state_bytes && !n.runs_backward) buffers[count++] = {n.saved_state_bytes, i, i, &n.saved_state};
    }
    g.scratch_bytes = pack(buffers.data(), count);
  }

  /// Nodes in reverse; a recomputation stands right before its first reader.
  constexpr void schedule_backward() {
    WorkArray<bool> made(g.value_count);
    auto need = [&](int v) {
      if (!g.values[v].recomputed || made[v]) return;
      made[v] = true;
      g.steps[g.step_count++] = {g.values[v].maker, true};
    };
    for (int i = g.node_count - 1; i >= 0; --i) {
      const Node& n = g.nodes[i];
      if (!n.runs_backward) continue;
      for (int k = 0; k < n.input_count; ++k)
        if (n.keep >> k & 1u) need(n.inputs[k]);
      if (n.keep >> keeps_output & 1u) need(n.output);
      step_of[i] = g.step_count;
      g.steps[g.step_count++] = {i, false};
    }
  }

  /// The step at which the finished gradient of v is read.
  constexpr int read_at(int v) const { return is_input(v) ? never : step_of[g.values[v].maker]; }

  /// One buffer a gradient; but where an operand's gradient is the result's own (`identity_gradient`), both share one
  /// if no later write through one of them can reach another that is still to be read. So a residual stream needs a
  /// single buffer. A gradient that nobody reads after node i is left to it (`may_overwrite_dy`), as scratch or for an
  /// operand's gradient.
  constexpr void share_gradients() {
    WorkArray<bool> written(g.value_count);
    g.values[g.result].group = group_count++;
    written[g.result] = true;
    for (int i = g.node_count - 1; i >= 0; --i) {
      Node& n = g.nodes[i];
      n.may_overwrite_dy = n.runs_backward && n.overwriting_scratch >= 0 && reads_gradient_last(i);
      bool dy_is_free = n.may_overwrite_dy;
      for (int k = 0; k < n.input_count; ++k) {
        if (!n.wants[k]) continue;
        const int v = n.inputs[k];
        n.accumulates[k] = written[v];
        if (written[v]) continue;
        written[v] = true;
        const bool same_place = n.identity_gradient[k] || (dy_is_free && n.in_place[k]);
        const bool shared = same_place && may_share(i, v);
        g.values[v].group = shared ? g.values[n.output].group : group_count++;
        dy_is_free = dy_is_free && !shared;
      }
    }
  }
  /// Whether the gradient that node i reads is of no use after it: nobody else reads it, and it is passed on to nobody.
  constexpr bool reads_gradient_last(int i) const {
    const Node& n = g.nodes[i];
    for (int k = 0; k < n.input_count; ++k)
      if (n.wants[k] && n.identity_gradient[k]) return false;
    for (int u = 0; u < g.value_count; ++u)
      if (g.values[u].group == g.values[n.output].group && read_at(u) > step_of[i]) return false;
    return true;
  }
  constexpr bool may_share(int i, int v) const {
    const Node& n = g.nodes[i];
    const GraphValue &x = g.values[v], &y = g.values[n.output];
    if (x.bytes != y.bytes || x.element_bytes != y.element_bytes) return false;
    int uses = 0;
    for (int k = 0; k < n.input_count; ++k) uses += n.inputs[k] == v;
    if (uses > 1) return false;
    auto member = [&](int u) { return u == v || g.values[u].group == g.values[n.output].group; };
    for (int u = 0; u < g.value_count; ++u)  // the gradient of a second program input needs a buffer of its own
      if (u != v && member(u) && is_input(u) && is_input(v)) return false;
    for (int j = 0; j < i; ++j)
      for (int k = 0; k < g.nodes[j].input_count; ++k) {
        const int through = g.nodes[j].inputs[k];
        if (!g.nodes[j].wants[k] || !member(through)) continue;
        for (int u = 0; u < g.value_count; ++u)  // u is read at or after the write of step j: it would see garbage
          if (u != through && member(u) && read_at(u) > step_of[i] && read_at(u) >= step_of[j]) return false;
      }
    return true;
  }

  constexpr void place_backward() {
    WorkArray<PlannedBuffer> buffers(group_count + g.value_count + g.node_count);
    WorkArray<Location> places(group_count);
    int count = 0;
    for (; count < group_count; ++count) buffers[count] = {0, never, -1, &places[count]};
    places[0] = {seed, 0};
    for (int v = 0; v < g.value_count; ++v) {
      if (g.values[v].group < 0) continue;
      PlannedBuffer& buffer = buffers[g.values[v].group];
      buffer.bytes = g.values[v].bytes;
      buffer.to = read_at(v) > buffer.to ? read_at(v) : buffer.to;
      if (is_input(v) && buffer.where->region == nowhere)
        *buffer.where = {g.values[v].external - input + input_gradient, 0};
    }
    for (int i = 0; i < g.node_count; ++i)
      for (int k = 0; k < g.nodes[i].input_count; ++k)
        if (g.nodes[i].wants[k]) {
          PlannedBuffer& buffer = buffers[g.values[g.nodes[i].inputs[k]].group];
          buffer.from = step_of[i] < buffer.from ? step_of[i] : buffer.from;
        }
    int packed = 0;  // those in a region of their own need no place
    for (int group = 0; group < group_count; ++group)
      if (places[group].region == nowhere) buffers[packed++] = buffers[group];
    count = add_recomputed(buffers.data(), packed);
    for (int i = 0; i < g.node_count; ++i)
      if (const Index size = g.nodes[i].scratch_of_backward(); g.nodes[i].runs_backward && size)
        buffers[count++] = {size, step_of[i], step_of[i], &g.nodes[i].backward_temporary};
    const Index bytes = pack(buffers.data(), count);
    g.scratch_bytes = bytes > g.scratch_bytes ? bytes : g.scratch_bytes;
    for (int i = 0; i < g.node_count; ++i) {
      Node& n = g.nodes[i];
      for (int k = 0; k < n.input_count; ++k)
        if (n.wants[k]) n.dx[k] = places[g.values[n.inputs[k]].group];
      if (n.runs_backward) n.dy = places[g.values[n.output].group];
    }
  }
  /// Recomputed results live from the step that makes them to the last that reads them. Returns the new count.
  constexpr int add_recomputed(PlannedBuffer* buffers, int count) {
    WorkArray<int> made(g.value_count), last_read(g.value_count);
    for (int s = 0; s < g.step_count; ++s) {
      const Node& n = g.nodes[g.steps[s].node];
      if (g.steps[s].recompute) made[n.output] = s;
      for (int k = 0; k < n.input_count && !g.steps[s].recompute; ++k)
        if (n.keep >> k & 1u) last_read[n.inputs[k]] = s;
      if (!g.steps[s].recompute && (n.keep >> keeps_output & 1u)) last_read[n.output] = s;
    }
    for (int v = 0; v < g.value_count; ++v)
      if (g.values[v].recomputed) buffers[count++] = {g.values[v].bytes, made[v], last_read[v], &g.values[v].backward};
    return count;
  }

  constexpr void write_locations() {
    for (int i = 0; i < g.node_count; ++i) {
      Node& n = g.nodes[i];
      for (int k = 0; k < n.input_count; ++k) {
        n.x[k] = g.values[n.inputs[k]].forward;
        n.x_backward[k] = g.values[n.inputs[k]].backward;
      }
      n.y = g.values[n.output].forward;
      n.y_backward = g.values[n.output].backward;
    }
  }
};

}  // namespace detail

/// Fills in everything that the tracer left open in `graph`, under the policy `Recompute`.
template <class Recompute>
constexpr void plan(Graph& graph) {
  detail::Planner<Recompute>(graph).run();
}

}  // namespace mae
MAE_PRECISE_END
