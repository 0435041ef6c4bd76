// Epochs and batches: in which order images are seen, and how a batch of them is loaded.
//
// The order of an epoch follows from (seed, epoch) alone, and each image from (seed, epoch, its number), so a batch is
// the same whatever the number of threads. A batch of B images costs B times `load_sample`, shared by the threads.
#pragma once
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <mae/core/random.hpp>
#include <mae/data/augment.hpp>

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

/// Writes the given `samples` of `set` to `out`, as the input [B, C, H, W] of a model of `Geometry` images, on at most
/// `threads` of `Threads`. Nothing is checked: see `load_sample`.
template <class Geometry, class Threads, class T>
void load_batch(const Dataset& set, std::span<const Index> samples, const Normalization& normalization,
                const Augmentation& augmentation, std::uint64_t seed, std::uint64_t epoch, T* out, int threads) {
  const auto count = static_cast<Index>(samples.size());
  // Small pictures are loaded sooner than another thread is woken.
  if (count * Geometry::values < 1 << 18) threads = 1;
  Threads::run(threads, [&](int thread) {
    for (Index b = thread; b < count; b += threads)
      load_sample(set, samples[static_cast<std::size_t>(b)], normalization, augmentation, seed, epoch,
                  out + b * Geometry::values, Geometry::height, Geometry::width);
  });
}

}  // namespace mae
