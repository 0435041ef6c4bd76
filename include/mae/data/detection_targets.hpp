// What each place of a pyramid is to say of an image: which object is its own, how far its sides are, how central it
// lies (Tian et al., "FCOS", ICCV 2019, section 3).
//
// A place (x, y) of a map of stride s is a candidate of a box if
//   - it lies strictly inside: its distances l, t, r, b to the sides are positive;
//   - it lies near the middle: within 1.5 s of the box's centre in both directions;
//   - the box has the map's size: the largest distance is in (8 s', 8 s], s' the stride of the map before, which is
//     (4 s, 8 s] where strides double; the first map begins at 0, the last ends nowhere.
// It belongs to the smallest box of which it is a candidate, of two of equal area to the first. Its class is that box's
// label; -1 without a box; -2, takes no part, if it lies in a box that is ignored and in no other. Its target is
// (l, t, r, b) / s and the centerness √(min(l, r)/max(l, r) · min(t, b)/max(t, b)), 1 in the middle of the box.
//
// A pure function of the boxes, made where batches are loaded. Cost: the places, and at most 16 a box and map (but for
// what is ignored).
#pragma once
#include <cstdint>
#include <span>

#include <mae/core/levels.hpp>
#include <mae/core/math.hpp>
#include <mae/data/box.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// From a place to the sides of a box, in pixels.
struct SideDistances {
  double left, top, right, bottom;

  constexpr double least() const { return least_of(least_of(left, right), least_of(top, bottom)); }
  constexpr double most() const { return most_of(most_of(left, right), most_of(top, bottom)); }
  double centerness() const {
    return math::sqrt(least_of(left, right) / most_of(left, right) * (least_of(top, bottom) / most_of(top, bottom)));
  }

 private:
  static constexpr double least_of(double a, double b) { return a < b ? a : b; }
  static constexpr double most_of(double a, double b) { return a > b ? a : b; }
};

/// From place (i, j) of a level.
constexpr SideDistances distances_from(const Level& level, Index i, Index j, const Box& box) {
  const double stride = double(level.stride), y = (double(i) + 0.5) * stride, x = (double(j) + 0.5) * stride;
  return {x - box.x0, y - box.y0, box.x1 - x, box.y1 - y};
}

/// Whose place is whose, over the levels of `LevelsType`. Owners are numbers of boxes; `nobody` and `ignored`, where
/// there is none.
template <class LevelsType>
struct PlaceOwners {
  static constexpr double radius = 1.5;  ///< of centres, in strides
  static constexpr double reach = 8;     ///< the largest distance, in strides, but on the last map
  static constexpr std::int32_t nobody = -1, ignored = -2;
  static_assert(
      [] {
        for (std::size_t k = 1; k < LevelsType::all.size(); ++k)
          if (LevelsType::all[k].stride <= LevelsType::all[k - 1].stride) return false;
        return true;
      }(),
      "mae: the maps of a detector stand from the finest to the coarsest");

  /// Calls visit(place, level's number) for each candidate of `box`.
  template <class Visit>
  static void each_candidate(const Box& box, const Visit& visit) {
    const double x = (box.x0 + box.x1) / 2, y = (box.y0 + box.y1) / 2;
    double below = 0;
    for (std::size_t k = 0; k < LevelsType::all.size(); ++k) {
      const Level& level = LevelsType::all[k];
      const double least = below, most = reach * double(level.stride), near_by = radius * double(level.stride);
      const bool last = k + 1 == LevelsType::all.size();
      below = most;
      each_place(level, {x - near_by, y - near_by, x + near_by, y + near_by}, [&](Index i, Index j) {
        const SideDistances d = distances_from(level, i, j, box);
        if (d.least() > 0 && d.most() > least && (last || d.most() <= most))
          visit(level.first + i * level.columns + j, k);
      });
    }
  }
  /// Writes the owner of each place.
  static void find(std::span<const LabelledBox> boxes, std::int32_t* owners) {
    for (Index p = 0; p < LevelsType::places; ++p) owners[p] = nobody;
    bool any_ignored = false;
    for (const LabelledBox& one : boxes) any_ignored = any_ignored || one.ignored;
    if (any_ignored) {
      mark_inside(boxes, true, owners);
      mark_inside(boxes, false, owners);
    }
    for (std::size_t n = 0; n < boxes.size(); ++n)
      if (!boxes[n].ignored)
        each_candidate(boxes[n].box, [&](Index place, std::size_t) {
          std::int32_t& owner = owners[place];
          if (owner < 0 || boxes[n].box.area() < boxes[static_cast<std::size_t>(owner)].box.area())
            owner = static_cast<std::int32_t>(n);
        });
  }

 private:
  /// Calls visit(i, j) for the places strictly inside `box`. Numbers that are none are inside of nothing.
  template <class Visit>
  static void each_place(const Level& level, const Box& box, const Visit& visit) {
    const double stride = double(level.stride);
    // The first number that may be inside, or the first that is not: a place more does no harm, it is looked at.
    const auto number = [&](double at, double beyond, Index count) {
      const double found = math::floor(at / stride - 0.5) + beyond;
      return found >= double(count) ? count : found > 0 ? static_cast<Index>(found) : Index{0};
    };
    const Index rows = number(box.y1, 2, level.rows), columns = number(box.x1, 2, level.columns);
    for (Index i = number(box.y0, 0, level.rows); i < rows; ++i)
      for (Index j = number(box.x0, 0, level.columns); j < columns; ++j)
        if (distances_from(level, i, j, box).least() > 0) visit(i, j);
  }
  /// The places inside of boxes that are ignored, or are not, become ignored, or do no longer.
  static void mark_inside(std::span<const LabelledBox> boxes, bool these, std::int32_t* owners) {
    for (const LabelledBox& one : boxes)
      if (one.ignored == these)
        for (const Level& level : LevelsType::all)
          each_place(level, one.box,
                     [&](Index i, Index j) { owners[level.first + i * level.columns + j] = these ? ignored : nobody; });
  }
};

/// The targets of an image: of each place its class, [places], and l, t, r, b in strides and the centerness,
/// [places, 5], zeros where there is no object. Returns the number of places that have one.
template <class LevelsType, class T>
Index detection_targets(std::span<const LabelledBox> boxes, std::int32_t* classes, T* targets) {
  using Owners = PlaceOwners<LevelsType>;
  Owners::find(boxes, classes);
  Index count = 0;
  for (const Level& level : LevelsType::all)
    for (Index i = 0; i < level.rows; ++i)
      for (Index j = 0; j < level.columns; ++j) {
        const Index place = level.first + i * level.columns + j;
        T* const to = targets + 5 * place;
        const std::int32_t owner = classes[place];
        for (int k = 0; k < 5; ++k) to[k] = T(0);
        if (owner < 0) continue;
        const LabelledBox& object = boxes[static_cast<std::size_t>(owner)];
        const SideDistances d = distances_from(level, i, j, object.box);
        const double stride = double(level.stride), sides[] = {d.left, d.top, d.right, d.bottom};
        for (int k = 0; k < 4; ++k) to[k] = T(sides[k] / stride);
        to[4] = T(d.centerness());
        classes[place] = object.label;
        ++count;
      }
  return count;
}

}  // namespace mae
MAE_PRECISE_END
