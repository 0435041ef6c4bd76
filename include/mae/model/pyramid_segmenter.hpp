// Semantic segmentation on a pyramid: a class for each pixel, from maps of several sizes fused by one linear layer.
//
// The trunk is the encoder's, under the same names, so an encoder checkpoint loads into it. The levels of a feature
// pyramid (model/feature_pyramid.hpp) are interpolated to the finest and laid side by side; each place of that becomes
// Linear(levels · F -> F), LayerNorm, GELU, Linear(F -> K), and the logits are interpolated to pixels, as the decoder
// of SegFormer does it (Xie et al., NeurIPS 2021, section 3.2). With `Scales<2, 1, 0, -1>` and F = 256 on ViT-B/16 neck
// and head have 5.9 M parameters; UPerNet, which published results use, has 75 M and BatchNorm, by which the result of
// an image depends on others of its batch. Trained and measured like `Segmenter` (train/segmentation.hpp).
#pragma once
#include <mae/model/feature_pyramid.hpp>
#include <mae/model/segmentation_head.hpp>
#include <mae/model/windowed_trunk.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace rule {
/// A level that the finest is a whole number of times as fine as, in rows and in columns.
template <Index Rows, Index Columns, Index FinestRows, Index FinestColumns, Index Factor = FinestRows / Rows>
struct LevelDividesFinest {
  static constexpr Index factor = Factor;
  static constexpr bool holds = factor * Rows == FinestRows && factor * Columns == FinestColumns;
};
}  // namespace rule

/// The levels of a pyramid → logits of each pixel, [B, H·W, Classes].
template <class Maps, Index F, Index Classes>
struct FusingHead {
  /// The finest level, by its number.
  static constexpr std::size_t finest_number = [] {
    std::size_t finest = 0;
    for (std::size_t k = 1; k < Maps::all.size(); ++k)
      if (Maps::all[k].stride < Maps::all[finest].stride) finest = k;
    return finest;
  }();
  static constexpr Level finest = Maps::all[finest_number];
  template <std::size_t k>
  using Divides = rule::LevelDividesFinest<Maps::all[k].rows, Maps::all[k].columns, finest.rows, finest.columns,
                                           Maps::all[k].stride / finest.stride>;
  /// A level that does not fit into the finest; the finest if all do.
  static constexpr std::size_t odd = [] {
    std::size_t found = finest_number;
    for (std::size_t k = 0; k < Maps::all.size(); ++k) {
      const Level& level = Maps::all[k];
      if (level.rows * level.stride != finest.rows * finest.stride ||
          level.columns * level.stride != finest.columns * finest.stride)
        found = k;
    }
    return found;
  }();
  static_assert(Divides<odd>::holds,
                "mae::PyramidSegmenter: every level must divide the finest: 2 the rows and columns of the patches for "
                "scale -1, 4 for -2");
  Linear<Maps::count * F, F> fuse;
  LayerNorm<F> norm;
  Linear<F, Classes, init::Normal<2, 100>> classes;
  MAE_MODULE(fuse, norm, classes)

  /// `levels` is a tuple: [B, places of the level, F] each.
  constexpr auto operator()(const auto& levels) const {
    if constexpr (Maps::count == 1) {
      return to_pixels(std::get<0>(levels));
    } else {
      return [&]<std::size_t... k>(std::index_sequence<k...>) {
        return to_pixels(concat<2>(to_finest<k>(std::get<k>(levels))...));  // of [B, places, levels · F]
      }
      (std::make_index_sequence<Maps::all.size()>{});
    }
  }

 private:
  template <std::size_t k>
  static constexpr auto to_finest(const Expression auto& x) {
    constexpr Level level = Maps::all[k];
    using Fits = Divides<k>;
    if constexpr (!Fits::holds) return detail::error_placeholder<Shape<dyn, finest.places(), F>>(x);
    else if constexpr (k == finest_number) return x.eval();
    else return upsample<level.rows, level.columns, Fits::factor>(x);
  }
  constexpr auto to_pixels(const Expression auto& x) const {
    return upsample<finest.rows, finest.columns, finest.stride>(classes(gelu(norm(fuse(x)))));
  }
};

/// images [B, C, H, W] → logits of each pixel, row by row: [B, H·W, Classes]. With a `Window` of so many patches a side
/// the trunk's attention is in windows, for large images (model/windowed_trunk.hpp).
template <class ImageType, class Size, Index Classes, class ScalesType, Index Width = 256,
          StochasticDepth Kind = StochasticDepth::on, Index Window = 0>
struct PyramidSegmenter {
  using ImageShape = ImageType;
  using EncoderShape = Size;
  using Task = Segmentation;
  using Pyramid = FeaturePyramid<GridOfPatches<ImageType>, Size::width, ScalesType, Width>;
  using Levels = typename Pyramid::Levels;
  static constexpr Index classes = detail::segmentation_classes<Classes>(), window = Window;
  using Inputs = mae::Inputs<Input<typename ImageType::Pixels>>;
  TrunkWithWindows<ImageType, Size, Window, Trainable::yes, Kind> trunk;
  Pyramid neck;
  using Head = FusingHead<Levels, Width, classes>;
  static_assert(Head::finest.rows * Head::finest.stride == ImageType::height &&
                    Head::finest.columns * Head::finest.stride == ImageType::width,
                "mae::PyramidSegmenter: the finest level must cover the image: no pooling of an odd map");
  Head head;
  MAE_MODULE(flat(trunk), neck, head)
  constexpr void encoder_parts(auto&& visit) { visit("", trunk); }

  constexpr auto operator()(const Expression auto& images) const {
    return head(neck.maps(trunk.patches(images)));  // [B, H·W, Classes]
  }
};

}  // namespace mae
MAE_PRECISE_END
