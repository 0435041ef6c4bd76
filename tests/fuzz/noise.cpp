// The noise that says what is hidden: an array of NumPy of the shape that is asked for.
#include <cmath>

#include <mae/checkpoint/prediction_files.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file({data, size});
  fuzz::accepts([&] {
    const std::vector<float> noise = mae::read_noise(file.path(), 2, 3);
    fuzz::require(noise.size() == 6, "a number for each patch of each image");
    for (const float number : noise) fuzz::require(std::isfinite(number), "finite numbers");
  });
  return 0;
}
