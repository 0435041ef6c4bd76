// The verifier: runs a finished plan on symbols and checks that every operation reads what it should.
//
// A wrong plan would be a silently wrong gradient, so no program is accepted without this proof. Memory is a list of
// intervals, each with a 64-bit name for its content: value v is `content(v)`; a gradient is the sum of the names of
// its contributions, so `=` instead of `+=`, a missing or a doubled term all give another number. Writing an interval
// destroys whatever it overlaps. The check follows the plan step by step and knows nothing of how the plan was made.
#pragma once
#include <mae/autograd/plan/graph.hpp>
#include <mae/autograd/plan/work_array.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

class Verifier {
 public:
  constexpr explicit Verifier(const Graph& graph) : g(graph), cells(most_writes(graph)), gradient(graph.value_count) {
    for (int& first : first_cell) first = none;
  }
  constexpr bool run(bool has_backward) {
    check_what_runs(has_backward);
    expected_gradients();
    for (int v = 0; v < g.value_count; ++v)
      if (g.values[v].external >= input) add(g.values[v].forward, g.values[v].bytes, content(v));
    for (int i = 0; i < g.node_count && sound; ++i) forward(i);
    first_cell[scratch] = none;
    write({seed, 0}, g.values[g.result].bytes, name(1, 0, 0));
    for (int s = 0; s < g.step_count && sound; ++s)
      if (g.steps[s].recompute) recompute(g.steps[s].node);
      else backward(g.steps[s].node);
    check_what_callers_read();
    return sound;
  }

 private:
  using Name = unsigned long long;
  struct Cell {
    Index offset, bytes;
    Name content;
    int next;  // of the same region
  };
  static constexpr int none = -1;
  const Graph& g;
  WorkArray<Cell> cells;
  int count = 0, first_cell[region_count];
  WorkArray<Name> gradient;
  bool sound = true;

