// The planner on random graphs: its plans pass the verifier, and they compute what plan-free differentiation computes.
#include <doctest/doctest.h>

#include "random_graph.hpp"

using namespace test;

namespace {
template <class Recompute>
void check(std::uint64_t seed) {
  const auto unplanned = random_graph(seed);
  auto planned = std::make_unique<RandomGraph>(*unplanned);
  plan<Recompute>(*planned);
  INFO("seed ", seed);
  REQUIRE(verified(*planned, Recompute::backward));
  CHECK(run_plan(*planned, *unplanned) == run_freely(*unplanned, Recompute::backward));
  if (!Recompute::backward) CHECK((planned->saved_bytes == 0 && planned->step_count == 0));
}
struct Totals {
  Index saved = 0, nodes = 0, dropped = 0, recomputed = 0, aliased = 0, consumed = 0, in_place = 0;
};
template <class Recompute>
Totals totals() {
  Totals sum;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const auto g = random_graph(seed);
    const int before = g->node_count;
    plan<Recompute>(*g);
    sum.saved += g->saved_bytes;
    sum.nodes += g->node_count;
    sum.dropped += before - g->node_count;
    for (int s = 0; s < g->step_count; ++s) sum.recomputed += g->steps[s].recompute;
    for (int i = 0; i < g->node_count; ++i) {
      const Node& n = g->nodes[i];
      sum.consumed += n.may_overwrite_dy;
      for (int k = 0; k < n.input_count; ++k)
        (n.may_overwrite_dy ? sum.in_place : sum.aliased) += n.wants[k] && n.dx[k] == n.dy;
    }
  }
  return sum;
}
}  // namespace

TEST_CASE("plans of random graphs are sound and give the gradients of plan-free differentiation, bit for bit") {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    check<KeepAll>(seed);
    check<RecomputeCheap>(seed);
    check<RecomputeSmall>(seed);
    check<Inference>(seed);
  }
}

TEST_CASE("the random graphs reach every part of the planner") {
  const Totals keep = totals<KeepAll>(), cheap = totals<RecomputeCheap>();
  CHECK(keep.dropped > 100);
  CHECK(keep.aliased > 100);
  CHECK(keep.consumed > 100);
  CHECK(keep.in_place > 50);
  CHECK(keep.recomputed == 0);
  CHECK(cheap.recomputed > 100);
  CHECK(cheap.saved < keep.saved);
}
