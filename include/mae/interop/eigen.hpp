// Eigen and mae look at the same numbers: maps of tensors, views and parameters, and views of Eigen's matrices.
//
//   auto f = mae::as_eigen(features);                                      // [B, N, D] as a (B·N) × D matrix
//   auto one = mae::as_eigen(features, 3);                                 // sample 3 of it as an N × D matrix
//   auto w = mae::as_eigen(weights, "blocks.0.attn.qkv.weight");           // a parameter as a 3D × D matrix
//   auto x = mae::from_eigen<mae::Shape<mae::dyn, 3, 32, 32>>(images);   // a row of the matrix is a sample
//
// Nothing is copied: a number written on one side is read on the other, and whoever owns the numbers must outlive the
// map or view. An owner without a name is refused at compile time. A map's rows are rows of memory (row-major). Both
// sides may show one memory, so Eigen's rule for aliases holds: an expression that reads what it overwrites, other
// than element by element, needs `.eval()`. Extents up to 32 are compile-time sizes to Eigen too; larger ones, and the
// batch, are Dynamic, for Eigen keeps matrices of fixed size on the stack.
#pragma once
#include <Eigen/Core>

#include <mae/interop/borrow.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {
/// An extent as Eigen shall know it.
template <Index Extent>
inline constexpr int eigen_extent = Extent <= 32 ? int{Extent} : Eigen::Dynamic;

/// Rows × Columns numbers of type T, constant if T is. Eigen wants a single column to be column-major, which is the
/// same memory.
template <class T, int Rows, int Columns>
using EigenMatrix = Eigen::Matrix<T, Rows, Columns, Columns == 1 && Rows != 1 ? Eigen::ColMajor : Eigen::RowMajor>;
template <class T, int Rows, int Columns>
using EigenMap =
    Eigen::Map<std::conditional_t<std::is_const_v<T>, const EigenMatrix<std::remove_const_t<T>, Rows, Columns>,
                                  EigenMatrix<std::remove_const_t<T>, Rows, Columns>>>;

/// The axes of S from `Axis` on, for `count` samples: the last is the columns; a single one is a column.
template <Index Axis, class T, class S>
auto eigen_map(View<T, S> view) {
  static_assert(std::is_arithmetic_v<T>,
                "mae::as_eigen: Eigen computes with numbers of the language; convert mae::bf16 to float first");
  constexpr bool column = S::rank - Axis <= 1;
  constexpr Index width = column ? 1 : S::extent(S::rank - 1), rows = S::count / width;
  constexpr int fixed_rows = S::batched && Axis == 0 ? Eigen::Dynamic : eigen_extent<rows>;
  return EigenMap<T, fixed_rows, eigen_extent<width>>(view.data(), Eigen::Index(view.batch() * rows),
                                                             Eigen::Index{width});
}

/// A parameter's numbers.
template <class T>
auto eigen_map(T* values, const ParameterInfo& parameter) {
  const auto [rows, columns] = matrix_size(parameter);
  return EigenMap<T, Eigen::Dynamic, Eigen::Dynamic>(values, Eigen::Index(rows), Eigen::Index(columns));
}
}  // namespace detail

/// All numbers of a tensor or view as a matrix, the last extent the columns: [B, N, D] is (B·N) × D, [B, D] is B × D;
/// rank one is a column.
template <detail::Dense X>
auto as_eigen(X&& x) {
  static_assert(!detail::is_temporary_tensor<X>,
                "mae::as_eigen: this tensor is a temporary; give it a name, for a map does not keep it alive");
  return detail::eigen_map<0>(detail::borrow(x));
}

/// Sample `b` alone: of [B, N, D] an N × D matrix, of [B, D] a column. Throws mae::Error if there is no such sample.
template <detail::Dense X>
auto as_eigen(X&& x, Index b) {
  static_assert(std::remove_cvref_t<X>::Shape::batched,
                "mae::as_eigen(x, b): only a shape that starts with dyn has samples");
  static_assert(!detail::is_temporary_tensor<X>,
                "mae::as_eigen: this tensor is a temporary; give it a name, for a map does not keep it alive");
  return detail::eigen_map<1>(detail::borrow(x).slice(b, 1));
}

