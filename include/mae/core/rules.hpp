// Every rule about shapes: the sentence that a wrong program gets, and the concept that asks the same question.
//
// A rule is a type over plain numbers, because compilers print template arguments and reduce `128 == 64` in the
// message:
//
//   error: static assertion failed: mae::Linear<In, Out>: the last extent of the input must be In
//   note: the comparison reduces to '(64 == 128)'
//
// A function asks `static_assert(rule::LinearInput<W, In>::holds, "the sentence")` and then returns something
// well-formed: one mistake is one error. A class holds an `Enforce`, whose sentence stands here. (In a function, a
// variable of that type would spoil the whole function for clang, and errors about its callers would follow.)
#pragma once
#include <type_traits>

#include <mae/core/shape.hpp>

namespace mae::rule {

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

template <Index D, Index Heads>
struct HeadsDivideWidth {
  static constexpr bool holds = Heads > 0 && D % Heads == 0;
  struct Enforce {
    static_assert(Heads > 0 && D % Heads == 0, "mae::Attention<D, Heads>: the width D must be a multiple of Heads");
  };
};

template <Index Height, Index Width, Index Patch>
struct PatchesTileImage {
  static constexpr bool holds = Patch > 0 && Height % Patch == 0 && Width % Patch == 0;
  struct Enforce {
    static_assert(Patch > 0 && Height % Patch == 0,
                  "mae::ImageShape: the height must be a multiple of the patch side");
    static_assert(Patch > 0 && Width % Patch == 0, "mae::ImageShape: the width must be a multiple of the patch side");
  };
};

template <Index D>
struct PositionWidth {
  static constexpr bool holds = D % 4 == 0;
  struct Enforce {
    static_assert(D % 4 == 0, "mae: a sine-cosine position table needs a width that is a multiple of 4");
  };
};

template <Index Kept, Index Patches>
struct KeptPatches {
  static constexpr bool holds = Kept > 0 && Kept < Patches;
  struct Enforce {
    static_assert(Kept > 0, "mae: this mask ratio keeps no patch; at least one must stay visible");
    static_assert(Kept < Patches, "mae: this mask ratio hides no patch; at least one must be hidden");
  };
};

}  // namespace mae::rule

namespace mae {
/// `x + y` compiles. (`requires { x + y; }` is true for any two expressions: the rule speaks in the body.)
template <class Left, class Right>
concept SameShape = rule::SameShape<Left, Right>::holds;
template <Index Width, Index In>
concept FitsLinear = rule::LinearInput<Width, In>::holds;
template <Index D, Index Heads>
concept DividesIntoHeads = rule::HeadsDivideWidth<D, Heads>::holds;
template <Index Height, Index Width, Index Patch>
concept DividesIntoPatches = rule::PatchesTileImage<Height, Width, Patch>::holds;
}  // namespace mae
