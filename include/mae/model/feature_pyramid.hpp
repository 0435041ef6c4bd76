// The simple feature pyramid: maps of several sizes from the last map of an encoder (Li et al., "Exploring plain vision
// transformer backbones for object detection", ECCV 2022, section 3).
//
// A vision transformer ends with one map, a token a patch. `Scales<1, 0, -1, -2>` makes four of it, twice as fine, as
// fine, half and a quarter as fine. Each level by itself:
//
//     finer     a transposed convolution that halves the width; before another one LayerNorm and GELU
//     as fine   nothing
//     coarser   max pooling of 2 × 2, once or more
//     then      Linear(-> F), LayerNorm, convolution of 3 × 3 (F -> F), LayerNorm
//
// The levels then lie in one tensor, one behind the other in the order of the scales: a head that follows is one layer
// whatever their number, and its weights are shared over them. Odd maps lose a row or a column where they are pooled.
#pragma once
#include <tuple>

#include <mae/nn/conv3x3.hpp>
#include <mae/nn/layer_norm.hpp>
#include <mae/nn/linear.hpp>
#include <mae/nn/transposed_conv.hpp>
#include <mae/ops/concat.hpp>
#include <mae/ops/gelu.hpp>
#include <mae/ops/max_pool.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Powers of two: how much finer than the patches the maps of a pyramid are. One to four.
template <int... Powers>
struct Scales {};

namespace rule {
/// A map of so many patches, `Patch` pixels wide, for tokens of so many numbers, can be had 2^Power times as fine.
template <Index Rows, Index Columns, Index Patch, Index Width, int Power>
struct ScaleOfMap {
  static constexpr Index factor = Index{1} << (Power < 0 ? -Power : Power);
  static constexpr bool finer = Power <= 0 || (Patch % factor == 0 && Width % factor == 0);
  static constexpr bool coarser = Power >= 0 || (Rows / factor > 0 && Columns / factor > 0);
  static constexpr bool holds = finer && coarser;
};
template <int Count>
struct PyramidLevels {
  static constexpr bool holds = Count >= 1 && Count <= 4;
};
}  // namespace rule

namespace detail {
/// Brings tokens of `Map`, D wide, to 2^Power times as many rows and columns. `Result` is their grid then.
template <class Map, Index D, int Power>
struct Rescale {  // Power < 0
  using Half = Grid<(Map::rows > 1 ? Map::rows / 2 : 1), (Map::columns > 1 ? Map::columns / 2 : 1), 2 * Map::stride>;
  using Rest = Rescale<Half, D, Power + 1>;
  using Result = typename Rest::Result;
  static constexpr Index width = D;
  MAE_MODULE()
  constexpr auto operator()(const Expression auto& x) const { return Rest()(max_pool<Map>(x)); }
};
template <class Map, Index D>
struct Rescale<Map, D, 0> {
  using Result = Map;
  static constexpr Index width = D;
  MAE_MODULE()
  constexpr auto operator()(const Expression auto& x) const { return x.eval(); }
};
template <class Map>
using Twice = Grid<2 * Map::rows, 2 * Map::columns, (Map::stride > 1 ? Map::stride / 2 : 1)>;
template <class Map, Index D>
struct Rescale<Map, D, 1> {
  using Result = Twice<Map>;
  static constexpr Index width = D / 2;
  TransposedConv<2, Map, D, width> up;
  MAE_MODULE(up)
  constexpr auto operator()(const Expression auto& x) const { return up(x); }
};
template <class Map, Index D, int Power>
requires(Power > 1) struct Rescale<Map, D, Power> {
  using Rest = Rescale<Twice<Map>, D / 2, Power - 1>;
  using Result = typename Rest::Result;
  static constexpr Index width = Rest::width;
  TransposedConv<2, Map, D, D / 2> up;
  LayerNorm<D / 2> norm;
  Rest next;
  MAE_MODULE(up, norm, next)
  constexpr auto operator()(const Expression auto& x) const { return next(gelu(norm(up(x)))); }
};

/// A scale that a map can have: itself, or 0 after an error.
template <class Map, Index D, int Power>
constexpr int pyramid_scale() {
  using Scale = rule::ScaleOfMap<Map::rows, Map::columns, Map::stride, D, Power>;
  static_assert(Scale::finer,
                "mae::FeaturePyramid: a finer level halves the patch and the width: both must be multiples of that");
  static_assert(Scale::coarser, "mae::FeaturePyramid: a coarser level needs at least one row and one column");
  return Scale::holds ? Power : 0;
}
}  // namespace detail

/// One level: x [B, Map::places, D] → [B, Result::places, F].
template <class Map, Index D, int Power, Index F>
struct PyramidLevel {
  using Rescale = detail::Rescale<Map, D, detail::pyramid_scale<Map, D, Power>()>;
  using Result = typename Rescale::Result;
  Rescale scale;
  Linear<Rescale::width, F> proj;
  LayerNorm<F> norm1;
  Conv3x3<mae::Levels<Result>, F, F> conv;
  LayerNorm<F> norm2;
  MAE_MODULE(scale, proj, norm1, conv, norm2)

  constexpr auto operator()(const Expression auto& x) const { return norm2(conv(norm1(proj(scale(x))))); }
};

template <class Map, Index D, class ScalesType, Index F>
struct FeaturePyramid;

/// x [B, Map::places, D], the tokens of the patches, → [B, Levels::places, F]. `Map` is the `Grid` of the patches.
template <class Map, Index D, int... Powers, Index F>
struct FeaturePyramid<Map, D, Scales<Powers...>, F> {
  static_assert(rule::PyramidLevels<sizeof...(Powers)>::holds, "mae::FeaturePyramid: one to four scales");
  /// The maps of the result.
  using Levels = std::conditional_t<sizeof...(Powers) == 0, mae::Levels<Map>,
                                    mae::Levels<typename PyramidLevel<Map, D, Powers, F>::Result...>>;
  static constexpr Index width = F;
  std::tuple<PyramidLevel<Map, D, Powers, F>...> levels;
  /// The levels are called by their numbers: `0.proj.weight`.
  constexpr void each(auto&& visit) {
    constexpr std::string_view names[] = {"0", "1", "2", "3"};
    [&]<std::size_t... k>(std::index_sequence<k...>) { (visit(names[k], std::get<k>(levels)), ...); }
    (std::index_sequence_for<PyramidLevel<Map, D, Powers, F>...>{});
  }

  /// All levels, each as a tensor of its own: a tuple of [B, places of the level, F].
  constexpr auto maps(const Expression auto& x) const {
    const auto tokens = x.eval();  // computed once
    return std::apply([&](const auto&... level) { return std::tuple(level(tokens).eval()...); }, levels);
  }
  constexpr auto operator()(const Expression auto& x) const {
    return std::apply(
        [](const auto& one, const auto&... others) {
          if constexpr (sizeof...(others) == 0) return one;
          else return concat<1>(one, others...);
        },
        maps(x));
  }
};

/// The grid of an image's patches.
template <class ImageType>
using GridOfPatches = Grid<ImageType::rows, ImageType::columns, ImageType::patch>;

}  // namespace mae
MAE_PRECISE_END
