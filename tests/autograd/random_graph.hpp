// Random graphs, and a small interpreter that gives their operations a meaning in double.
//
// What a node computes follows from its flags alone, so that any combination makes sense. With s the sum over operands
//     passes: x     kept: c/2 x²     else: c x        (element e of the result reads element e mod n of the operand)
// plus a parameter, the result is s, s + s²/10 if the node has notes (which hold s), and tanh of that if it keeps its
// result. `run_plan` follows a plan in memory that is NaN until written, and destroys every place that a node may
// write before it reads, but the gradient that it may overwrite, which it reads first; `run_freely` gives every number
// a place of its own. Both add in the same order: they must agree bit for bit.
#pragma once
#include <cmath>
#include <limits>
#include <mae/autograd/plan/plan.hpp>
#include <mae/autograd/plan/verify.hpp>
#include <mae/core/random.hpp>
#include <memory>
#include <vector>

namespace test {

using namespace mae;
using Numbers = std::vector<double>;

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : stream_(seed, Purpose::probe) {}
  int below(int count) { return static_cast<int>(stream_.below(next_++, static_cast<std::uint32_t>(count))); }
  bool percent(int chance) { return below(100) < chance; }

 private:
  RandomStream stream_;
  std::uint32_t next_ = 0;
};

/// With a step to spare, which no plan has.
using RandomGraph = GraphOf<17, 19>;

inline void no_kernel(const Execution&, const Node&) {}

inline int add_random_value(Graph& g, Dice& dice, int maker, int external) {
  GraphValue& value = g.values[g.value_count];
  value = {};
  value.bytes = alignment * (dice.percent(70) ? 1 : 1 + dice.below(3));
  value.element_bytes = sizeof(double);
  value.maker = maker;
  value.external = external;
  return g.value_count++;
}

inline Node random_node(const Graph& g, Dice& dice) {
  Node n;
  n.name = "random";
  n.forward = n.backward = &no_kernel;
  n.input_count = 1 + dice.below(3);
  for (int k = 0; k < n.input_count; ++k) {
    const int recent = g.value_count < 4 ? g.value_count : 4;
    n.inputs[k] = dice.percent(60) ? g.value_count - 1 - dice.below(recent) : dice.below(g.value_count);
    n.stopped[k] = dice.percent(8);
    n.differentiable[k] = !dice.percent(8);
    if (dice.percent(35)) n.keep |= 1u << k;
    n.in_place[k] = dice.percent(40);
  }
  n.trained[0] = dice.percent(50);
  if (dice.percent(20)) n.keep |= 1u << keeps_output;
  auto maybe = [&](int chance) { return dice.percent(chance) ? alignment * (1 + dice.below(4)) : 0; };
  n.forward_scratch = maybe(20);
  n.frozen_scratch = n.forward_scratch && dice.percent(50) ? alignment : 0;
  n.backward_scratch = maybe(30);
  if (dice.percent(40)) n.overwriting_scratch = n.backward_scratch && dice.percent(50) ? alignment : 0;
  n.cheap = dice.percent(40);
  if (n.cheap) n.recompute = &no_kernel;
  return n;
}

/// A graph as the tracer leaves it: not planned yet.
inline std::unique_ptr<RandomGraph> random_graph(std::uint64_t seed) {
  auto graph = std::make_unique<RandomGraph>();
  Graph& g = *graph;
  Dice dice(seed);
  const int inputs = 1 + dice.below(3), nodes = 1 + dice.below(16);
  for (int k = 0; k < inputs; ++k) g.values[add_random_value(g, dice, -1, input + k)].gradient = dice.percent(60);
  for (int i = 0; i < nodes; ++i) {
    Node n = random_node(g, dice);
    n.output = add_random_value(g, dice, i, nowhere);
    const bool exact = !(n.keep >> keeps_output & 1u) && dice.percent(70);  // a sum can pass its gradient on
    if (!exact && dice.percent(50)) {
      n.saved_state_bytes = g.values[n.output].bytes;
      n.saved_state_optional = dice.percent(50);
      if (dice.percent(50)) n.recompute_reads = 0;  // from the notes alone
      else n.recompute_reads = ~0u;
    } else {
      n.recompute_reads = ~0u;
    }
    for (int k = 0; k < n.input_count && exact; ++k)
      if (g.values[n.inputs[k]].bytes == g.values[n.output].bytes && dice.percent(60)) {
        n.identity_gradient[k] = true;
        n.keep &= ~(1u << k);
      }
    g.nodes[g.node_count++] = n;
  }
  g.result = g.nodes[dice.percent(75) ? nodes - 1 : dice.below(nodes)].output;
  g.result_stopped = dice.percent(3);
  g.values[g.result].external = output;
  return graph;
}