  /// A number that no other (kind, i, k) has, and no small sum of others either.
  static constexpr Name name(Name kind, int i, int k) {
    Name z = kind * 0x9E3779B97F4A7C15ull + static_cast<Name>(i + 1) * 0xBF58476D1CE4E5B9ull +
             static_cast<Name>(k + 1) * 0x94D049BB133111EBull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  static constexpr Name content(int v) { return name(2, v, 0); }
  static constexpr Name notes(int i) { return name(3, i, 0); }

  /// By definition: a node runs backward, once, if something trained lies before it and the result after it.
  constexpr void check_what_runs(bool has_backward) {
    WorkArray<bool> trainable(g.value_count), needs_gradient(g.value_count);
    WorkArray<int> runs(g.node_count);
    for (int v = 0; v < g.value_count; ++v) trainable[v] = g.values[v].external >= input && g.values[v].gradient;
    auto flows = [&](const Node& n, int k) { return trainable[n.inputs[k]] && n.differentiable[k] && !n.stopped[k]; };
    for (int i = 0; i < g.node_count; ++i) {
      const Node& n = g.nodes[i];
      for (int k = 0; k < max_parameters; ++k) trainable[n.output] = trainable[n.output] || n.trained[k];
      for (int k = 0; k < n.input_count; ++k) trainable[n.output] = trainable[n.output] || flows(n, k);
    }
    needs_gradient[g.result] = has_backward && !g.result_stopped;
    for (int s = 0; s < g.step_count; ++s) runs[g.steps[s].node] += g.steps[s].recompute ? 0 : 1;
    for (int i = g.node_count - 1; i >= 0; --i) {
      const Node& n = g.nodes[i];
      const bool expected = needs_gradient[n.output] && trainable[n.output];
      sound = sound && n.runs_backward == expected && runs[i] == (expected ? 1 : 0);
      for (int k = 0; k < n.input_count; ++k) {
        sound = sound && n.wants[k] == (expected && flows(n, k));
        needs_gradient[n.inputs[k]] = needs_gradient[n.inputs[k]] || n.wants[k];
      }
    }
  }

  constexpr void expected_gradients() {
    gradient[g.result] = name(1, 0, 0);
    for (int i = g.node_count - 1; i >= 0; --i)
      for (int k = 0; k < g.nodes[i].input_count; ++k)
        if (g.nodes[i].wants[k]) gradient[g.nodes[i].inputs[k]] += contribution(i, k);
  }
  constexpr Name contribution(int i, int k) const {
    return g.nodes[i].identity_gradient[k] ? gradient[g.nodes[i].output] : name(4, i, k);
  }

  /// Bytes per sample that the plan may write in a region. What the caller gave is not ours to write.
  constexpr Index room(int region) const {
    if (region == saved) return g.saved_bytes;
    if (region == scratch) return g.scratch_bytes;
    if (region == output || region == seed) return g.values[g.result].bytes;
    for (int v = 0; v < g.value_count; ++v)
      if (g.values[v].external >= input && g.values[v].external - input + input_gradient == region)
        return g.values[v].gradient ? g.values[v].bytes : 0;
    return 0;
  }
  /// Inputs, the seed, and what each node and each step write at most.
  static constexpr int most_writes(const Graph& g) {
    return g.value_count + 1 + 3 * g.node_count + (2 + max_inputs) * g.step_count;
  }
  constexpr void add(Location place, Index bytes, Name what) {
    cells[count] = {place.offset, bytes, what, first_cell[place.region]};
    first_cell[place.region] = count++;
  }
  constexpr void write(Location place, Index bytes, Name what) {
    if (bytes == 0) return;
    Cell* const all = cells.data();
    for (int* link = &first_cell[place.region]; *link != none;) {
      Cell& cell = all[*link];
      const bool overlaps = cell.offset < place.offset + bytes && place.offset < cell.offset + cell.bytes;
      if (overlaps) *link = cell.next;
      else link = &cell.next;
    }
    add(place, bytes, what);
    sound = sound && place.offset >= 0 && place.offset + bytes <= room(place.region) && place.offset % alignment == 0;
  }
  constexpr Name read(Location place) const {
    const Cell* const all = cells.data();
    for (int c = first_cell[place.region]; c != none; c = all[c].next)
      if (all[c].offset == place.offset) return all[c].content;
    return 0;
  }
  constexpr void expect(Location place, Name what) { sound = sound && read(place) == what; }

  constexpr void forward(int i) {
    const Node& n = g.nodes[i];
    write(n.forward_temporary, n.forward_scratch, name(5, i, 0));
    write(n.saved_state, n.saved_state_bytes, notes(i));
    write(n.y, g.values[n.output].bytes, content(n.output));
    for (int k = 0; k < n.input_count; ++k) expect(n.x[k], content(n.inputs[k]));  // after the writes: no overlap
    if (n.saved_state_bytes) expect(n.saved_state, notes(i));
    if (n.forward_scratch) expect(n.forward_temporary, name(5, i, 0));
  }
  constexpr void recompute(int i) {
    const Node& n = g.nodes[i];
    sound = sound && n.cheap && n.forward_scratch == 0 && (n.runs_backward || !n.saved_state_optional);
    write(n.y_backward, g.values[n.output].bytes, content(n.output));
    for (int k = 0; k < n.input_count; ++k)
      if (n.recompute_reads >> k & 1u) expect(n.x_backward[k], content(n.inputs[k]));
    if (n.saved_state_bytes) expect(n.saved_state, notes(i));
  }
  constexpr void backward(int i) {
    const Node& n = g.nodes[i];
    expect(n.dy, gradient[n.output]);
    Name dy = gradient[n.output];
    if (n.may_overwrite_dy) {
      sound = sound && n.overwriting_scratch >= 0;
      write(n.dy, g.values[n.output].bytes, dy = name(7, i, 0));
    }
    write(n.backward_temporary, n.scratch_of_backward(), name(6, i, 0));
    for (int k = 0; k < n.input_count; ++k) {
      if (!n.wants[k]) continue;
      const Name old = n.accumulates[k] ? read(n.dx[k]) : 0;
      sound = sound && (!n.accumulates[k] || old != 0);
      const bool here = n.dx[k] == n.dy;
      sound = sound && !(n.identity_gradient[k] && n.may_overwrite_dy);  // what is passed on must be there
      if (here)
        sound = sound && (n.identity_gradient[k] || (n.may_overwrite_dy && n.in_place[k])) && !n.accumulates[k] &&
                same_size(n.inputs[k], n.output);
      if (here && n.identity_gradient[k]) continue;
      write(n.dx[k], g.values[n.inputs[k]].bytes, old + contribution(i, k));
      if (here) dy = contribution(i, k);
    }
    expect(n.dy, dy);
    if (n.scratch_of_backward()) expect(n.backward_temporary, name(6, i, 0));
    if (n.saved_state_bytes) expect(n.saved_state, notes(i));
    for (int k = 0; k < n.input_count; ++k)
      if (n.keep >> k & 1u) expect(n.x_backward[k], content(n.inputs[k]));
    if (n.keep >> keeps_output & 1u) expect(n.y_backward, content(n.output));
  }
  constexpr bool same_size(int u, int v) const {
    return g.values[u].bytes == g.values[v].bytes && g.values[u].element_bytes == g.values[v].element_bytes;
  }

  /// The result, after both passes, and the gradients of inputs, each in a region of its own or in the seed's.
  constexpr void check_what_callers_read() {
    expect({output, 0}, content(g.result));
    for (int i = 0; i < g.node_count && sound; ++i)
      for (int k = 0; k < g.nodes[i].input_count; ++k) {
        const int v = g.nodes[i].inputs[k], external = g.values[v].external;
        if (!g.nodes[i].wants[k] || external < input) continue;
        const Location dx = g.nodes[i].dx[k];
        sound = sound && (dx.region == seed || dx.region == external - input + input_gradient) && dx.offset == 0;
        expect(dx, gradient[v]);
      }
  }
};

}  // namespace detail

/// Whether following `graph`'s plan gives every operation the operands and every value the gradient that it should.
/// `has_backward` is false for programs traced for Inference.
constexpr bool verified(const Graph& graph, bool has_backward = true) {
  return detail::Verifier(graph).run(has_backward);
}

}  // namespace mae
MAE_PRECISE_END
