// PNG images, with several options. Each chunk of a PNG file ends with a checksum, which no mutation would ever hit:
// they are set right.
#include <zlib.h>

#include <mae/io/images/png.hpp>

#include "fuzz.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  size = LLVMFuzzerMutate(data, size, most);
  if (seed % 16 == 0) return size;  // wrong checksums are tried too
  const auto number = [&](std::size_t at) {
    return std::size_t{data[at]} << 24 | std::size_t{data[at + 1]} << 16 | std::size_t{data[at + 2]} << 8 |
           std::size_t{data[at + 3]};
  };
  for (std::size_t at = 8; at + 12 <= size && number(at) <= size - at - 12; at += number(at) + 12) {
    const std::size_t length = number(at) + 4;  // the chunk's name and its data
    const auto sum = crc32(0, data + at + 4, static_cast<unsigned>(length));
    for (std::size_t i = 0; i < 4; ++i) data[at + 4 + length + i] = static_cast<std::uint8_t>(sum >> (24 - 8 * i));
  }
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mae::DecodeOptions options;
  options.max_pixels = 1 << 20;
  options.alpha = size % 4 == 0 ? mae::Alpha::drop : mae::Alpha::white;
  options.sixteen_bit_white = size % 4 == 1 ? 4095 : 65535;
  options.report = [](const std::string& text) { fuzz::require(text.find('\n') == text.npos, "a note is one line"); };
  fuzz::accepts([&] {
    const mae::Image image = mae::decode_png({data, size}, "input", options);
    const mae::Index told = mae::Png::decoding_bytes({data, size}, "input", 0, options);
    fuzz::require(told >= 2 * static_cast<mae::Index>(image.pixels.size()), "memory as told");
    fuzz::require(static_cast<mae::Index>(image.pixels.size()) == image.channels * image.height * image.width, "size");
    fuzz::require(image.channels == 1 || image.channels == 3, "channels");
  });
  return 0;
}
