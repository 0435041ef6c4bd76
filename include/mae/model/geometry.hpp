// The sizes of a model, as types: of its images, of its transformers, and how much of an image stays visible.
//
// Everything else follows from them at compile time: number of patches, values in a patch, kept and hidden patches.
#pragma once
#include <mae/core/rules.hpp>
#include <mae/core/shape.hpp>

namespace mae {

/// Images [C, H, W] cut into P × P patches. Rectangles are welcome, and any number of channels.
template <Index ChannelCount, Index Height, Index Width, Index PatchSide>
struct ImageShape {
  static_assert(rule::PatchesTileImage<Height, Width, PatchSide>::rows,
                "mae::ImageShape: the height must be a multiple of the patch side");
  static_assert(rule::PatchesTileImage<Height, Width, PatchSide>::columns,
                "mae::ImageShape: the width must be a multiple of the patch side");
  static constexpr Index channels = ChannelCount, height = Height, width = Width, patch = PatchSide;
  static constexpr Index rows = Height / PatchSide, columns = Width / PatchSide;
  static constexpr Index patches = rows * columns;                         // L
  static constexpr Index patch_values = PatchSide * PatchSide * channels;  // n
  static constexpr Index values = channels * Height * Width;
  using Pixels = Shape<dyn, channels, Height, Width>;
  using Patches = Shape<dyn, patches, patch_values>;
};

/// A stack of transformer blocks: width D, number of blocks, heads, and MLP width as a multiple of D.
template <Index D, int BlockCount, Index HeadCount, Index MlpRatio = 4>
struct Transformer {
  static constexpr Index width = D, heads = HeadCount, hidden = MlpRatio * D;
  static constexpr int depth = BlockCount;
};

/// The share of patches that is hidden, Numerator / Denominator. The paper's is 75 %.
template <Index Numerator = 75, Index Denominator = 100>
struct MaskRatio {
  static constexpr double value = static_cast<double>(Numerator) / static_cast<double>(Denominator);
  /// int(L · (1 - ratio)) in double, truncated, as the paper's code counts: 9 of 100 at 90 %.
  static constexpr Index kept(Index patches) {
    return static_cast<Index>(static_cast<double>(patches) * (1 - value));
  }
};

}  // namespace mae
