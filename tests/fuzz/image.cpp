// Images of any format, recognised by their first bytes.
#include <mae/io/images/image_file.hpp>
#include <mae/io/images/jpeg.hpp>
#include <mae/io/images/png.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using Formats = mae::Decoders<mae::Png, mae::Jpeg>;
  mae::DecodeOptions options;
  options.max_pixels = 1 << 20;
  for (const mae::Index channels : {1, 3})
    fuzz::accepts([&] {
      const mae::Image image = mae::decode_image<Formats>({data, size}, channels, "input", 0, options);
      fuzz::require(image.channels == channels, "channels");
      fuzz::require(static_cast<mae::Index>(image.pixels.size()) == channels * image.height * image.width, "size");
    });
  return 0;
}
