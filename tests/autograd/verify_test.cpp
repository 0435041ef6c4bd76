// The verifier must reject wrong plans. First mistakes that are wrong always, one by one; then any change anywhere:
// what the verifier still accepts must compute the right numbers.
#include <doctest/doctest.h>
#include <cmath>
#include <string>

#include "random_graph.hpp"

using namespace test;

namespace {
constexpr int graphs = 300;
constexpr int whole_plan = -1;

/// Applies `change(graph, node, operand)` to every node and operand of many plans. A change that does not apply returns
/// false; one that does must be rejected.
template <class Recompute = RecomputeCheap, class Change>
void must_be_rejected(const std::string& what, const Change& change) {
  int applied = 0, accepted = 0;
  for (std::uint64_t seed = 0; seed < graphs; ++seed) {
    const auto unplanned = random_graph(seed);
    auto planned = std::make_unique<RandomGraph>(*unplanned);
    plan<Recompute>(*planned);
    for (int i = whole_plan; i < planned->node_count; ++i)
      for (int k = 0; k < (i < 0 ? 1 : planned->nodes[i].input_count); ++k) {
        auto wrong = std::make_unique<RandomGraph>(*planned);
        if (!change(*wrong, i, k)) continue;
        ++applied;
        accepted += verified(*wrong, Recompute::backward) ? 1 : 0;
      }
  }
  INFO(what, ", applied ", applied, " times");
  CHECK(applied >= 40);
  CHECK(accepted == 0);
}
/// For changes of one operand of a node.
auto of_operand(auto change) {
  return [=](Graph& g, int i, int k) { return i >= 0 && change(g, g.nodes[i], k); };
}
auto of_plan(auto change) {
  return [=](Graph& g, int i, int) { return i < 0 && change(g); };
}
int step_of(const Graph& g, int node, bool recompute) {
  for (int s = 0; s < g.step_count; ++s)
    if (g.steps[s].node == node && g.steps[s].recompute == recompute) return s;
  return -1;
}
}  // namespace

TEST_CASE("a gradient that is set instead of added to, or the reverse, is rejected") {
  must_be_rejected("flipped accumulate flag", of_operand([](Graph&, Node& n, int k) {
    n.accumulates[k] = !n.accumulates[k];
    return n.wants[k];
  }));
}

TEST_CASE("a step that is missing, doubled, or early is rejected") {
  must_be_rejected("dropped step", [](Graph& g, int i, int k) {
    const int s = i < 0 ? -1 : step_of(g, i, k > 0);
    if (s < 0) return false;
    for (int t = s; t + 1 < g.step_count; ++t) g.steps[t] = g.steps[t + 1];
    --g.step_count;
    return true;
  });
  must_be_rejected("doubled step", [](Graph& g, int i, int k) {
    const int s = i < 0 || k > 0 ? -1 : step_of(g, i, false);
    if (s < 0) return false;
    g.steps[g.step_count++] = g.steps[s];
    return true;
  });
  must_be_rejected("a gradient read before it is complete", [](Graph& g, int i, int k) {
    if (i < 0 || !g.nodes[i].wants[k] || g.values[g.nodes[i].inputs[k]].maker < 0) return false;
    if (g.nodes[i].dx[k] == g.nodes[i].dy) return false;  // the same bytes, complete already
    const int reader = step_of(g, g.values[g.nodes[i].inputs[k]].maker, false), writer = step_of(g, i, false);
    std::swap(g.steps[writer], g.steps[reader]);
    return true;
  });
  must_be_rejected("recomputed after it is read", [](Graph& g, int i, int) {
    const int s = i < 0 ? -1 : step_of(g, i, true);
    if (s < 0) return false;
    const BackwardStep moved = g.steps[s];
    for (int t = s; t + 1 < g.step_count; ++t) g.steps[t] = g.steps[t + 1];
    g.steps[g.step_count - 1] = moved;
    return true;
  });
}

TEST_CASE("a gradient that is not made at all is rejected") {
  must_be_rejected("a gradient not wanted", of_operand([](Graph&, Node& n, int k) {
    return std::exchange(n.wants[k], false);
  }));
  must_be_rejected("a node that does not run backward", [](Graph& g, int i, int k) {
    if (i < 0 || k > 0 || !g.nodes[i].runs_backward) return false;
    g.nodes[i].runs_backward = false;
    const int s = step_of(g, i, false);
    for (int t = s; t + 1 < g.step_count; ++t) g.steps[t] = g.steps[t + 1];
    --g.step_count;
    return true;
  });
  must_be_rejected("a gradient nowhere", of_operand([](Graph&, Node& n, int k) {
    n.dx[k] = {};
    return n.wants[k];
  }));
}

