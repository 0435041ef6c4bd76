// Which four numbers the boxes of a set are: x, y, width and height as they should be, two corners, or shares of the
// image. It shows in the set as a whole, and is judged by evidence.
//
// Boxes are suspected to be corners (x0, y0, x1, y1) if more than a tenth of them reach more than 5 % over their image
// and all of them make sense as corners, or if what is said beside half of them, and of two, agrees with corners alone.
// What is said beside a box is an outline or mask, whose extent is compared with both readings, or else an area, which
// is the product of one of them. A single box whose outline or area agrees with x, y, width and height says that they
// are no corners. Without such evidence either way, only many boxes that all make sense as corners are taken for them:
// of boxes that are none, few do. They are shares if no number of any box is above 1.
#pragma once
#include <algorithm>

#include <mae/io/annotations/annotations.hpp>

MAE_PRECISE_BEGIN
namespace mae::detail {

/// The smallest box around the outlines or the mask of `one`; empty if it has none.
inline Box segmentation_extent(const Annotation& one) {
  return one.mask ? one.mask->box() : one.polygons.empty() ? Box{} : extent_of(one.polygons);
}
/// The share of what two boxes cover that both cover.
inline double overlap(const Box& a, const Box& b) {
  const double both = intersection(a, b).area(), either = a.area() + b.area() - both;
  return either > 0 ? both / either : 0;
}

class BoxForm {
 public:
  enum class Evidence { none, size, corners };

  /// Boxes without evidence that must make sense as corners to be taken for them.
  static constexpr Index many = 20;

  void add(const Annotation& one, const AnnotatedImage& image) {
    // In an image of one or two pixels all is small; what has no extent says nothing.
    if (image.width < 3 || image.height < 3 || !(one.width > 0) || !(one.height > 0)) return;
    ++boxes_;
    beyond_ += far_beyond(one, image) ? 1 : 0;
    valid_ += valid_corners(one) && one.x >= 0 && one.y >= 0 && one.width <= 1.005 * double(image.width) + 1 &&
                      one.height <= 1.005 * double(image.height) + 1
                  ? 1
                  : 0;
    shares_ += one.x >= 0 && one.y >= 0 && one.x <= 1 && one.y <= 1 && one.width <= 1 && one.height <= 1 ? 1 : 0;
    const Evidence said = evidence(one);
    sizes_ += said == Evidence::size ? 1 : 0;
    corners_ += said == Evidence::corners ? 1 : 0;
  }

  bool shares() const { return boxes_ > 0 && shares_ == boxes_; }
  bool corners() const {
    if (boxes_ == 0 || valid_ < boxes_ || sizes_ > 0) return false;
    return (corners_ > 1 && 2 * corners_ >= boxes_) || (suspected() && (corners_ > 0 || boxes_ >= many));
  }
  /// Whether more boxes reach far over their image than happens.
  bool suspected() const { return 10 * beyond_ > boxes_; }

  static bool far_beyond(const Annotation& one, const AnnotatedImage& image) {
    return image.width > 0 && image.height > 0 &&
           (one.x + one.width > 1.05 * double(image.width) || one.y + one.height > 1.05 * double(image.height));
  }
  /// What is said beside a box of how it is written.
  static Evidence evidence(const Annotation& one) {
    const Box size = one.box(), corners{one.x, one.y, one.width, one.height};
    if (one.has_segmentation()) {
      const Box extent = segmentation_extent(one);
      const double as_size = overlap(extent, size), as_corners = valid_corners(one) ? overlap(extent, corners) : 0;
      if ((std::max)(as_size, as_corners) < 0.5 || math::fabs(as_size - as_corners) < 0.02) return Evidence::none;
      return as_size > as_corners ? Evidence::size : Evidence::corners;
    }
    const bool as_size = equal_areas(one.area, size.area());
    if (as_size == (valid_corners(one) && equal_areas(one.area, corners.area()))) return Evidence::none;
    return as_size ? Evidence::size : valid_corners(one) ? Evidence::corners : Evidence::none;
  }

 private:
  static bool valid_corners(const Annotation& one) { return one.width > one.x && one.height > one.y; }
  /// To rounding: of areas to whole numbers, of sides to a hundredth.
  static bool equal_areas(double said, double made) { return math::fabs(said - made) <= 0.5 + 1e-4 * made; }

  Index boxes_ = 0, beyond_ = 0, valid_ = 0, shares_ = 0, sizes_ = 0, corners_ = 0;
};

}  // namespace mae::detail
MAE_PRECISE_END
