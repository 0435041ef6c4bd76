// Where an object is: a rectangle, and what is said of it.
//
// Coordinates are continuous pixels: pixel i reaches from i to i + 1, so a box of one pixel has width 1, and areas are
// (x1 - x0)(y1 - y0), never plus one. Formats that say it otherwise (COCO x, y, width, height; YOLO centre and size as
// shares of the image; Pascal VOC from 1, both ends inside) are converted where they are read (io/annotations/).
#pragma once
#include <cstdint>

#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// [x0, x1) x [y0, y1). Empty if x1 <= x0 or y1 <= y0.
struct Box {
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;

  constexpr double width() const { return x1 - x0; }
  constexpr double height() const { return y1 - y0; }
  /// 0 if it is empty.
  constexpr double area() const { return x1 > x0 && y1 > y0 ? width() * height() : 0; }
  friend constexpr bool operator==(const Box&, const Box&) = default;
};

/// The part that two boxes share: empty if there is none.
constexpr Box intersection(const Box& a, const Box& b) {
  return {a.x0 > b.x0 ? a.x0 : b.x0, a.y0 > b.y0 ? a.y0 : b.y0, a.x1 < b.x1 ? a.x1 : b.x1, a.y1 < b.y1 ? a.y1 : b.y1};
}

/// An object of an image, as annotated.
struct LabelledBox {
  Box box{};
  std::int32_t label = 0;  ///< a class in [0, classes)
  /// A group of objects, or one that is cut off or too doubtful to be learnt: neither object nor background.
  bool ignored = false;
  friend constexpr bool operator==(const LabelledBox&, const LabelledBox&) = default;
};

/// An object that a model found.
struct Detection {
  Box box{};
  std::int32_t label = 0;
  double score = 0;  ///< in [0, 1]
  friend constexpr bool operator==(const Detection&, const Detection&) = default;
};

}  // namespace mae
MAE_PRECISE_END
