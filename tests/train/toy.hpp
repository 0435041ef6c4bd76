// What the tests of training share: small data, and a policy whose number of threads a test sets.
#pragma once
#include <cmath>
#include <cstring>
#include <span>
#include <string>

#include <doctest/doctest.h>

#include <mae/backend/cpu/kernels.hpp>
#include <mae/data/dataset.hpp>

#include "support/error_of.hpp"
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

/// Checks what is told about each option that both loops have, out of its range; start(options) starts a run.
template <class Options, class Start>
void check_training_mistakes(const Options& good, const Start& start) {
  auto check = [&](const Options& options, const std::string& message) {
    CHECK(error_of([&] { start(options); }) == "mae: " + message);
  };
  CHECK(error_of([&] { start(good); }) == "");
  Options options = good;
  for (const Index few : {0, -1}) {
    const std::string told = ": found " + std::to_string(few) + ", expected a whole number from 1";
    options = good, options.batch = few, check(options, "batch" + told);
    options = good, options.accumulation = few, check(options, "accumulation" + told);
    options = good, options.epochs = few, check(options, "epochs" + told);
  }
  for (const double bad : {-0.5, double(INFINITY), double(NAN)}) {
    const std::string told = ": found " + std::to_string(bad) + ", expected a finite number from 0";
    options = good, options.warmup = bad, check(options, "warmup" + told);
    options = good, options.base_learning_rate = bad, check(options, "base_learning_rate" + told);
    options = good, options.min_learning_rate = bad, check(options, "min_learning_rate" + told);
  }
  // A warm-up as long as the run comes to the rate at its end; a longer one never does.
  options = good, options.epochs = 3, options.warmup = 3;
  CHECK(error_of([&] { start(options); }) == "");
  options.warmup = 10, check(options, "warmup: found 10 epochs, expected at most the 3 of the run");
  options.warmup = 3.5, check(options, "warmup: found more than 3 epochs, expected at most the 3 of the run");
  options = good, options.optimizer.beta2 = 1, check(options, "beta2: found 1.000000, expected a number in [0, 1)");
  options = good, options.augmentation.shift = -1, check(options, "shift: found -1, expected pixels from 0 to 1048576");
}

}  // namespace test
