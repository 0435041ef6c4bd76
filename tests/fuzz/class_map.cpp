// Class maps as PNG, with and without a zero that is no class.
#include <mae/io/annotations/class_map_png.hpp>

#include "fuzz.hpp"
#include "png_sums.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bool reduce = size % 2 == 0;
  fuzz::accepts([&] {
    const mae::Image map =
        mae::decode_class_map_png({data, size}, "input", {.reduce_zero_label = reduce, .max_pixels = 1 << 20});
    fuzz::require(map.channels == 1 && map.height > 0 && map.width > 0, "a map");
    fuzz::require(static_cast<mae::Index>(map.pixels.size()) == map.height * map.width, "size");
    if (reduce)
      for (const std::uint8_t one : map.pixels) fuzz::require(one != 254, "254 is no class that was 255");
  });
  return 0;
}
