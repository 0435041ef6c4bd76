// How much two boxes agree: intersection over union, and what is taken off for boxes that lie apart.
//
// With I and U the areas of intersection and union, C that of the smallest box around both, d the distance of their
// centres and c the diagonal of that box:
//     IoU = I / U      GIoU = IoU - (C - U) / C      DIoU = IoU - d² / c²      CIoU = DIoU - α v,
//     v = 4 / π² (atan(w / h) - atan(w' / h'))²,  α = v / (1 - IoU + v)
// IoU is 0 for all boxes that do not meet; the others tell them apart. Names are those of torchvision.ops.
// Sources: Rezatofighi et al., "Generalized intersection over union", CVPR 2019; Zheng et al., "Distance-IoU loss",
// AAAI 2020.
#pragma once
#include <mae/core/math.hpp>
#include <mae/data/box.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The smallest box around both.
constexpr Box enclosing_box(const Box& a, const Box& b) {
  return {a.x0 < b.x0 ? a.x0 : b.x0, a.y0 < b.y0 ? a.y0 : b.y0, a.x1 > b.x1 ? a.x1 : b.x1, a.y1 > b.y1 ? a.y1 : b.y1};
}

/// In [0, 1]; 0 for boxes without area.
constexpr double box_iou(const Box& a, const Box& b) {
  const double shared = intersection(a, b).area(), joined = a.area() + b.area() - shared;
  return shared > 0 ? shared / joined : 0;
}

/// In [-1, 1].
constexpr double generalized_box_iou(const Box& a, const Box& b) {
  const double shared = intersection(a, b).area(), joined = a.area() + b.area() - shared;
  const double around = enclosing_box(a, b).area();
  return around > 0 ? box_iou(a, b) - (around - joined) / around : 0;
}

/// In [-1, 1].
constexpr double distance_box_iou(const Box& a, const Box& b) {
  const Box around = enclosing_box(a, b);
  const double dx = (a.x0 + a.x1 - b.x0 - b.x1) / 2, dy = (a.y0 + a.y1 - b.y0 - b.y1) / 2;
  const double diagonal = around.width() * around.width() + around.height() * around.height();
  return diagonal > 0 ? box_iou(a, b) - (dx * dx + dy * dy) / diagonal : 0;
}

/// In (-2, 1]. Both boxes must have a height.
inline double complete_box_iou(const Box& a, const Box& b) {
  constexpr double pi = 3.14159265358979323846;
  const double turn = math::atan(a.width() / a.height()) - math::atan(b.width() / b.height());
  const double v = 4 / (pi * pi) * turn * turn;
  return distance_box_iou(a, b) - (v > 0 ? v * v / (1 - box_iou(a, b) + v) : 0);
}

}  // namespace mae
MAE_PRECISE_END