// ---- what a node means --------------------------------------------------------------------------------------------
inline std::size_t length(const Graph& g, int v) {
  return static_cast<std::size_t>(g.values[v].bytes) / sizeof(double);
}
/// The constant c of an operand: it depends on the values' numbers, which planning does not change.
inline double factor(const Node& n, int k) { return 0.3 + 0.1 * ((n.output * 5 + k * 3) % 9); }
inline double initial_parameter(int output) { return 0.05 * output - 0.2; }

inline double finish(const Node& n, bool notes, double s) {
  const double y = notes ? s + 0.1 * s * s : s;
  return n.keep >> keeps_output & 1u ? std::tanh(y) : y;
}
inline Numbers sums(const Graph& g, const Node& n, const std::vector<const double*>& x) {
  Numbers s(length(g, n.output), initial_parameter(n.output));
  for (int k = 0; k < n.input_count; ++k)
    for (std::size_t e = 0; e < s.size(); ++e) {
      const double value = x[static_cast<std::size_t>(k)][e % length(g, n.inputs[k])];
      s[e] += n.identity_gradient[k] ? value
              : n.keep >> k & 1u     ? 0.5 * factor(n, k) * value * value
                                     : factor(n, k) * value;
    }
  return s;
}
/// ∂L/∂s from ∂L/∂y; y and notes may be null where the node does not need them.
inline Numbers inner_gradient(const Graph& g, const Node& n, const double* dy, const double* y, const double* notes) {
  Numbers ds(dy, dy + length(g, n.output));
  for (std::size_t e = 0; e < ds.size(); ++e) {
    if (n.keep >> keeps_output & 1u) ds[e] *= 1 - y[e] * y[e];
    if (notes) ds[e] *= 1 + 0.2 * notes[e];
  }
  return ds;
}
inline Numbers operand_gradient(const Graph& g, const Node& n, int k, const Numbers& ds, const double* x) {
  Numbers dx(length(g, n.inputs[k]), 0.0);
  for (std::size_t e = 0; e < ds.size(); ++e) {
    const std::size_t j = e % dx.size();
    dx[j] += n.identity_gradient[k] ? ds[e] : n.keep >> k & 1u ? ds[e] * factor(n, k) * x[j] : ds[e] * factor(n, k);
  }
  return dx;
}

// ---- two ways to run it -------------------------------------------------------------------------------------------
/// Everything that a caller of a program can see. Gradients of parameters are named by the number of the node's result.
struct Outcome {
  Numbers result;
  std::vector<double> parameter_gradients = std::vector<double>(Graph::capacity, 0.0);
  std::vector<Numbers> input_gradients = std::vector<Numbers>(Graph::capacity);
  bool operator==(const Outcome&) const = default;
};
inline double input_number(int v, std::size_t e) { return std::sin(1.0 + 3.0 * v + 0.7 * static_cast<double>(e)); }
inline double seed_number(std::size_t e) { return 1.0 + 0.1 * static_cast<double>(e); }

