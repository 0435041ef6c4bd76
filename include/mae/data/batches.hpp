// Epochs and batches: in which order images are seen. The order of an epoch follows from (seed, epoch) alone.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include <mae/core/random.hpp>

namespace mae {

/// The numbers 0 … count - 1 in the random order of (seed, epoch) (Fisher and Yates' shuffle).
inline std::vector<Index> shuffled(Index count, std::uint64_t seed, std::uint64_t epoch) {
  std::vector<Index> order(static_cast<std::size_t>(count));
  for (Index i = 0; i < count; ++i) order[static_cast<std::size_t>(i)] = i;
  const RandomStream stream(seed, Purpose::shuffle, epoch);
  for (Index i = count - 1; i > 0; --i) {
    const auto j = stream.below(static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i + 1));
    std::swap(order[static_cast<std::size_t>(i)], order[j]);
  }
  return order;
}

/// A number that names sample `sample` of epoch `epoch` of the run `seed`, for random operations inside a model.
inline std::uint64_t sample_key(std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample) {
  const RandomStream stream(seed, Purpose::drop_path, epoch, sample);
  return std::uint64_t{stream.bits(0)} << 32 | stream.bits(1);
}

}  // namespace mae
