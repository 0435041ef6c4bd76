// What files claim, in words for messages: shapes and names; and a shape's bytes as a number that cannot overflow.
//
// Nothing a header says is believed before it was compared with the size of the file.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A shape in words: `[64, 3, 2, 2]`.
inline std::string shape_text(const std::vector<Index>& shape) {
  std::string text = "[";
  for (const Index extent : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  return text + "]";
}

namespace detail {
/// A name from a file, fit for an error message: quoted, short, without control characters.
inline std::string quoted(std::string name) {
  if (name.size() > 100) name = name.substr(0, 97) + "...";
  std::replace_if(
      name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 32; }, '?');
  return "'" + name + "'";
}

/// The bytes of `shape` elements of `element` bytes, or -1 if that exceeds `Index`.
inline Index bytes_of(const std::vector<Index>& shape, Index element) {
  for (const Index extent : shape)
    if (__builtin_mul_overflow(element, extent, &element)) return -1;
  return element;
}
}  // namespace detail

}  // namespace mae
MAE_PRECISE_END
