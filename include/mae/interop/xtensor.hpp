// xtensor and mae look at the same numbers: adaptors of tensors, views and parameters, and views of xtensor's arrays.
//
//   auto f = mae::as_xtensor(features);                                    // an xtensor expression [B, N, D]
//   auto w = mae::as_xtensor(weights, "blocks.0.attn.qkv.weight");         // a parameter as a matrix [3D, D]
//   auto x = mae::from_xtensor<mae::Shape<mae::dyn, 3, 32, 32>>(images); // xt::xtensor or xt::xarray, row-major
//
// Nothing is copied: a number written on one side is read on the other, and whoever owns the numbers must outlive the
// adaptor or view. An owner without a name is refused at compile time. Both sides may show one memory: xtensor assigns
// through a temporary unless told by `xt::noalias` that nothing overlaps. An adaptor cannot be resized: to assign
// another shape to it throws. Extents are as in mae's shape, the batch first.
#pragma once
#include <array>

#include <mae/interop/borrow.hpp>
#include <mae/interop/xadapt.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {
template <class T, std::size_t Rank>
auto xtensor_adaptor(T* data, const std::array<std::size_t, Rank>& shape) {
  static_assert(std::is_arithmetic_v<T>,
                "mae::as_xtensor: xtensor computes with numbers of the language; convert mae::bf16 to float first");
  std::size_t size = 1;
  for (const std::size_t extent : shape) size *= extent;
  // A pointer by value: of a named one xtensor would keep the reference.
  return xt::adapt<xt::layout_type::row_major>(std::move(data), size, xt::no_ownership(), shape);
}
}  // namespace detail

/// A tensor or view as an xtensor of the same rank and extents, the batch first.
template <detail::Dense X>
auto as_xtensor(X&& x) {
  static_assert(!detail::is_temporary_tensor<X>,
                "mae::as_xtensor: this tensor is a temporary; give it a name, for an adaptor does not keep it alive");
  const auto view = detail::borrow(x);
  using S = typename std::remove_cvref_t<X>::Shape;
  std::array<std::size_t, std::size_t{S::rank}> shape{};
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    shape[axis] = static_cast<std::size_t>(S::batched && axis == 0 ? view.batch() : S::extent(Index(axis)));
  return detail::xtensor_adaptor(view.data(), shape);
}

/// A parameter as a matrix: a linear map is [Out, In], a position table [L + 1, D], a patch filter [D, P·P·C] with its
/// columns in the order of memory (ops/patchify.hpp), a bias or token [1, D]. For all of a model:
/// `for (const auto& p : weights.parameters()) use(p.name, mae::as_xtensor(weights, p));`
template <class W>
auto as_xtensor(W& weights, const ParameterInfo& parameter) {
  const auto [rows, columns] = detail::matrix_size(parameter);
  const std::array<std::size_t, 2> shape{static_cast<std::size_t>(rows), static_cast<std::size_t>(columns)};
  return detail::xtensor_adaptor(weights.at(parameter), shape);
}
/// The same by its name. Throws mae::Error if the model has no such parameter.
template <class W>
auto as_xtensor(W& weights, std::string_view name) {
  return as_xtensor(weights, detail::named_parameter(weights, name));
}

namespace detail {
std::string extents_of(const auto& shape) {
  std::string text = "[";
  for (const auto extent : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  return text + "]";
}
/// Whether extents are those of S, any batch but none.
template <class S>
bool has_shape(const auto& shape) {
  if (static_cast<Index>(shape.size()) != S::rank) return false;
  for (Index axis = 0; axis < S::rank; ++axis) {
    const auto extent = static_cast<Index>(shape[static_cast<std::size_t>(axis)]);
    if (axis == 0 && S::batched ? extent < 1 : extent != S::extent(axis)) return false;
  }
  return true;
}
/// Whether elements lie one behind the other in row-major order. The stride of a single element says nothing.
bool is_row_major(const auto& shape, const auto& strides) {
  Index step = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    const auto extent = static_cast<Index>(shape[axis]);
    if (extent != 1 && static_cast<Index>(strides[axis]) != step) return false;
    step *= extent;
  }
  return true;
}
template <class S, class A>
auto xtensor_memory(A& array) {
  const auto& shape = array.shape();
  if (!has_shape<S>(shape)) {
    std::string expected = "[";
    for (Index axis = 0; axis < S::rank; ++axis)
      expected += (axis ? ", " : "") + (S::batched && axis == 0 ? std::string("B") : std::to_string(S::extent(axis)));
    throw Error("from_xtensor", "an array " + extents_of(shape), expected + "]");
  }
  if (!is_row_major(shape, array.strides()))
    throw Error("from_xtensor", "an array " + extents_of(shape) + " with strides " + extents_of(array.strides()),
                "numbers that lie one behind the other, row-major");
  using T = std::remove_pointer_t<decltype(array.data())>;
  return View<T, S>(array.data() + array.data_offset(), S::batched ? static_cast<Index>(shape[0]) : 1);
}
}  // namespace detail

/// The numbers of an xtensor container, adaptor or view as samples of shape `S`, the first extent the batch. Throws
/// mae::Error if the extents differ, or the numbers do not lie one behind the other in row-major order.
template <class S, class A>
auto from_xtensor(A&& array) {
  using Array = std::remove_cvref_t<A>;
  constexpr std::size_t rank = xt::get_rank<Array>::value;
  constexpr bool memory = xt::has_data_interface<Array>::value;
  static_assert(std::is_lvalue_reference_v<A>,
                "mae::from_xtensor: this array is a temporary; give it a name, for a view does not keep it alive");
  static_assert(memory, "mae::from_xtensor: an expression has no memory to look at; assign it to a container first");
  static_assert(Array::static_layout != xt::layout_type::column_major,
                "mae::from_xtensor: the array is column-major; use a row-major container");
  static_assert(rank == SIZE_MAX || rank == std::size_t{S::rank},
                "mae::from_xtensor: the array has another number of extents than the shape");
  if constexpr (memory) return detail::xtensor_memory<S>(array);
  else return View<typename Array::value_type, S>(nullptr);
}

}  // namespace mae
MAE_PRECISE_END
