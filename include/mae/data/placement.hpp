// Which part of a picture a model sees, and how it lies there: what the transforms did, so that a target can follow.
//
// A box of the picture is resized to [rows, columns], which are those of the model's input [height, width] or fewer,
// moved by (down, right), and mirrored: with W = width, pixel (y, x) of the input shows pixel (y - down, u - right) of
// the resized box, u = W - 1 - x if mirrored, else x. Around it lie its edges, repeated; or, if it is padded, the mean
// colour, which is nothing. For points in continuous pixels (pixel i reaches from i to i + 1)
//
//     x_input = (x - left) · columns / box.width + right,   and W minus that if mirrored;   y_input without the mirror.
//
// `load_sample` makes it and writes the image by it; a class map is read by `row` and `column`, boxes go through
// `to_input` and end where the image does, at `shown`; what a model finds goes back through `to_picture`.
#pragma once
#include <mae/data/resize.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A place in a picture or input, in continuous pixels.
struct Point {
  double y = 0, x = 0;
};

struct Placement {
  Index height = 0, width = 0;           ///< of the model's input
  CropBox box{};                         ///< of the picture; later transforms may narrow it
  Index down = 0, right = 0;             ///< of the resized box, in pixels of the input
  bool mirrored = false;                 ///< left and right exchanged, at last
  Index rows = height, columns = width;  ///< of the resized box, in pixels of the input
  bool padded = false;                   ///< around it is nothing

  /// Shows `part` of the picture as [to_rows, to_columns] in the upper left corner of the input, mirrored or not, moved
  /// as it was before; right and below of it is nothing.
  void fit(const CropBox& part, Index to_rows, Index to_columns) {
    if (mirrored) right += columns - to_columns;
    box = part, rows = to_rows, columns = to_columns, padded = true;
  }
  /// Moves what is seen so far, mirrored or not.
  void move(Index to_down, Index to_right) {
    down += to_down;
    right += mirrored ? -to_right : to_right;
  }
  void mirror() { mirrored = !mirrored; }

  /// The row and column of the resized box that the input shows in its row `y` and column `x`.
  Index row(Index y) const { return inside(y - down, rows); }
  Index column(Index x) const { return inside((mirrored ? width - 1 - x : x) - right, columns); }

  /// The part of the input that shows the resized box; all else is padding or repeats its edges.
  CropBox shown() const {
    const Index left = mirrored ? width - right - columns : right;
    const auto within = [](Index at, Index extent) { return at < 0 ? 0 : at < extent ? at : extent; };
    const Index y0 = within(down, height), x0 = within(left, width);
    return {double(y0), double(x0), double(within(down + rows, height) - y0),
            double(within(left + columns, width) - x0)};
  }
  /// Calls use(y, from, to) for each run of pixels [from, to) in row y of the input that are padding.
  template <class Use>
  void each_padding(const Use& use) const {
    if (!padded) return;
    const CropBox at = shown();
    for (Index y = 0; y < height; ++y) {
      const bool beside = double(y) >= at.top && double(y) < at.top + at.height;
      const Index left = beside ? Index(at.left) : width, end = beside ? Index(at.left + at.width) : width;
      if (left > 0) use(y, Index{0}, left);
      if (end < width) use(y, end, width);
    }
  }

  /// Where a point of the picture lies in the input; outside of it if it is not seen.
  Point to_input(Point p) const {
    const double y = (p.y - box.top) * double(rows) / box.height + double(down);
    const double x = (p.x - box.left) * double(columns) / box.width + double(right);
    return {y, mirrored ? double(width) - x : x};
  }
  /// Where a point of the input lies in the picture.
  Point to_picture(Point p) const {
    const double x = mirrored ? double(width) - p.x : p.x;
    return {(p.y - double(down)) * box.height / double(rows) + box.top,
            (x - double(right)) * box.width / double(columns) + box.left};
  }

 private:
  static Index inside(Index at, Index extent) { return at < 0 ? 0 : at >= extent ? extent - 1 : at; }
};

}  // namespace mae
MAE_PRECISE_END
