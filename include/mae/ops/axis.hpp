// One axis of a shape, as loops see it: [outer, extent, inner], the batch being part of outer.
//
// Sums, slices, joined tensors and operands that are spread along an axis all look at an array this way: `inner`
// numbers lie side by side, `extent` such runs make one outer element. Axes are counted as `Shape::extent` counts
// them: from 0, the batch, or from the end with -1.
#pragma once
#include <mae/autograd/trace/operation.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace rule {
/// An axis of a sample: neither the batch nor beyond the shape.
template <Index Axis, class S>
struct AxisOfSample {
  static constexpr bool holds = Axis < S::rank && Axis >= -S::rank && Axis != 0 && Axis != -S::rank;
};
}  // namespace rule

namespace detail {

template <class S>
constexpr Index extents_between(Index begin, Index end) {
  Index count = 1;
  for (Index k = begin; k < end; ++k) count *= S::extent(k);
  return count;
}

/// Axis `Axis` of S, which is batched. `outer` is of one sample.
template <class S, Index Axis>
struct AxisOf {
  static constexpr Index number = Axis < 0 ? Axis + S::rank : Axis;
  static constexpr Index extent = S::extent(number);
  static constexpr Index outer = extents_between<S>(1, number), inner = S::count / (outer * extent);
  /// The array as a matrix for `rows`: [batch · rows, columns]. Where the axis is the last one, its run is a row.
  static constexpr Index rows = inner == 1 ? outer : outer * extent, columns = inner == 1 ? extent : inner;
  /// Where element (r, c) of that matrix lies in an array without the axis.
  MAE_HOST_DEVICE static constexpr Index reduced(Index r, Index c) { return inner == 1 ? r : r / extent * inner + c; }
};

/// Calls put(j, Σ f(i)) for every element j of an array without the axis: i runs along the axis, in order.
template <class Kernels, class Axis, class F, class Put>
void sum_along(Index batch, const F& f, const Put& put) {
  constexpr Index N = Axis::extent, inner = Axis::inner;
  if constexpr (inner == 1)
    Kernels::row_sums(
        batch * Axis::outer, N, [=] MAE_HOST_DEVICE(Index r, Index c) { return f(r * N + c); }, put);
  else
    Kernels::rows(batch * Axis::outer, inner, [=] MAE_HOST_DEVICE(Index r, Index c) {
      auto sum = f(r * N * inner + c);
      for (Index k = 1; k < N; ++k) sum += f((r * N + k) * inner + c);
      put(r * inner + c, sum);
    });
}

/// The shape S without axis number `Axis`.
template <class S, Index Axis, class Axes = std::make_integer_sequence<Index, S::rank - 1>>
struct WithoutAxis;
template <class S, Index Axis, Index... axes>
struct WithoutAxis<S, Axis, std::integer_sequence<Index, axes...>> {
  using type = Shape<S::extent(axes < AxisOf<S, Axis>::number ? axes : axes + 1)...>;
};

}  // namespace detail
}  // namespace mae
MAE_PRECISE_END
