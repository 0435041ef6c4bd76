// The classes that a classifier thinks likeliest, and how far down its list the right one stands.
//
// Classes are in the order of what they are given, largest first, of equals the smaller one: as `accuracy` has it. A
// class is among the top k if its rank is less than k, so top-1 accuracy is accuracy.
#pragma once
#include <algorithm>
#include <span>
#include <vector>

#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The first `most` classes, or all, in their order. `given` are logits or probabilities, [classes].
template <class T>
std::vector<Index> top_classes(std::span<const T> given, Index most) {
  std::vector<Index> order(given.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = static_cast<Index>(k);
  const auto value = [&](Index k) { return given[static_cast<std::size_t>(k)]; };
  const auto kept = order.begin() + (std::min)(most, static_cast<Index>(order.size()));
  std::partial_sort(order.begin(), kept, order.end(),
                    [&](Index a, Index b) { return value(a) != value(b) ? value(a) > value(b) : a < b; });
  order.erase(kept, order.end());
  return order;
}

/// How many classes come before `label`.
template <class T>
Index rank_of(std::span<const T> given, Index label) {
  const T own = given[static_cast<std::size_t>(label)];
  Index before = 0;
  for (std::size_t k = 0; k < given.size(); ++k)
    before += given[k] > own || (given[k] == own && static_cast<Index>(k) < label);
  return before;
}

}  // namespace mae
MAE_PRECISE_END
