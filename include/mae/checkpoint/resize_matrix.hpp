// Resizing along one axis as a matrix R [to, from]: new = R · old, and what undoes it.
//
// An image or a grid of tokens is resized by R along its rows and along its columns. Two kernels are in use, both
// cubic (Keys, 1981): the plain one of the paper's code (a = -3/4, four sources at any scale, the border repeated),
// which is PyTorch's `bicubic`, and the antialiased one of timm (a = -1/2, widened where the axis shrinks, cut at the
// border), which is that of images (data/resize.hpp). The pseudo-inverse of R comes from its normal equations: R has
// full rank, and a condition number below 4 up to 64 pixels, so that in double nothing is lost. All is computed in
// double.
#pragma once
#include <string>
#include <vector>

#include <mae/core/error.hpp>
#include <mae/data/resize.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The kernel of a resize.
enum class Bicubic { plain, antialiased };

namespace detail {

/// How `from` numbers in a row become `to`.
struct ResizeMatrix {
  Index to = 0, from = 0;
  std::vector<double> weights;  // [to, from]

  ResizeMatrix(Index rows, Index columns)
      : to(rows), from(columns), weights(static_cast<std::size_t>(rows * columns)) {}
  double& operator()(Index i, Index j) { return weights[static_cast<std::size_t>(i * from + j)]; }
  double operator()(Index i, Index j) const { return weights[static_cast<std::size_t>(i * from + j)]; }
};

inline ResizeMatrix resize_matrix(Index to, Index from, Bicubic how) {
  ResizeMatrix matrix(to, from);
  for (Index i = 0; i < to; ++i) {
    if (how == Bicubic::antialiased) {
      antialiased_weights(to, static_cast<double>(from), i, [&](Index j, double weight) { matrix(i, j) += weight; });
      continue;
    }
    const double at = (static_cast<double>(i) + 0.5) * static_cast<double>(from) / static_cast<double>(to) - 0.5;
    const double floor = math::floor(at);
    for (int tap = -1; tap <= 2; ++tap) {
      const Index j = static_cast<Index>(floor) + tap, inside = j < 0 ? 0 : j < from ? j : from - 1;
      matrix(i, inside) += cubic(at - floor - tap, -0.75);
    }
  }
  return matrix;
}

/// The matrix S [to, from] for which Sᵀ is the pseudo-inverse of `r`: R (RᵀR)⁻¹ where R is tall, (RRᵀ)⁻¹ R where it is
/// wide. Cost: the third power of its smaller side.
inline ResizeMatrix pseudo_inverse_transposed(const ResizeMatrix& r) {
  const bool tall = r.to >= r.from;
  const Index m = tall ? r.from : r.to, n = tall ? r.to : r.from;
  const auto entry = [&](Index i, Index k) { return tall ? r(k, i) : r(i, k); };  // [m, n], of full row rank
  ResizeMatrix l(m, m), x(m, n);  // the Cholesky factor of its product with itself; the solution
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j <= i; ++j) {
      double sum = 0;
      for (Index k = 0; k < n; ++k) sum += entry(i, k) * entry(j, k);
      for (Index k = 0; k < j; ++k) sum -= l(i, k) * l(j, k);
      if (i == j && !(sum > 1e-9))
        throw Error("resize " + std::to_string(r.from) + " -> " + std::to_string(r.to),
                    "row " + std::to_string(i) + " of its matrix a sum of others", "a matrix of full rank");
      l(i, j) = i == j ? math::sqrt(sum) : sum / l(j, j);
    }
  for (Index k = 0; k < n; ++k) {
    for (Index i = 0; i < m; ++i) {
      double sum = entry(i, k);
      for (Index j = 0; j < i; ++j) sum -= l(i, j) * x(j, k);
      x(i, k) = sum / l(i, i);
    }
    for (Index i = m - 1; i >= 0; --i) {
      double sum = x(i, k);
      for (Index j = i + 1; j < m; ++j) sum -= l(j, i) * x(j, k);
      x(i, k) = sum / l(i, i);
    }
  }
  if (!tall) return x;
  ResizeMatrix turned(n, m);
  for (Index k = 0; k < n; ++k)
    for (Index i = 0; i < m; ++i) turned(k, i) = x(i, k);
  return turned;
}

/// `values` [outer, matrix.from, inner] → [outer, matrix.to, inner].
inline std::vector<double> along_axis(const std::vector<double>& values, const ResizeMatrix& matrix, Index inner) {
  const Index outer = static_cast<Index>(values.size()) / (matrix.from * inner);
  std::vector<double> result(static_cast<std::size_t>(outer * matrix.to * inner));
  for (Index o = 0; o < outer; ++o)
    for (Index i = 0; i < matrix.to; ++i) {
      double* const to = result.data() + (o * matrix.to + i) * inner;
      for (Index j = 0; j < matrix.from; ++j) {
        const double weight = matrix(i, j);
        if (weight == 0) continue;
        const double* const from = values.data() + (o * matrix.from + j) * inner;
        for (Index k = 0; k < inner; ++k) to[k] += weight * from[k];
      }
    }
  return result;
}

}  // namespace detail
}  // namespace mae
MAE_PRECISE_END
