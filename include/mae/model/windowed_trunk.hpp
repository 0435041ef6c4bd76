// An encoder for large images: attention in windows, but for the last block of each quarter, which is global (Li et
// al., "Exploring plain vision transformer backbones for object detection", ECCV 2022, section 3).
//
// At 1024 pixels and patches of 16 an image has 4,096 tokens, and attention of all to all is a third of the encoder's
// work. Here a token looks at its window of Side × Side patches, and in four blocks at all. The tokens are put into
// window order once, after the positions, and back once, after the last block: everything else of a block works token
// by token or does not ask for the order (ops/window_attention.hpp). There is no class token, as it would belong to no
// window; its parameter is listed and stays as it is, so that checkpoints of plain encoders load, positions of another
// grid being resized (`LoadOptions::resize`).
#pragma once
#include <mae/model/encoder.hpp>
#include <mae/ops/spread.hpp>
#include <mae/ops/window_attention.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {
/// Windows that tile a grid, and a depth that has quarters; after an error some that would do.
template <Index Rows, Index Columns, Index Side, int Depth>
struct WindowsOfGrid {
  using Tiles = rule::WindowsTileGrid<Rows, Columns, Side>;
  using Quarters = rule::QuartersOfDepth<Depth>;
  static_assert(Tiles::holds, "mae::WindowedTrunk: the side of a window must divide the rows and columns of patches");
  static_assert(Quarters::holds,
                "mae::WindowedTrunk: a global block in each quarter needs a depth that is a multiple of 4");
  static constexpr Index side = Tiles::holds ? Side : 1, places = side * side, count = Rows * Columns / places;
  using Scope = WindowsAndQuarters<count, (Quarters::holds ? Depth : 4)>;
};
}  // namespace detail

/// Everything of the encoder but its last normalisation, with windows of Side × Side patches.
template <class ImageType, class Size, Index Side, Trainable Positions = Trainable::no,
          StochasticDepth Kind = StochasticDepth::off>
struct WindowedTrunk {
  static constexpr Index D = Size::width, rows = ImageType::rows, columns = ImageType::columns;
  using Windows = detail::WindowsOfGrid<rows, columns, Side, Size::depth>;
  Parameter<Shape<1, 1, D>, init::Normal<2, 100>, Trainable::no> cls_token;
  PositionTable<rows, columns, D, Positions> pos_embed;
  PatchEmbed<ImageType::channels, ImageType::patch, D> patch_embed;
  Repeat<Size::depth, Block<D, Size::heads, Size::hidden, Kind, typename Windows::Scope>> blocks;
  MAE_MODULE(cls_token, pos_embed, patch_embed, blocks)

  /// images [B, C, H, W] → tokens [B, L, D] after the last block, in image order.
  constexpr auto patches(const Expression auto& images) const {
    constexpr Index side = Windows::side;
    using Map = Grid<rows, columns, ImageType::patch>;
    using Merged = Grid<rows / side, columns / side, ImageType::patch * side>;
    auto x = with_positions(patch_embed(patchify<ImageType::patch>(images)), positions());     // [B, L, D]
    auto y = blocks(reshape<Shape<dyn, rows * columns, D>>(merge<side, Map>(x)));              // [B, L, D], by windows
    return spread<side, Merged>(reshape<Shape<dyn, Windows::count, Windows::places * D>>(y));  // [B, L, D]
  }

 private:
  /// The rows of patches, behind that of the class token.
  constexpr auto positions() const {
    Parameter<Shape<1, rows * columns, D>, init::SineCosine<columns>, Positions> patches;
    if (pos_embed.offset >= 0) patches.offset = pos_embed.offset + D;
    return patches;
  }
};

/// The trunk of an encoder whose attention is global, or in windows of Side × Side patches if that is not 0.
template <class ImageType, class Size, Index Side, Trainable Positions, StochasticDepth Kind>
using TrunkWithWindows = std::conditional_t<Side == 0, EncoderTrunk<ImageType, Size, Positions, Kind>,
                                            WindowedTrunk<ImageType, Size, Side, Positions, Kind>>;

}  // namespace mae
MAE_PRECISE_END
