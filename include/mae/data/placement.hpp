// Which part of an image a model sees, and how it lies there: what the transforms did, so that a target can follow.
//
// A box of the image is resized to [rows, columns], which are those of the model's input [height, width] or fewer,
// moved by (down, right), and mirrored: with W = width, pixel (y, x) of the input shows pixel (y - down, u - right) of
// the resized box, u = W - 1 - x if mirrored, else x. Around it lie its edges, repeated; or, if it is padded, the mean
// colour, which is nothing. For points in continuous pixels (pixel i reaches from i to i + 1)
//
//     x_input = (x - left) · columns / box.width + right,   and W minus that if mirrored;   y_input without the mirror.
//
// `load_sample` makes it and writes the image by it; a class map is read by `row` and `column`, boxes go through
// `to_input`, and what a model finds goes back to the image through `to_image`.
#pragma once
#include <mae/data/resize.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A place in an image or input, in continuous pixels.
struct Point {
  double y = 0, x = 0;
};

struct Placement {
  Index height = 0, width = 0;              ///< of the model's input
  CropBox box{};                            ///< of the image; later transforms may narrow it
  Index down = 0, right = 0;                ///< of the resized box, in pixels of the input
  bool mirrored = false;                    ///< left and right exchanged, at last
  Index rows = height, columns = width;     ///< of the resized box, in pixels of the input
  bool padded = false;                      ///< around it is nothing
  Index image_height = 0, image_width = 0;  ///< of the image; 0: not said

  /// Moves what is seen so far, mirrored or not.
  void move(Index to_down, Index to_right) {
    down += to_down;
    right += mirrored ? -to_right : to_right;
  }
  void mirror() { mirrored = !mirrored; }

  /// The row and column of the resized box that the input shows in its row `y` and column `x`.
  Index row(Index y) const { return inside(y - down, rows); }
  Index column(Index x) const { return inside((mirrored ? width - 1 - x : x) - right, columns); }

  /// Whether pixel (y, x) of the input shows nothing.
  bool is_padding(Index y, Index x) const {
    return padded && (row(y) != y - down || column(x) != (mirrored ? width - 1 - x : x) - right);
  }

  /// Where a point of the image lies in the input; outside of it if it is not seen.
  Point to_input(Point p) const {
    const double y = (p.y - box.top) * double(rows) / box.height + double(down);
    const double x = (p.x - box.left) * double(columns) / box.width + double(right);
    return {y, mirrored ? double(width) - x : x};
  }
  /// Where a point of the input lies in the image.
  Point to_image(Point p) const {
    const double x = mirrored ? double(width) - p.x : p.x;
    return {(p.y - double(down)) * box.height / double(rows) + box.top,
            (x - double(right)) * box.width / double(columns) + box.left};
  }

 private:
  static Index inside(Index at, Index extent) { return at < 0 ? 0 : at >= extent ? extent - 1 : at; }
};

}  // namespace mae
MAE_PRECISE_END
