// The sizes of a model, as types: of its images, of its transformers, and how much of an image stays visible.
//
// Everything else follows from them at compile time: number of patches, values in a patch, kept and hidden patches.
#pragma once
#include <mae/core/rules.hpp>
#include <mae/core/shape.hpp>

MAE_PRECISE_BEGIN
namespace mae {

// Sizes are checked in functions that then return a size that works: one mistake is one error, where it was made.
namespace detail {
template <Index Height, Index Patch>
constexpr Index patch_rows() {
  static_assert(rule::PatchesTileImage<Height, Patch, Patch>::holds,
                "mae::ImageShape: the height must be a multiple of the patch side");
  return Patch > 0 && Height >= Patch ? Height / Patch : 1;
}
template <Index Width, Index Patch>
constexpr Index patch_columns() {
  static_assert(rule::PatchesTileImage<Patch, Width, Patch>::holds,
                "mae::ImageShape: the width must be a multiple of the patch side");
  return Patch > 0 && Width >= Patch ? Width / Patch : 1;
}
template <Index D>
constexpr Index transformer_width() {
  static_assert(rule::PositionWidth<D>::holds,
                "mae::Transformer: the width must be a multiple of 4, for the sine-cosine position table");
  return rule::PositionWidth<D>::holds ? D : (D + 3) / 4 * 4;
}
template <Index D, Index Heads>
constexpr Index transformer_heads() {
  static_assert(rule::HeadsDivideWidth<D, Heads>::holds,
                "mae::Transformer<D, Blocks, Heads>: the width D must be a multiple of Heads");
  return rule::HeadsDivideWidth<D, Heads>::holds && rule::PositionWidth<D>::holds ? Heads : 1;
}
template <Index Kept, Index Patches>
constexpr Index kept_patches() {
  static_assert(rule::KeptPatches<Kept, Patches>::some_visible,
                "mae: this mask ratio keeps no patch; at least one must stay visible");
  static_assert(rule::KeptPatches<Kept, Patches>::some_hidden,
                "mae: this mask ratio hides no patch; at least one must be hidden");
  return rule::KeptPatches<Kept, Patches>::holds ? Kept : Patches - 1;
}
}  // namespace detail

/// How patches lie in an image, row by row: patch l is in row l / columns and column l % columns.
struct PatchGrid {
  Index rows, columns;
  Index patch;  ///< side of a patch in pixels

  constexpr Index patches() const { return rows * columns; }
};

/// Images [C, H, W] cut into P × P patches. Rectangles are welcome, and any number of channels.
template <Index ChannelCount, Index Height, Index Width, Index PatchSide>
struct ImageShape {
  static constexpr Index channels = ChannelCount, height = Height, width = Width, patch = PatchSide;
  static constexpr Index rows = detail::patch_rows<Height, PatchSide>();
  static constexpr Index columns = detail::patch_columns<Width, PatchSide>();
  static constexpr Index patches = rows * columns;                         // L
  static constexpr Index patch_values = PatchSide * PatchSide * channels;  // n
  static constexpr Index values = patches * patch_values;
  static constexpr PatchGrid grid{rows, columns, patch};
  using Pixels = Shape<dyn, channels, rows * patch, columns * patch>;
  using Patches = Shape<dyn, patches, patch_values>;
};

/// A stack of transformer blocks: width D, number of blocks, heads, and MLP width as a multiple of D.
template <Index D, int BlockCount, Index HeadCount, Index MlpRatio = 4>
struct Transformer {
  static constexpr Index width = detail::transformer_width<D>(), heads = detail::transformer_heads<D, HeadCount>();
  static constexpr Index hidden = MlpRatio * width;
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
MAE_PRECISE_END
