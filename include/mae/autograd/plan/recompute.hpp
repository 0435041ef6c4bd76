// What to keep for the backward pass and what to compute again: a choice, made by type.
//
// A policy is a struct with three facts. `recompute(node)` may be any constexpr predicate, so "recompute whatever is
// larger than a megabyte" is a policy of three lines.
// `print_plan.hpp` shows what a policy saves; what that costs in time is measured by benchmarks/model/memory.cpp.
#pragma once
#include <mae/autograd/plan/graph.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Keeps every value that some backward reads. Fastest.
struct KeepAll {
  static constexpr bool backward = true, checkpoint = false;
  static constexpr bool recompute(const Node&) { return false; }
};
/// Computes cheap results (layer norm, GELU, attention, sums) again in the backward pass instead of keeping them.
struct RecomputeCheap {
  static constexpr bool backward = true, checkpoint = false;
  static constexpr bool recompute(const Node& node) { return node.cheap; }
};
/// Keeps only what enters each block of a `Repeat` and runs the block again before its backward (Chen et al., 2016):
/// about a third more time, memory for one block instead of all.
struct CheckpointBlocks {
  static constexpr bool backward = true, checkpoint = true;
  static constexpr bool recompute(const Node&) { return false; }
};
/// No backward pass at all: nothing is kept, no backward code is generated.
struct Inference {
  static constexpr bool backward = false, checkpoint = false;
  static constexpr bool recompute(const Node&) { return false; }
};

}  // namespace mae
MAE_PRECISE_END
