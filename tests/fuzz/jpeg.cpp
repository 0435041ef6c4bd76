// JPEG images, as they are and decoded smaller.
#include <mae/io/images/jpeg.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mae::DecodeOptions options;
  options.max_pixels = 1 << 20;
  for (const mae::Index side : {0, 2})
    fuzz::accepts([&] {
      const mae::Image image = mae::decode_jpeg({data, size}, "input", side, options);
      fuzz::require(static_cast<mae::Index>(image.pixels.size()) == image.channels * image.height * image.width,
                    "size");
      fuzz::require(image.channels == 1 || image.channels == 3, "channels");
      const mae::Index told = mae::Jpeg::decoding_bytes({data, size}, "input", side, options);
      fuzz::require(told >= 2 * static_cast<mae::Index>(image.pixels.size()), "memory as told");
    });
  return 0;
}
