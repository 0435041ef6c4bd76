// Runs to be saved and continued, and how two of them are compared.
#pragma once
#include <string>
#include <vector>

#include <mae/checkpoint/run_state.hpp>
#include <mae/train/pretrain.hpp>

#include <doctest/doctest.h>

#include "support/temporary.hpp"
#include "train/toy.hpp"

namespace test {

using namespace mae;

using Geometry = ImageShape<1, 8, 8, 4>;
using Size = Transformer<16, 2, 2>;
using Model = MaskedAutoencoder<Geometry, Size, Transformer<16, 1, 2>>;
using Run = Pretraining<Model, Policy>;

inline const Dataset images = bars(100, 1);
inline const Normalization normalization = Normalization::of(channel_statistics(images));

/// Three epochs: of 4 updates of 24 images, or of 5 updates of 24 images but for the last.
template <class Options>
Options small() {
  Options options;
  options.batch = 8;
  options.accumulation = 3;
  options.epochs = 3;
  options.warmup = 1;
  options.base_learning_rate = 1e-2;
  options.augmentation = {.shift = 1, .flip = true, .min_crop_scale = 0.7};
  options.optimizer.clip = 1;
  options.seed = 3;
  return options;
}

template <class R>
bool same_run(const R& a, const R& b) {
  const Progress p = a.progress(), q = b.progress();
  for (int k = 0; k < a.optimizer().states; ++k)
    if (!same_bits(a.optimizer().state(k), b.optimizer().state(k))) return false;
  return same_bits(a.weights(), b.weights()) && p.steps == q.steps && p.images == q.images && p.loss == q.loss;
}

/// The error of continuing the file at `path`; the run must keep every bit.
template <class R = Run, class Options = typename R::Options>
std::string load_error(const std::string& path, Options options = small<Options>(), const Dataset& set = images,
                       const Normalization& statistics = normalization) {
  R run(set, options, statistics), before(set, options, statistics);
  run.update(), before.update();
  const std::string error = error_of([&] { load_run(path, run); });
  CHECK(same_run(run, before));
  const auto at = error.find(path);
  REQUIRE(at != std::string::npos);
  return error.substr(0, at) + "FILE" + error.substr(at + path.size());
}

}  // namespace test
