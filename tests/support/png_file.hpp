// PNG files put together from samples, of kinds that no writer at hand makes.
#pragma once
#include <zlib.h>
#include <string>
#include <vector>

#include <mae/core/config.hpp>

namespace test {

inline std::string png_number(unsigned value) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift);
  return text;
}
inline std::string png_chunk(const std::string& name, const std::string& data) {
  const std::string sum = name + data;
  return png_number(static_cast<unsigned>(data.size())) + sum +
         png_number(static_cast<unsigned>(
             crc32(0, reinterpret_cast<const Bytef*>(sum.data()), static_cast<uInt>(sum.size()))));
}

/// A file of these samples [height, width, channels] of `depth` bits; more chunks may stand before its pixels.
inline std::string png_file(mae::Index height, mae::Index width, unsigned depth, int colour,
                            const std::vector<unsigned>& samples, const std::string& chunks = "") {
  const std::size_t row = samples.size() / static_cast<std::size_t>(height), each = depth < 8 ? 8 / depth : 1;
  std::string pixels;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (i % row == 0) pixels += '\0';
    if (depth == 16) pixels += static_cast<char>(samples[i] >> 8);
    const std::size_t place = i % row % each;  // within a byte, the first in its upper bits
    if (place == 0) pixels += '\0';
    const unsigned shift = depth < 8 ? static_cast<unsigned>(each - 1 - place) * depth : 0;
    pixels.back() = static_cast<char>(static_cast<unsigned char>(pixels.back()) | (samples[i] & 255) << shift);
  }
  std::string packed(pixels.size() + 100, '\0');
  uLongf size = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(pixels.data()),
           pixels.size());
  packed.resize(size);
  const std::string header = png_number(static_cast<unsigned>(width)) + png_number(static_cast<unsigned>(height)) +
                             static_cast<char>(depth) + static_cast<char>(colour) + std::string(3, '\0');
  return "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", header) + chunks + png_chunk("IDAT", packed) + png_chunk("IEND", "");
}

}  // namespace test
