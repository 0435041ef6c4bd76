// What the tests of training share: small data, and a policy whose number of threads a test sets.
#pragma once
#include <cstring>
#include <span>
#include <string>

#include <mae/backend/cpu/kernels.hpp>
#include <mae/data/dataset.hpp>

#include "support/team.hpp"

namespace test {

using namespace mae;

using Policy = Cpu<float, isa::Best, Team>;

/// `n` grey images of 8 × 8 of four classes: bars that lie, stand, lean left and lean right, with noise.
inline Dataset bars(Index n, std::uint64_t seed) {
  Dataset set{1, 8, 8, {}, {}, 4};
  for (Index i = 0; i < n; ++i) {
    const RandomStream stream(seed, Purpose::probe, 0, static_cast<std::uint64_t>(i));
    const auto kind = static_cast<int>(stream.below(100, 4)), phase = static_cast<int>(stream.below(101, 4));
    for (int y = 0; y < 8; ++y)
      for (int x = 0; x < 8; ++x) {
        const int along[] = {y, x, x + y, x - y + 8};
        const std::uint32_t noise = stream.below(static_cast<std::uint32_t>(8 * y + x), 60);
        set.pixels.push_back(static_cast<std::uint8_t>(((along[kind] + phase) % 4 < 2 ? 180 : 10) + noise));
      }
    set.labels.push_back(kind);
  }
  return set;
}

template <class Weights>
bool same_bits(const Weights& a, const Weights& b) {
  return std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(*a.data())) == 0;
}

template <class Work>
std::string error_of(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace test
