// Each chunk of a PNG file ends with a checksum, which no mutation would ever hit: here they are set right.
#pragma once
#include <zlib.h>
#include <cstddef>
#include <cstdint>

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