TEST_CASE("a place outside of its region is rejected") {
  must_be_rejected("too little scratch memory", of_plan([](Graph& g) {
    g.scratch_bytes -= alignment;
    return g.scratch_bytes >= 0;
  }));
  must_be_rejected<KeepAll>("too little saved memory", of_plan([](Graph& g) {
    g.saved_bytes -= alignment;
    return g.saved_bytes >= 0;
  }));
  must_be_rejected("a gradient larger than the seed", of_operand([](Graph& g, Node& n, int k) {
    const GraphValue& x = g.values[n.inputs[k]];
    n.dx[k] = {seed, 0};
    return n.wants[k] && x.bytes > g.values[g.result].bytes && x.external >= input;
  }));
  must_be_rejected("a result on top of an input", of_plan([](Graph& g) {
    g.values[g.result].forward = {input, 0};
    for (int i = 0; i < g.node_count; ++i)
      if (g.nodes[i].output == g.result) g.nodes[i].y = {input, 0};
    return true;
  }));
}

TEST_CASE("an operand read at a wrong place is rejected") {
  must_be_rejected("forward", of_operand([](Graph&, Node& n, int k) {
    n.x[k].offset += alignment;
    return true;
  }));
  must_be_rejected("backward", of_operand([](Graph&, Node& n, int k) {
    n.x_backward[k].offset += alignment;
    return n.runs_backward && (n.keep >> k & 1u);
  }));
  must_be_rejected("a scratch place of the forward pass, in the backward pass", of_operand([](Graph&, Node& n, int k) {
    const bool changed = n.x[k] != n.x_backward[k];
    n.x_backward[k] = n.x[k];
    return changed && n.runs_backward && (n.keep >> k & 1u);
  }));
  must_be_rejected("gradients of two operands exchanged", of_operand([](Graph&, Node& n, int k) {
    if (k == 0 || !n.wants[0] || !n.wants[k] || n.inputs[0] == n.inputs[k]) return false;
    if (n.identity_gradient[0] && n.identity_gradient[k]) return false;  // both are the same numbers
    std::swap(n.dx[0], n.dx[k]);
    return true;
  }));
}

TEST_CASE("two buffers in one place are rejected") {
  must_be_rejected("result on its operand", of_operand([](Graph&, Node& n, int k) {
    n.y = n.x[k];
    return n.x[k].region == scratch || n.x[k].region == saved;
  }));
  must_be_rejected("temporary memory on the result", of_operand([](Graph&, Node& n, int k) {
    n.forward_temporary = n.y;
    return k == 0 && n.forward_scratch > 0;
  }));
  must_be_rejected("temporary memory on the gradient", of_operand([](Graph&, Node& n, int k) {
    n.backward_temporary = n.dy;
    return k == 0 && n.runs_backward && n.scratch_of_backward() > 0;
  }));
  must_be_rejected("an operand's gradient in place of the result's", of_operand([](Graph&, Node& n, int k) {
    const bool shared = n.dx[k] == n.dy;
    n.dx[k] = n.dy;
    const bool free = n.may_overwrite_dy && n.in_place[k];  // that may well be right
    return n.wants[k] && !shared && !free && (!n.identity_gradient[k] || n.accumulates[k]);
  }));
  must_be_rejected("a gradient overwritten that is read later", [](Graph& g, int i, int k) {
    if (i < 0 || k > 0 || !g.nodes[i].runs_backward || g.nodes[i].may_overwrite_dy) return false;
    g.nodes[i].may_overwrite_dy = true;
    g.nodes[i].overwriting_scratch = 0;
    for (bool& allowed : g.nodes[i].in_place) allowed = false;
    for (int u = 0; u < g.value_count; ++u) {  // another value whose gradient lies there
      const int reader = g.values[u].group == g.values[g.nodes[i].output].group ? g.values[u].maker : -1;
      if (reader >= 0 && reader < i && g.nodes[reader].runs_backward) return true;
    }
    return false;
  });
  must_be_rejected("neither the gradient's memory nor other scratch", of_operand([](Graph&, Node& n, int k) {
                     const bool consumed = std::exchange(n.may_overwrite_dy, false);
                     return k == 0 && consumed && n.overwriting_scratch == 0 && n.backward_scratch > 0;
                   }));
  must_be_rejected("a gradient overwritten that is passed on", of_operand([](Graph&, Node& n, int k) {
                     const bool passed = n.wants[k] && n.identity_gradient[k] && !n.may_overwrite_dy;
                     n.may_overwrite_dy = true;
                     n.overwriting_scratch = 0;
                     return passed;
                   }));
  must_be_rejected("a gradient overwritten by an operation that needs it whole", of_operand([](Graph&, Node& n, int k) {
                     n.overwriting_scratch = -1;
                     return k == 0 && n.may_overwrite_dy;
                   }));
  must_be_rejected<KeepAll>("notes of two nodes", [](Graph& g, int i, int k) {
    if (i < 1 || k > 0 || g.nodes[i].saved_state.region != saved) return false;
    for (int j = 0; j < i; ++j)
      if (g.nodes[j].saved_state.region == saved) {
        g.nodes[i].saved_state = g.nodes[j].saved_state;
        return true;
      }
    return false;
  });
}