/// Reverse-mode differentiation of an unplanned graph.
inline Outcome run_freely(const Graph& g, bool has_backward) {
  const auto size = static_cast<std::size_t>(g.value_count);
  std::vector<Numbers> x(size), notes(size), dx(size);
  std::vector<bool> trainable(size);
  Outcome out;
  for (int v = 0; v < g.value_count; ++v)
    if (g.values[v].maker < 0) {
      for (std::size_t e = 0; e < length(g, v); ++e) x[static_cast<std::size_t>(v)].push_back(input_number(v, e));
      trainable[static_cast<std::size_t>(v)] = g.values[v].gradient;
    }
  auto flows = [&](const Node& n, int k) {
    return trainable[static_cast<std::size_t>(n.inputs[k])] && n.differentiable[k] && !n.stopped[k];
  };
  for (int i = 0; i < g.node_count; ++i) {
    const Node& n = g.nodes[i];
    const auto y = static_cast<std::size_t>(n.output);
    std::vector<const double*> operands;
    for (int k = 0; k < n.input_count; ++k) operands.push_back(x[static_cast<std::size_t>(n.inputs[k])].data());
    const Numbers s = sums(g, n, operands);
    if (n.saved_state_bytes) notes[y] = s;
    for (const double value : s) x[y].push_back(finish(n, n.saved_state_bytes > 0, value));
    trainable[y] = n.trained[0];
    for (int k = 0; k < n.input_count; ++k) trainable[y] = trainable[y] || flows(n, k);
  }
  const auto result = static_cast<std::size_t>(g.result);
  out.result = x[result];
  if (!has_backward || g.result_stopped) return out;
  for (std::size_t e = 0; e < x[result].size(); ++e) dx[result].push_back(seed_number(e));
  for (int i = g.node_count - 1; i >= 0; --i) {
    const Node& n = g.nodes[i];
    const auto y = static_cast<std::size_t>(n.output);
    if (dx[y].empty() || !trainable[y]) continue;
    const Numbers ds = inner_gradient(g, n, dx[y].data(), x[y].data(), n.saved_state_bytes ? notes[y].data() : nullptr);
    if (n.trained[0])
      for (const double d : ds) out.parameter_gradients[y] += d;
    for (int k = 0; k < n.input_count; ++k) {
      const auto v = static_cast<std::size_t>(n.inputs[k]);
      if (!flows(n, k)) continue;
      const Numbers d = operand_gradient(g, n, k, ds, x[v].data());
      if (dx[v].empty()) dx[v] = d;
      else
        for (std::size_t e = 0; e < d.size(); ++e) dx[v][e] += d[e];
    }
  }
  for (int v = 0; v < g.value_count; ++v)
    if (g.values[v].maker < 0 && g.values[v].gradient)
      out.input_gradients[static_cast<std::size_t>(v)] = dx[static_cast<std::size_t>(v)];
  return out;
}

/// Follows a plan that `verified` accepted.
class PlanInterpreter {
 public:
  explicit PlanInterpreter(const Graph& graph, const Graph& unplanned) : g(graph) {
    for (int i = 0; i < unplanned.node_count; ++i)
      has_notes[static_cast<std::size_t>(unplanned.nodes[i].output)] = unplanned.nodes[i].saved_state_bytes > 0;
    auto room = [&](int region, Index bytes) {
      memory[static_cast<std::size_t>(region)].assign(static_cast<std::size_t>(bytes) / sizeof(double), nan);
    };
    room(saved, g.saved_bytes);
    room(scratch, g.scratch_bytes);
    room(output, g.values[g.result].bytes);
    room(seed, g.values[g.result].bytes);
    for (int v = 0; v < g.value_count; ++v)
      if (g.values[v].external >= input) {
        room(g.values[v].external, g.values[v].bytes);
        room(g.values[v].external - input + input_gradient, g.values[v].bytes);
        for (std::size_t e = 0; e < length(g, v); ++e) at(g.values[v].forward)[e] = input_number(v, e);
      }
  }
  Outcome run() {
    for (int i = 0; i < g.node_count; ++i) forward(g.nodes[i]);
    for (double& value : memory[scratch]) value = nan;
    for (std::size_t e = 0; e < memory[seed].size(); ++e) memory[seed][e] = seed_number(e);
    for (int s = 0; s < g.step_count; ++s)
      if (g.steps[s].recompute) recompute(g.nodes[g.steps[s].node]);
      else backward(g.nodes[g.steps[s].node]);
    out.result = memory[output];
    for (int i = 0; i < g.node_count; ++i)
      for (int k = 0; k < g.nodes[i].input_count; ++k) {
        const Node& n = g.nodes[i];
        const int v = n.inputs[k];
        if (n.wants[k] && g.values[v].external >= input)
          out.input_gradients[static_cast<std::size_t>(v)].assign(at(n.dx[k]), at(n.dx[k]) + length(g, v));
      }
    return out;
  }

