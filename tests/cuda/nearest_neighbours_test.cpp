// Weights on a GPU find the neighbours that they find on the processor.
#include <mae/eval/nearest_neighbours.hpp>
#include <mae/mae.cuh>

#include <doctest/doctest.h>

#include <mae/mae.hpp>

#include "machine.hpp"

namespace {
using namespace mae;

using Model = Encoder<ImageShape<1, 8, 8, 4>, Transformer<16, 1, 2>>;

/// Noise of 8 × 8 with a bright band in the upper, the middle or the lower rows, which is its class.
Dataset bands(Index n, std::uint64_t seed) {
  Dataset set{1, 8, 8, {}, {}, 3};
  for (Index i = 0; i < n; ++i) {
    const RandomStream stream(seed, Purpose::probe, 0, static_cast<std::uint64_t>(i));
    const auto kind = static_cast<int>(stream.below(64, 3));
    for (int pixel = 0; pixel < 64; ++pixel) {
      const int noise = static_cast<int>(stream.below(static_cast<std::uint32_t>(pixel), 200));
      set.pixels.push_back(static_cast<std::uint8_t>(noise + (pixel / 24 == kind ? 55 : 0)));
    }
    set.labels.push_back(kind);
  }
  return set;
}

template <class Policy, Pool How>
double accuracy_of(const Images& known, const Images& asked, const Normalization& normalization, Index neighbours) {
  const Weights<Model, Policy> weights(1);
  return nearest_neighbour_accuracy<How>(weights, known, asked, normalization, {neighbours, 0.07, 16});
}

template <Pool How>
void check_accuracy(double least) {
  const Dataset known = bands(45, 1), asked = bands(37, 2);
  const Normalization normalization = Normalization::of(channel_statistics(known));
  for (const Index neighbours : {1, 7, 100}) {
    const double expected = accuracy_of<test::Processor, How>(known, asked, normalization, neighbours);
    INFO(neighbours, " neighbours: ", expected);
    CHECK(accuracy_of<Cuda<float>, How>(known, asked, normalization, neighbours) == expected);
    CHECK(expected > least);
    CHECK(expected < 1);
  }
}
TEST_CASE("neighbours by the mean of the patches") { check_accuracy<Pool::mean>(0.5); }
TEST_CASE("neighbours by the class token") { check_accuracy<Pool::class_token>(0.4); }

}  // namespace
