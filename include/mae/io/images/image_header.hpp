// What the header of an image file says: how large its pixels lie there, and which side is up.
//
// A camera stores an image as its sensor saw it, and a number from 1 to 8 that says how to turn it (Exif 2.3, tag
// 0x0112). Readers turn it; who drew on it before, or on what a program showed that does not, drew elsewhere.
#pragma once
#include <mae/data/placement.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct ImageHeader {
  Index height = 0, width = 0;  ///< of the pixels as they lie in the file
  int orientation = 1;          ///< 1: upright; 2 mirrored, 3 upside down, 4 both; 5 to 8: rows are columns
  Index decoding_bytes = 0;     ///< of memory that decoding takes at its largest, beside the file's bytes

  bool lying() const { return orientation >= 5; }
  Index upright_height() const { return lying() ? width : height; }
  Index upright_width() const { return lying() ? height : width; }
  /// Where a point of the image as it lies in the file is in the upright one.
  Point upright(Point p) const {
    if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8) p.x = double(width) - p.x;
    if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) p.y = double(height) - p.y;
    return lying() ? Point{p.x, p.y} : p;
  }
};

}  // namespace mae
MAE_PRECISE_END