/// A parameter as a matrix: a linear map is Out × In, a position table (L + 1) × D, a patch filter D × (P·P·C) with
/// its columns in the order of memory (ops/patchify.hpp), a bias or token a row. For all of a model:
/// `for (const auto& p : weights.parameters()) use(p.name, mae::as_eigen(weights, p));`
template <class Model, class Policy>
auto as_eigen(Weights<Model, Policy>& weights, const ParameterInfo& parameter) {
  return detail::eigen_map(weights.at(parameter), parameter);
}
template <class Model, class Policy>
auto as_eigen(const Weights<Model, Policy>& weights, const ParameterInfo& parameter) {
  return detail::eigen_map(weights.at(parameter), parameter);
}
/// The same by its name. Throws mae::Error if the model has no such parameter.
template <class Model, class Policy>
auto as_eigen(Weights<Model, Policy>& weights, std::string_view name) {
  return as_eigen(weights, detail::named_parameter(weights, name));
}
template <class Model, class Policy>
auto as_eigen(const Weights<Model, Policy>& weights, std::string_view name) {
  return as_eigen(weights, detail::named_parameter(weights, name));
}

namespace detail {
/// Whether rows × columns numbers are samples of shape S: a row is a sample or its last extent, and all samples are
/// whole. A vector is one run of numbers, whichever way it lies.
template <class S>
constexpr bool holds_samples(Index rows, Index columns, bool vector) {
  constexpr Index width = S::rank > Index{S::batched} ? S::extent(S::rank - 1) : 1;
  const Index size = rows * columns;
  return (vector || columns == S::count || columns == width) && size % S::count == 0 &&
         (S::batched ? size > 0 : size == S::count);
}
template <class M>
inline constexpr bool is_eigen_ref = false;
template <class M, int Options, class Strides>
inline constexpr bool is_eigen_ref<Eigen::Ref<M, Options, Strides>> = true;
/// What owns numbers, or may: a matrix or array, a Ref that had to copy. Blocks and maps own none.
template <class M>
inline constexpr bool may_own = std::is_base_of_v<Eigen::PlainObjectBase<M>, M> || is_eigen_ref<M>;

template <class S, class M>
auto eigen_memory(M& matrix) {
  const std::string size = std::to_string(matrix.rows()) + " x " + std::to_string(matrix.cols());
  if (!holds_samples<S>(matrix.rows(), matrix.cols(), M::IsVectorAtCompileTime))
    throw Error("from_eigen", "a matrix of " + size,
                (S::batched ? "samples" : "one sample") + std::string(" of ") + std::to_string(S::count) +
                    " numbers, one or a part of one in each row");
  const bool lines = !M::IsVectorAtCompileTime && matrix.rows() > 1;
  if (matrix.innerStride() != 1 || (lines && matrix.outerStride() != matrix.cols()))
    throw Error("from_eigen", "gaps between the numbers of a " + size + " matrix",
                "numbers that lie one behind the other");
  return View<std::remove_pointer_t<decltype(matrix.data())>, S>(matrix.data(), matrix.size() / S::count);
}
}  // namespace detail

/// The numbers of a row-major Eigen matrix, array, map or block as samples of shape `S`, for a session or as a view: a
/// row of the matrix is a sample, or one line of its last extent; a vector is one run of numbers. Throws mae::Error if
/// the matrix does not hold whole samples, or has gaps between its numbers (a block of some columns).
template <class S, class M>
auto from_eigen(M&& matrix) {
  using Matrix = std::remove_cvref_t<M>;
  constexpr Index rows = Matrix::RowsAtCompileTime, columns = Matrix::ColsAtCompileTime;
  constexpr bool vector = Matrix::IsVectorAtCompileTime, memory = (Matrix::Flags & Eigen::DirectAccessBit) != 0;
  static_assert(std::is_lvalue_reference_v<M> || !detail::may_own<Matrix>,
                "mae::from_eigen: this matrix is a temporary; give it a name, for a view does not keep it alive");
  static_assert(memory, "mae::from_eigen: an expression has no memory to look at; assign it to a matrix first");
  static_assert(Matrix::IsRowMajor || vector,
                "mae::from_eigen: the matrix is column-major; use Eigen::Matrix<..., Eigen::RowMajor>");
  static_assert(rows == Eigen::Dynamic || columns == Eigen::Dynamic || detail::holds_samples<S>(rows, columns, vector),
                "mae::from_eigen: the size of the matrix is not that of whole samples of the shape");
  if constexpr (memory) return detail::eigen_memory<S>(matrix);
  else return View<typename Matrix::Scalar, S>(nullptr);
}

}  // namespace mae
MAE_PRECISE_END