namespace {
Location any_place(const Graph& g, Dice& dice) {
  const int regions[] = {saved, scratch, scratch, seed, output, input, input_gradient, nowhere};
  const Index blocks = (g.scratch_bytes > g.saved_bytes ? g.scratch_bytes : g.saved_bytes) / alignment + 1;
  return {regions[dice.below(8)], alignment * dice.below(static_cast<int>(blocks))};
}
/// Changes one thing in a plan: a place, a flag, or the order of steps.
void change_anything(Graph& g, Dice& dice) {
  Node& n = g.nodes[dice.below(g.node_count)];
  const int k = dice.below(n.input_count);
  Location* const places[] = {&n.x[k],
                              &n.x_backward[k],
                              &n.y,
                              &n.y_backward,
                              &n.dx[k],
                              &n.dx[k],
                              &n.dy,
                              &n.saved_state,
                              &n.forward_temporary,
                              &n.backward_temporary};
  const int which = dice.below(17);
  if (which < 10) *places[which] = any_place(g, dice);
  else if (which == 10) n.accumulates[k] = !n.accumulates[k];
  else if (which == 11) n.wants[k] = !n.wants[k];
  else if (which == 12) n.runs_backward = !n.runs_backward;
  else if (which == 16) n.may_overwrite_dy = !n.may_overwrite_dy;
  else if (g.step_count > 1) {
    BackwardStep &a = g.steps[dice.below(g.step_count)], &b = g.steps[dice.below(g.step_count)];
    if (which == 13) std::swap(a, b);
    else if (which == 14) a = b;
    else a.recompute = !a.recompute;
  }
}
/// Terms may be added in another order, so the last bits may differ. Not a number counts as infinite.
double largest_difference(const Outcome& a, const Outcome& b) {
  double worst = 0;
  auto compare = [&](const Numbers& x, const Numbers& y) {
    if (x.size() != y.size()) worst = std::numeric_limits<double>::infinity();
    for (std::size_t e = 0; e < x.size() && e < y.size(); ++e) {
      const double difference = std::fabs(x[e] - y[e]) / std::fmax(1.0, std::fabs(y[e]));
      if (std::isnan(difference)) worst = std::numeric_limits<double>::infinity();
      else worst = std::fmax(worst, difference);
    }
  };
  compare(a.result, b.result);
  compare(a.parameter_gradients, b.parameter_gradients);
  for (std::size_t v = 0; v < a.input_gradients.size(); ++v) compare(a.input_gradients[v], b.input_gradients[v]);
  return worst;
}
}  // namespace

TEST_CASE("whatever is changed in a plan: if the verifier accepts it, the numbers are right") {
  int changed = 0, accepted = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const auto unplanned = random_graph(seed);
    auto planned = std::make_unique<RandomGraph>(*unplanned);
    plan<RecomputeCheap>(*planned);
    const Outcome expected = run_freely(*unplanned, true);
    Dice dice(seed + 1'000'000);
    for (int repeat = 0; repeat < 60; ++repeat) {
      auto other = std::make_unique<RandomGraph>(*planned);
      change_anything(*other, dice);
      ++changed;
      if (!verified(*other)) continue;
      ++accepted;
      INFO("seed ", seed, " change ", repeat);
      REQUIRE(largest_difference(run_plan(*other, *unplanned), expected) < 1e-12);
    }
  }
  CHECK(accepted > 1000);            // changes that change nothing, and places that are as good
  CHECK(changed - accepted > 10000);
}