 private:
  static constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const Graph& g;
  std::vector<bool> has_notes = std::vector<bool>(Graph::capacity);
  std::vector<Numbers> memory = std::vector<Numbers>(region_count);
  Outcome out;

  double* at(Location place) {
    Numbers& region = memory[static_cast<std::size_t>(place.region)];
    return region.empty() ? nullptr : region.data() + place.offset / Index{sizeof(double)};
  }
  void destroy(Location place, Index bytes) {
    for (Index e = 0; e < bytes / Index{sizeof(double)}; ++e) at(place)[e] = nan;
  }
  bool notes_of(const Node& n) const { return has_notes[static_cast<std::size_t>(n.output)]; }

  void forward(const Node& n) {
    destroy(n.forward_temporary, n.forward_scratch);
    destroy(n.saved_state, n.saved_state_bytes);
    destroy(n.y, g.values[n.output].bytes);
    std::vector<const double*> operands;
    for (int k = 0; k < n.input_count; ++k) operands.push_back(at(n.x[k]));
    const Numbers s = sums(g, n, operands);
    for (std::size_t e = 0; e < s.size(); ++e) {
      if (n.saved_state_bytes) at(n.saved_state)[e] = s[e];
      at(n.y)[e] = finish(n, notes_of(n), s[e]);
    }
  }
  void recompute(const Node& n) {
    destroy(n.y_backward, g.values[n.output].bytes);
    Numbers s;
    if (n.recompute_reads == 0) {
      s.assign(at(n.saved_state), at(n.saved_state) + length(g, n.output));
    } else {
      std::vector<const double*> operands;
      for (int k = 0; k < n.input_count; ++k) operands.push_back(at(n.x_backward[k]));
      s = sums(g, n, operands);
    }
    for (std::size_t e = 0; e < s.size(); ++e) at(n.y_backward)[e] = finish(n, notes_of(n), s[e]);
  }
  void backward(const Node& n) {
    destroy(n.backward_temporary, n.scratch_of_backward());
    const Numbers dy(at(n.dy), at(n.dy) + length(g, n.output));
    if (n.may_overwrite_dy) destroy(n.dy, g.values[n.output].bytes);
    for (int k = 0; k < n.input_count; ++k)
      if (n.wants[k] && !n.accumulates[k] && n.dx[k] != n.dy) destroy(n.dx[k], g.values[n.inputs[k]].bytes);
    const Numbers ds = inner_gradient(g, n, dy.data(), at(n.y_backward), notes_of(n) ? at(n.saved_state) : nullptr);
    if (n.trained[0])
      for (const double d : ds) out.parameter_gradients[static_cast<std::size_t>(n.output)] += d;
    for (int k = 0; k < n.input_count; ++k) {
      if (!n.wants[k] || (n.identity_gradient[k] && n.dx[k] == n.dy)) continue;
      const Numbers d = operand_gradient(g, n, k, ds, at(n.x_backward[k]));
      for (std::size_t e = 0; e < d.size(); ++e) at(n.dx[k])[e] = n.accumulates[k] ? at(n.dx[k])[e] + d[e] : d[e];
    }
  }
};

inline Outcome run_plan(const Graph& planned, const Graph& unplanned) {
  return PlanInterpreter(planned, unplanned).run();
}

/// Recomputes some nodes and keeps others, by size.
struct RecomputeSmall {
  static constexpr bool backward = true, checkpoint = false;
  static constexpr bool recompute(const Node& node) { return node.cheap && node.backward_scratch == 0; }
};

}  // namespace test
