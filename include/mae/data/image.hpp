// An image in memory.
//
// Pixels are bytes, 0..255, laid out [C, H, W]: one whole plane per channel, each row by row. This is the layout the
// models take (ops/patchify.hpp), so a batch is filled by copying planes, never by shuffling colours. PNG and screens
// keep the colours of a pixel together, [H, W, C]; io/images/png.hpp converts.
#pragma once
#include <cstdint>
#include <vector>

#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// An image of `channels` planes (1 grey; 3 red, green, blue) of height x width bytes.
struct Image {
  Index channels = 0, height = 0, width = 0;
  std::vector<std::uint8_t> pixels;  // [C, H, W]

  /// Where row `y` of channel `c` starts. Nothing is checked.
  std::uint8_t* row(Index c, Index y) { return pixels.data() + (c * height + y) * width; }
  const std::uint8_t* row(Index c, Index y) const { return pixels.data() + (c * height + y) * width; }
  friend bool operator==(const Image&, const Image&) = default;
};

}  // namespace mae
MAE_PRECISE_END
