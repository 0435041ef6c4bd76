// Bilinear upsampling of patch tokens to pixels: a value for each pixel, between those of the tokens around it.
//
// x [B, R·C, K] on a grid of R × C tokens → y [B, (F R)·(F C), K], both row by row, channels last. Token i covers
// pixels F i to F (i + 1), so the centre of pixel u lies at token coordinate
//
//     s(u) = max((u + 1/2) / F - 1/2, 0),   i = ⌊s⌋,  t = s - i,   value = (1 - t) x[i] + t x[min(i + 1, R - 1)],
//
// in rows and then in columns, as F.interpolate(mode="bilinear", align_corners=False) of PyTorch has it; beyond the
// outermost centres the value stays. With m = max(2 u + 1 - F, 0), exactly: i = ⌊m / 2F⌋, t = (m mod 2F) / 2F.
// Backward is the transpose: ∂L/∂x[i, j] = Σ_u Σ_v w_i(u) w_j(v) ∂L/∂y[u, v], where w_i(u), the weight of token i in
// pixel u, is zero unless F (i - 1) ≤ u < F (i + 2). Cost: 8 operations a value, both ways.
#pragma once
#include <mae/autograd/trace/operation.hpp>
#include <mae/core/rules.hpp>
#include <mae/ops/error_placeholder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A pixel of one axis lies between tokens `low` and `high`, `share` of the way; of `Tokens`, `Factor` pixels each.
template <Index Tokens, Index Factor>
struct BetweenTokens {
  Index low, high;
  double share;

  MAE_HOST_DEVICE constexpr explicit BetweenTokens(Index pixel) : low(0), high(0), share(0) {
    const Index halves = 2 * pixel + 1 - Factor, m = halves > 0 ? halves : 0;
    low = m / (2 * Factor);
    high = low + 1 < Tokens ? low + 1 : low;
    share = double(m % (2 * Factor)) / double(2 * Factor);
  }
  /// The weight of a token in this pixel.
  MAE_HOST_DEVICE constexpr double weight(Index token) const {
    return (token == low ? 1 - share : 0) + (token == high ? share : 0);
  }
  /// The first pixel that a token may have a weight in, and the one after the last.
  MAE_HOST_DEVICE static constexpr Index begin(Index token) { return token > 0 ? (token - 1) * Factor : 0; }
  MAE_HOST_DEVICE static constexpr Index end(Index token) { return (token + 2 < Tokens ? token + 2 : Tokens) * Factor; }
};

template <Index Rows, Index Columns, Index Factor>
struct UpsampleOperation : Operation {
  static constexpr const char* name = "upsample";
  static constexpr Index tokens = Rows * Columns, pixels = tokens * Factor * Factor, width = Columns * Factor;
  using Row = BetweenTokens<Rows, Factor>;
  using Column = BetweenTokens<Columns, Factor>;
  template <class X>
  using Output = Shape<dyn, pixels, X::extent(2)>;
  template <class M, class X>
  static constexpr Index flops = 8 * Output<X>::count;

  template <class Call>
  static void forward(const Call& f) {
    constexpr Index K = Call::Result::extent(2);
    using A = typename Call::A;
    const auto x = f.x(first);
    const auto y = f.y();
    Call::Kernels::each(
        f.batch() * pixels,
        [=] MAE_HOST_DEVICE(Index p) {
          const Row row(p % pixels / width);
          const Column column(p % width);
          const auto* const top = x + (p / pixels * tokens + row.low * Columns) * K;
          const auto* const bottom = x + (p / pixels * tokens + row.high * Columns) * K;
          const A t = A(row.share), s = A(column.share);
          for (Index k = 0; k < K; ++k) {
            const Index l = column.low * K + k, r = column.high * K + k;
            const A above = (1 - s) * A(top[l]) + s * A(top[r]), below = (1 - s) * A(bottom[l]) + s * A(bottom[r]);
            y[p * K + k] = typename Call::T((1 - t) * above + t * below);
          }
        },
        4 * K);
  }
  template <class Call>
  static void backward(const Call& f) {
    constexpr Index K = Call::Result::extent(2);
    using A = typename Call::A;
    const auto dy = f.dy();
    if (const auto dx = f.dx(first); dx.wanted())
      Call::Kernels::each(
          f.batch() * tokens,
          [=] MAE_HOST_DEVICE(Index l) {
            const Index i = l % tokens / Columns, j = l % Columns;
            A sum[K] = {};
            for (Index u = Row::begin(i); u < Row::end(i); ++u) {
              const double w = Row(u).weight(i);
              if (w == 0) continue;
              for (Index v = Column::begin(j); v < Column::end(j); ++v) {
                const A both = A(w * Column(v).weight(j));
                const auto* const from = dy + (l / tokens * pixels + u * width + v) * K;
                for (Index k = 0; k < K; ++k) sum[k] += both * A(from[k]);
              }
            }
            for (Index k = 0; k < K; ++k) dx.add(l * K + k, sum[k]);
          },
          9 * Factor * Factor * K);
  }
};

/// x [B, Rows·Columns, K] → [B, (Factor·Rows)·(Factor·Columns), K].
template <Index Rows, Index Columns, Index Factor, Expression X>
constexpr auto upsample(const X& x) {
  constexpr bool grid = ShapeOf<X>::rank == 3 && ShapeOf<X>::extent(1) == Rows * Columns && Factor > 0;
  static_assert(grid, "mae::upsample<Rows, Columns, Factor>: x must be [B, Rows * Columns, K]");
  if constexpr (grid) return apply<UpsampleOperation<Rows, Columns, Factor>>(x);
  else return detail::error_placeholder<Shape<dyn, Rows * Columns * Factor * Factor, width_of<ShapeOf<X>>>>(x);
}

}  // namespace mae
MAE_PRECISE_END
