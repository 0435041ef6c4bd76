// A shape is a type: `Shape<dyn, 196, 768>` is any number of samples of 196 tokens of width 768.
//
// Every extent is a compile-time number but the first, which may be `dyn`: the batch. All sizes that matter for
// planning are therefore per sample, and a size in bytes is `constant * batch`. Arithmetic on shapes is arithmetic on
// types.
#pragma once
#include <utility>

#include <mae/core/config.hpp>

namespace mae {

/// The extent of the batch, known at run time only.
inline constexpr Index dyn = -1;

/// Row-major extents. `Shape<>` is a single number.
template <Index... Extents>
struct Shape {
  static constexpr Index rank = sizeof...(Extents);
  /// Whether the first extent is the batch.
  static constexpr bool batched = false;
  /// Elements (per sample if `batched`).
  static constexpr Index count = (Index{1} * ... * Extents);
  static_assert(((Extents > 0) && ...), "mae::Shape: an extent must be positive; only the first may be dyn");
  /// Extent number `axis`; negative counts from the end. The batch is `dyn`.
  static constexpr Index extent(Index axis) {
    constexpr Index extents[] = {Extents..., 1};
    return extents[axis < 0 ? axis + rank : axis];
  }
};
template <Index... Extents>
struct Shape<dyn, Extents...> {
  static constexpr Index rank = 1 + sizeof...(Extents);
  static constexpr bool batched = true;
  static constexpr Index count = (Index{1} * ... * Extents);
  static_assert(((Extents > 0) && ...), "mae::Shape: an extent must be positive; only the first may be dyn");
  static constexpr Index extent(Index axis) {
    constexpr Index extents[] = {dyn, Extents...};
    return extents[axis < 0 ? axis + rank : axis];
  }
};

/// Width of a row: the last extent.
template <class S>
inline constexpr Index width_of = S::extent(-1);
/// Rows (per sample): the product of all extents but the last.
template <class S>
inline constexpr Index rows_of = S::count / width_of<S>;

namespace detail {
template <class S, Index Axis, Index Extent, class = std::make_index_sequence<S::rank>>
struct WithExtent;
template <class S, Index Axis, Index Extent, std::size_t... I>
struct WithExtent<S, Axis, Extent, std::index_sequence<I...>> {
  using type = Shape<(Index{I} == (Axis < 0 ? Axis + S::rank : Axis) ? Extent : S::extent(Index{I}))...>;
};
}  // namespace detail

/// The shape `S` with extent number `Axis` (negative: from the end) replaced.
template <class S, Index Axis, Index Extent>
using WithExtent = typename detail::WithExtent<S, Axis, Extent>::type;

/// Bytes rounded up to a multiple of `alignment`, so that consecutive buffers stay aligned whatever the batch.
constexpr Index align_up(Index bytes) { return (bytes + alignment - 1) / alignment * alignment; }

}  // namespace mae
