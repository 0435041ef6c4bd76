// What the two digits programs share: the data, the sizes of the model, and how files are called.
//
// 1,797 handwritten digits of 8 × 8 pixels (examples/data/README.md names source and licence). 1,437 of them are seen
// without labels in pre-training; the first 100 or 300 of these have labels; the remaining 360 are the test set.
#pragma once
#include <mae/data/subset.hpp>
#include <mae/io/images/idx.hpp>
#include <mae/mae.hpp>
#include <mae/train/probe.hpp>

#include <algorithm>
#include <exception>
#include <string>

namespace digits {

using Preset = mae::presets::Digits8;      // encoder 64 wide, 4 blocks; decoder 32 wide, 2 blocks
using Geometry = Preset::ImageShape;            // 16 patches of 2 × 2
using Encoder = Preset::EncoderShape;
using Autoencoder = Preset::Autoencoder<mae::MaskRatio<75>>;
using Classifier = mae::Classifier<Geometry, Encoder, 10>;
using Probe = mae::LinearProbe<Geometry, Encoder, 10, mae::Pool::mean>;
/// One thread a run: the model is so small that runs side by side use a machine better than threads within one.
using Policy = mae::Cpu<float, mae::isa::Best, mae::Serial>;

struct Split {
  mae::Dataset unlabelled, test;
};

inline Split load() {
  const std::string folder = MAE_EXAMPLE_DATA;
  const mae::Dataset all = mae::read_idx_dataset(folder + "/optdigits-images-idx3-ubyte",
                                                 folder + "/optdigits-labels-idx1-ubyte", 10);
  const std::vector<mae::Index> order = mae::shuffled(all.size(), 2021, 0);
  const std::span<const mae::Index> numbers(order);
  return {mae::subset(all, numbers.first(1437)), mae::subset(all, numbers.subspan(1437))};
}

/// The first `count` images, to be used with their labels.
inline mae::Dataset first(const mae::Dataset& data, mae::Index count) {
  std::vector<mae::Index> numbers;
  for (mae::Index i = 0; i < count; ++i) numbers.push_back(i);
  return mae::subset(data, numbers);
}

inline std::string encoder_file(const std::string& folder, int seed) {
  return folder + "/digits-encoder-" + std::to_string(seed) + ".safetensors";
}

/// Calls job(0) … job(count - 1), as many at a time as there are threads. The first error is thrown when all are done.
template <class App>
void side_by_side(int count, const App& job) {
  const int threads = std::min(count, mae::DefaultThreads::count());
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(threads));
  mae::DefaultThreads::run(threads, [&](int thread) {
    try {
      for (int i = thread; i < count; i += threads) job(i);
    } catch (...) {
      errors[static_cast<std::size_t>(thread)] = std::current_exception();
    }
  });
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

}  // namespace digits
