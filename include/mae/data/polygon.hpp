// The pixels of a polygon, as pycocotools.mask finds them.
//
// Corners are rounded to a grid five times as fine as the pixels. Each edge is walked in whole steps along its longer
// side, the other coordinate rounded. Where a step goes from 5 k + 2 to 5 k + 3 in x, the edge crosses the middle of
// column k of pixels; the pixels of the column whose middle is below change between outside and inside. So a polygon
// that crosses itself is even-odd, and the parts of an object are joined afterwards (`union_of`).
//
// Only those steps are computed, which is what makes polygons of many, or of far, corners cheap: a walk of millions of
// steps changes at most one pixel a column. Rounding cuts towards zero, as there.
#pragma once
#include <mae/core/finite.hpp>
#include <mae/core/math.hpp>
#include <mae/core/number_text.hpp>
#include <mae/core/product.hpp>
#include <mae/data/run_length.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// How far a corner may be from the image's, in pixels.
inline constexpr double polygon_coordinate_limit = 10'000'000;
/// How often the polygons of one mask may cross the middles of columns.
inline constexpr Index polygon_crossing_limit = Index{1} << 24;

namespace detail {

/// What the edges of polygons change: the pixels, counted down the columns, where outside becomes inside or back.
class PolygonChanges {
 public:
  PolygonChanges(Index height, Index width, const std::string& subject)
      : height_(height), width_(width), subject_(subject) {}

  /// `numbers` are x0, y0, x1, y1, ...: at least three corners. In ascending order.
  const std::vector<Index>& of(std::span<const double> numbers) {
    if (numbers.size() < 6 || numbers.size() % 2 != 0)
      throw Error(subject_, "a polygon of " + std::to_string(numbers.size()) + " numbers",
                  "x and y of at least three corners");
    changes_.clear();
    const auto corner = [&](std::size_t i) { return Point{fine(numbers[2 * i]), fine(numbers[2 * i + 1])}; };
    const std::size_t corners = numbers.size() / 2;
    const Point first = corner(0);
    Point from = first;
    for (std::size_t i = 1; i <= corners; ++i) {
      const Point to = i < corners ? corner(i) : first;
      edge(from, to);
      from = to;
    }
    std::sort(changes_.begin(), changes_.end());
    return changes_;
  }

 private:
  struct Point {
    Index x, y;
  };
  static constexpr Index scale = 5;

  Index fine(const double& pixels) const {
    if (!is_finite(pixels) || math::fabs(pixels) > polygon_coordinate_limit)
      throw Error(subject_, "a corner at " + short_text(pixels, 6),
                  "from -" + short_text(polygon_coordinate_limit, 8) + " to " +
                      short_text(polygon_coordinate_limit, 8) + " pixels");
    return static_cast<Index>(math::product(scale, pixels) + .5);
  }

  void edge(Point a, Point b) {
    const Index columns = a.x < b.x ? b.x - a.x : a.x - b.x, rows = a.y < b.y ? b.y - a.y : a.y - b.y;
    // The columns whose middle lies between: a step from 5 k + 2 to 5 k + 3.
    const Index left = (std::min)(a.x, b.x), right = (std::max)(a.x, b.x);
    const Index first = left <= 2 ? 0 : (left + 2) / scale, end = right < 3 ? 0 : (right + 2) / scale;
    if (columns == 0 || first >= (std::min)(end, width_)) return;
    const bool flat = columns >= rows;
    if (flat ? a.x > b.x : a.y > b.y) std::swap(a, b);
    const double slope = flat ? static_cast<double>(b.y - a.y) / static_cast<double>(columns)
                              : static_cast<double>(b.x - a.x) / static_cast<double>(rows);
    const double start = static_cast<double>(flat ? a.y : a.x);
    const auto other = [&](Index step) {
      return static_cast<Index>(start + math::product(slope, static_cast<double>(step)) + .5);
    };
    for (Index k = first; k < (std::min)(end, width_); ++k) {
      const Index before = scale * k + 2;
      if (flat) {
        add(k, (std::min)(other(before - a.x), other(before + 1 - a.x)));
      } else {
        const auto crossed = [&](Index step) { return slope > 0 ? other(step) > before : other(step) <= before; };
        // Computed, and set right by the steps that rounding is off.
        Index step = static_cast<Index>((static_cast<double>(before) + .5 - start) / slope);
        step = (std::min)((std::max)(step, Index{1}), rows);
        while (step > 1 && crossed(step - 1)) --step;
        while (step < rows && !crossed(step)) ++step;
        add(k, a.y + step - 1);
      }
    }
  }

  /// The upper of the two points of a step is `y`, on the fine grid.
  void add(Index column, Index y) {
    if (++crossings_ > polygon_crossing_limit)
      throw Error(subject_, "polygons that cross more than " + std::to_string(polygon_crossing_limit) + " columns",
                  "fewer: the outline of an object");
    const Index row = y <= 2 ? 0 : (std::min)((y + 2) / scale, height_);
    changes_.push_back(column * height_ + row);
  }

  Index height_, width_, crossings_ = 0;
  const std::string& subject_;
  std::vector<Index> changes_;
};

}  // namespace detail

/// The pixels inside a polygon x0, y0, x1, y1, ..., in an image of height x width. Throws mae::Error, about `subject`,
/// if it has fewer than three corners or one that is not finite or far from the image, or if it is no outline but a
/// tangle of too many crossings.
inline RunLengthMask polygon_mask(Index height, Index width, std::span<const double> polygon,
                                  const std::string& subject = "polygon") {
  const RunLengthMask none(height, width, subject);
  return RunLengthMask::from_changes(height, width, detail::PolygonChanges(height, width, subject).of(polygon));
}

/// The pixels inside any of the `polygons` of an object. Throws mae::Error as `polygon_mask` does, and if there is
/// none.
inline RunLengthMask polygons_mask(Index height, Index width, std::span<const std::vector<double>> polygons,
                                   const std::string& subject = "polygons") {
  const RunLengthMask none(height, width, subject);
  if (polygons.empty()) throw Error(subject, "no polygon", "at least one");
  detail::PolygonChanges changes(height, width, subject);
  std::vector<RunLengthMask> parts;
  for (const std::vector<double>& polygon : polygons)
    parts.push_back(RunLengthMask::from_changes(height, width, changes.of(polygon)));
  return parts.size() == 1 ? parts[0] : union_of(parts);
}

/// The pixels inside a box, as the polygon of its corners.
inline RunLengthMask box_mask(Index height, Index width, const Box& box, const std::string& subject = "box") {
  return polygon_mask(height, width,
                      std::vector<double>{box.x0, box.y0, box.x0, box.y1, box.x1, box.y1, box.x1, box.y0}, subject);
}

}  // namespace mae
MAE_PRECISE_END
