// Checkpoints: loaded into a model, and what their metadata record.
#include <mae/checkpoint/run_state.hpp>

#include <cstring>

#include "fuzz.hpp"
#include "model.hpp"

namespace {

void load(const std::string& path) {
  static const fuzz::Weights before;
  static fuzz::Weights weights;
  const auto bytes = static_cast<std::size_t>(before.size()) * sizeof(float);
  if (fuzz::accepts([&] { mae::load_checkpoint(path, weights); })) weights = fuzz::Weights();
  fuzz::require(std::memcmp(weights.data(), before.data(), bytes) == 0, "a refused file changes nothing");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile input({data, size});
  fuzz::accepts([&] {
    const auto file = mae::SafetensorsFile::read(input.path());  // most inputs end here
    load(input.path());
    fuzz::accepts([&] { mae::check_checkpoint(input.path()); });
    fuzz::accepts([&] {
      const mae::Normalization normalization = mae::recorded_normalization(file);
      fuzz::require(normalization.mean.size() == normalization.deviation.size(), "a mean for each deviation");
    });
    mae::detail::recorded_progress(file);
  });
  return 0;
}
