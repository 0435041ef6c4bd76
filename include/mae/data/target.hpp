// What a data set gives beside an image: its target. A label, a class map, boxes, nothing.
//
// A target type is a struct of three facts and a function:
//
//   struct Boxes {                                             // as an example: yours
//     static constexpr const char* name = "boxes";             // in errors
//     using View = std::span<const Box>;                       // what the collection hands over for a moment
//     using Placed = std::vector<Box>;                         // what a batch keeps of it: in the model's view
//     static void place(const View& boxes, const Placement& placement, Placed& to);
//   };
//
// with `template <class Geometry> static constexpr Index placed_bytes` where one has as many as any other.
//
// A collection says `using Target = Boxes` and hands one over in `with_target(i, use)` (`images.hpp`). Whoever loads a
// batch calls `place` with what the transforms did to that image, so a target follows its image by itself. What a
// model makes of a placed target, as tensors, is the model's task (`train/finetune.hpp`).
#pragma once
#include <concepts>
#include <cstdint>

#include <mae/data/placement.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// `place` is a pure function, called by several threads at once; it may find an earlier target of another image in
/// `placed`, whose memory it may use again.
template <class Target>
concept ImageTarget = requires(const typename Target::View& view, const Placement& placement,
                               typename Target::Placed& placed) {
  { Target::name } -> std::convertible_to<const char*>;
  Target::place(view, placement, placed);
};

/// Images alone: what is noted of one is how it lies in the model's input.
struct NoTarget {
  static constexpr const char* name = "nothing";
  struct View {};
  using Placed = Placement;
  static void place(const View&, const Placement& placement, Placed& to) { to = placement; }
};

/// A class for the whole image, in [0, classes), or -1 where there is none.
struct Label {
  static constexpr const char* name = "a label";
  using View = std::int32_t;
  using Placed = std::int32_t;
  static void place(View label, const Placement&, Placed& to) { to = label; }
};

namespace detail {
template <class Set>
struct TargetOfSet {
  using type = Label;
};
template <class Set>
requires requires { typename Set::Target; }
struct TargetOfSet<Set> {
  using type = typename Set::Target;
};
/// The name of a target, at an address that no other target's has.
template <class Target>
inline constexpr const char* target_name = Target::name;
}  // namespace detail

/// What a collection of type `Set` gives beside images: its `Target`, or a label if it does not say.
template <class Set>
using TargetOf = typename detail::TargetOfSet<Set>::type;

}  // namespace mae

namespace mae::rule {
/// A head and the data that it is trained on.
template <class Given, class Taken>
struct SameTarget {
  static constexpr bool holds = std::is_same_v<Given, Taken> || std::is_same_v<Taken, NoTarget>;
};
}  // namespace mae::rule
MAE_PRECISE_END
