// What can be wrong with the outlines and masks of annotations, and with the areas that they say.
//
// Outlines are cut at the border of their image as boxes are (Sutherland and Hodgman 1974, "Reentrant Polygon
// Clipping"): where a border cuts a polygon in parts, they stay joined along the border, which has no pixels. An area
// is that of the mask or the outlines where there are some, else that of the box.
#pragma once
#include <mae/io/annotations/box_form.hpp>

MAE_PRECISE_BEGIN
namespace mae::detail {

/// The part of a polygon x0, y0, x1, y1, ... that lies in an image of height x width; empty if none does.
inline std::vector<double> cut_polygon(std::vector<double> polygon, Index height, Index width) {
  const double most[2] = {double(width), double(height)};
  for (int border = 0; border < 4; ++border) {
    const std::size_t axis = border % 2 == 0 ? 0 : 1;
    const double limit = border < 2 ? 0 : most[axis], sign = border < 2 ? 1 : -1;
    const std::size_t corners = polygon.size() / 2;
    std::vector<double> inside;
    for (std::size_t i = 0; i < corners; ++i) {
      const double *from = &polygon[2 * i], *to = &polygon[2 * ((i + 1) % corners)];
      const double before = sign * (from[axis] - limit), after = sign * (to[axis] - limit);
      if (before >= 0) inside.insert(inside.end(), {from[0], from[1]});
      if ((before < 0) == (after < 0)) continue;
      const double share = before / (before - after);
      double at[2] = {from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])};
      at[axis] = limit;
      inside.insert(inside.end(), {at[0], at[1]});
    }
    polygon = std::move(inside);
  }
  return polygon.size() < 6 || extent_of({polygon}).area() == 0 ? std::vector<double>{} : polygon;
}

/// Cuts the outlines of `one` at the border of its image, and leaves out what is no outline or mask there; `add(fault,
/// more)` is told.
template <class Add>
void mend_outlines(Annotation& one, const AnnotatedImage& image, const Add& add) {
  if (image.height == 0 || image.width == 0) return;
  if (one.mask && (one.mask->height() != image.height || one.mask->width() != image.width)) {
    add(Fault::mask_faulty, ": a mask of " + std::to_string(one.mask->height()) + " x " +
                                std::to_string(one.mask->width()) + " for an image of " + std::to_string(image.height) +
                                " x " + std::to_string(image.width));
    one.mask.reset();
  }
  if (one.mask && one.mask->area() == 0) {
    add(Fault::mask_empty, "");
    one.mask.reset();
  }
  bool cut = false, outside = false;
  for (std::vector<double>& polygon : one.polygons) {
    const Box box = extent_of({polygon});
    if (box.x0 > -0.5 && box.y0 > -0.5 && box.x1 < double(image.width) + 0.5 && box.y1 < double(image.height) + 0.5)
      continue;
    polygon = cut_polygon(std::move(polygon), image.height, image.width);
    (polygon.empty() ? outside : cut) = true;
  }
  std::erase_if(one.polygons, [](const std::vector<double>& polygon) { return polygon.empty(); });
  if (outside) add(Fault::polygon_outside, "");
  if (cut) add(Fault::polygon_over_border, "");
  if (cut || outside) one.area = Annotation::not_said;
  if (!one.has_segmentation()) return;
  const Box extent = segmentation_extent(one), box = one.box();
  const double off = (std::max)({math::fabs(extent.x0 - box.x0), math::fabs(extent.y0 - box.y0),
                                 math::fabs(extent.x1 - box.x1), math::fabs(extent.y1 - box.y1)});
  // Of a thing of two or three pixels, one is much.
  if (off > 2 && overlap(extent, box) < 0.5)
    add(Fault::outline_elsewhere, ": from [" + short_text(extent.x0, 8) + ", " + short_text(extent.y0, 8) + "] to [" +
                                      short_text(extent.x1, 8) + ", " + short_text(extent.y1, 8) + "]");
}

/// The area of what `one` has, if it says none or one that is larger than all that it has; `add(fault, more)` is told
/// of the latter. Box is not absent.
template <class Add>
void mend_area(Annotation& one, const AnnotatedImage& image, const Add& add) {
  if (is_finite(one.area)) {
    // Some programs count pixels with both ends inside.
    const auto most = [](const Box& box) { return 1.05 * (box.width() + 1) * (box.height() + 1); };
    if (one.area <= (std::max)(most(one.box()), most(segmentation_extent(one)))) return;
    add(Fault::area_large, ": an area of " + short_text(one.area, 8));
  }
  one.area = one.width * one.height;
  if (!one.has_segmentation() || (!one.mask && image.height == 0)) return;
  try {
    const auto pixels = static_cast<double>(
        one.mask ? one.mask->area() : polygons_mask(image.height, image.width, one.polygons, "").area());
    if (pixels > 0) one.area = pixels;
  } catch (const Error& error) {
    add(Fault::polygon_faulty, error.what());
    one.polygons.clear();
  }
}

}  // namespace mae::detail
MAE_PRECISE_END
