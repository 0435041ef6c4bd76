// Printing: `std::cout << tensor` shows the shape and the first and last elements of each axis, as numerical tools do.
// The only header of its floor with <ostream>; include it where you print.
#pragma once
#include <ostream>

#include <mae/tensor/tensor.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {
template <class T, class S>
void print_axis(std::ostream& out, const View<T, S>& x, Index axis, Index offset, Index stride, int indent) {
  constexpr Index shown = 3;  // at each end of an axis
  if (axis == S::rank) {
    out << +x.data()[offset];
    return;
  }
  const Index extent = axis == 0 && S::batched ? x.batch() : S::extent(axis);
  stride /= extent;
  out << '[';
  for (Index i = 0; i < extent; ++i) {
    const bool row = axis == S::rank - 1;
    if (i > 0) out << (row ? ", " : ",\n");
    if (i > 0 && !row)
      for (int k = 0; k <= indent; ++k) out << ' ';
    if (extent > 2 * shown + 1 && i == shown) {
      out << "...";
      i = extent - shown - 1;
      continue;
    }
    print_axis(out, x, axis + 1, offset + i * stride, stride, indent + 1);
  }
  out << ']';
}
}  // namespace detail

/// `[2, 3, 4] [[...` : the extents, then the elements.
template <class T, class S>
std::ostream& operator<<(std::ostream& out, const View<T, S>& x) {
  out << '[';
  for (Index axis = 0; axis < S::rank; ++axis)
    out << (axis ? ", " : "") << (axis == 0 && S::batched ? x.batch() : S::extent(axis));
  out << "] ";
  detail::print_axis(out, x, 0, 0, x.size(), 0);
  return out;
}
template <class T, class S, class MemorySpace>
std::ostream& operator<<(std::ostream& out, const Tensor<T, S, MemorySpace>& x) {
  return out << x.view();
}

}  // namespace mae
MAE_PRECISE_END
