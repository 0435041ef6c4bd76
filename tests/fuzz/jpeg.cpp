// JPEG pictures, as they are and decoded smaller.
#include <mae/io/jpeg.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const mae::Index side : {0, 2})
    fuzz::accepts([&] {
      const mae::Image image = mae::decode_jpeg({data, size}, "input", side);
      fuzz::require(static_cast<mae::Index>(image.pixels.size()) == image.channels * image.height * image.width,
                    "size");
      fuzz::require(image.channels == 1 || image.channels == 3, "channels");
    });
  return 0;
}
