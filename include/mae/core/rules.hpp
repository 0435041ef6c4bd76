// The rules about shapes that a wrong program meets, each stated once: those of the core. A part that few programs have
// adds its own beside it (model/segmentation_head.hpp).
//
// A rule is a type over plain numbers, because compilers print template arguments, and these are the numbers at fault:
//
//   error: static assertion failed: mae::Linear<In, Out>: the last extent of the input must be In
//   note: 'mae::rule::LinearInput<64, 128>::holds' evaluates to false
//
// Whoever has a rule asks `static_assert(rule::LinearInput<W, In>::holds, "the sentence")`, a function in its body, a
// class among its members. A function then returns something well-formed, so that one mistake is one error.
#pragma once
#include <cstdint>
#include <type_traits>

#include <mae/core/shape.hpp>

namespace mae::rule {

// Those about a model's sizes, for numbers that are known when a program runs too.
constexpr bool is_multiple(Index number, Index of) { return of > 0 && number % of == 0; }
constexpr bool some_visible(Index kept) { return kept > 0; }
constexpr bool some_hidden(Index kept, Index patches) { return kept < patches; }

template <class Left, class Right>
struct SameShape {
  static constexpr bool holds = std::is_same_v<Left, Right>;
};

template <int Operands, int Most>
struct ElementwiseOperands {
  static constexpr bool holds = Operands <= Most;
};

template <Index Width, Index In>
struct LinearInput {
  static constexpr bool holds = Width == In;
};

template <Index Width, Index D>
struct LayerNormInput {
  static constexpr bool holds = Width == D;
};

/// A parameter with its bias: the backward pass computes both gradients at once, or neither.
template <bool WeightTrained, bool BiasTrained>
struct TrainedTogether {
  static constexpr bool holds = WeightTrained == BiasTrained;
};

/// Rows are named by `Indices`.
template <class Element>
struct IndexElement {
  static constexpr bool holds = std::is_same_v<Element, std::int32_t>;
};

/// A row holds q, k and v of every head, all of one width.
template <Index Width, Index Heads>
struct PackedHeads {
  static constexpr bool holds = is_multiple(Width, 3 * Heads);
};

/// q alone, k and v side by side.
template <Index QueryWidth, Index KeyValueWidth, Index Heads>
struct QueriesAndKeys {
  static constexpr bool holds = is_multiple(QueryWidth, Heads) && KeyValueWidth == 2 * QueryWidth;
};

template <Index D, Index Heads>
struct HeadsDivideWidth {
  static constexpr bool holds = is_multiple(D, Heads);
};

template <Index Height, Index Width, Index Patch>
struct PatchesTileImage {
  static constexpr bool rows = is_multiple(Height, Patch), columns = is_multiple(Width, Patch);
  static constexpr bool holds = rows && columns;
};

template <Index D>
struct PositionWidth {
  static constexpr bool holds = is_multiple(D, 4);
};

template <Index Kept, Index Patches>
struct KeptPatches {
  static constexpr bool some_visible = rule::some_visible(Kept), some_hidden = rule::some_hidden(Kept, Patches);
  static constexpr bool holds = some_visible && some_hidden;
};

}  // namespace mae::rule
