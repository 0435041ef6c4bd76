// PNG images, with several options.
#include <mae/io/images/png.hpp>

#include "fuzz.hpp"
#include "png_sums.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mae::DecodeOptions options;
  options.max_pixels = 1 << 20;
  options.alpha = size % 4 == 0 ? mae::Alpha::drop : mae::Alpha::white;
  options.sixteen_bit_white = size % 4 == 1 ? 4095 : 65535;
  options.report = [](const std::string& text) { fuzz::require(text.find('\n') == text.npos, "a note is one line"); };
  fuzz::accepts([&] {
    const mae::Image image = mae::decode_png({data, size}, "input", options);
    const mae::Index told = mae::Png::header({data, size}, "input", 0, options).decoding_bytes;
    fuzz::require(told >= 2 * static_cast<mae::Index>(image.pixels.size()), "memory as told");
    fuzz::require(static_cast<mae::Index>(image.pixels.size()) == image.channels * image.height * image.width, "size");
    fuzz::require(image.channels == 1 || image.channels == 3, "channels");
  });
  return 0;
}
