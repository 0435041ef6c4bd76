#include <mae/checkpoint/resize_matrix.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace mae;
using detail::ResizeMatrix;

namespace {

ResizeMatrix turned(const ResizeMatrix& m) {
  ResizeMatrix result(m.from, m.to);
  for (Index i = 0; i < m.to; ++i)
    for (Index j = 0; j < m.from; ++j) result(j, i) = m(i, j);
  return result;
}
ResizeMatrix operator*(const ResizeMatrix& a, const ResizeMatrix& b) {
  ResizeMatrix result(a.to, b.from);
  for (Index i = 0; i < a.to; ++i)
    for (Index j = 0; j < b.from; ++j)
      for (Index k = 0; k < a.from; ++k) result(i, j) += a(i, k) * b(k, j);
  return result;
}
double distance(const ResizeMatrix& a, const ResizeMatrix& b) {
  double worst = 0;
  for (Index i = 0; i < a.to; ++i)
    for (Index j = 0; j < a.from; ++j) worst = std::fmax(worst, std::fabs(a(i, j) - b(i, j)));
  return worst;
}

}  // namespace

TEST_CASE("a constant stays one under both kernels, at any sizes") {
  for (const Bicubic how : {Bicubic::plain, Bicubic::antialiased})
    for (Index from = 1; from <= 17; ++from)
      for (Index to = 1; to <= 17; ++to) {
        const ResizeMatrix matrix = detail::resize_matrix(to, from, how);
        for (Index i = 0; i < to; ++i) {
          double sum = 0;
          for (Index j = 0; j < from; ++j) sum += matrix(i, j);
          CHECK(sum == doctest::Approx(1).epsilon(1e-14));
        }
      }
}

TEST_CASE("four conditions make the pseudo-inverse (Penrose, 1955), and it meets them at all sides of patches") {
  for (Index from = 1; from <= 32; from += from < 18 ? 1 : 7)
    for (Index to = 1; to <= 32; to += to < 18 ? 1 : 7) {
      INFO(from, " -> ", to);
      const ResizeMatrix r = detail::resize_matrix(to, from, Bicubic::antialiased);
      const ResizeMatrix s = detail::pseudo_inverse_transposed(r), p = turned(s);
      REQUIRE(p.to == from);
      REQUIRE(p.from == to);
      const ResizeMatrix rp = r * p, pr = p * r;
      CHECK(distance(rp * r, r) < 1e-12);
      CHECK(distance(pr * p, p) < 1e-12);
      CHECK(distance(rp, turned(rp)) < 1e-12);
      CHECK(distance(pr, turned(pr)) < 1e-12);
    }
}
