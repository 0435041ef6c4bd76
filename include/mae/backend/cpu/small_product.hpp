// Products too small for blocks and panels, as in attention over a few tokens: C[m, n] = Σ_k A(m, k) B(n, k).
//
// Four rows of C by one or two vectors are summed in registers, or five where five are left: tokens are often a square
// of patches and the class token. A is read where it lies, a number at a time; B too if its rows lie side by side,
// otherwise it is transposed first. No tile is copied, which is most of what the blocked product does for a few tokens.
// The terms of a sum are added in the same order as there, so that both give the same bits and a product may be cut for
// threads at any place. Cost: M N K multiply-adds.
#pragma once
#include <mae/backend/cpu/tile.hpp>

MAE_PRECISE_BEGIN
namespace mae::cpu {

template <class T, class Isa>
class SmallProduct {
  static_assert(Packed<T>::terms == 1);
  using S = Simd<T, Isa>;
  using Vector = typename S::Vector;
  static constexpr Index lanes = S::lanes, panel = 2 * lanes;

 public:
  /// C = A Bᵀ + bias + start; `scratch` has room for K numbers of `round_up(N, 2 * lanes)` rows of B.
  [[gnu::noinline]] static void run(Index M, Index N, Index K, const Operand<T>& a, const Operand<T>& b,
                                    const Output<T>& c, T* scratch) {
    const bool packed = b.outer != 1;
    if (packed) Pack<panel, T, T, Isa>::run(b, N, K, scratch);
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index n = 0; n < N; n += panel) {
        const Index step = packed ? panel : b.depth, width = smaller(panel, N - n);
        const T* columns = packed ? scratch + n * K : b.data + n;
        const Index stored = larger(width, smaller(panel, c.room - n));
        const auto rows_from = [&](Index m, auto height) __attribute__((always_inline)) {
          const Index rows = smaller(height, M - m);
          if (width <= lanes)
            multiply<height, 1>(rows, packed ? lanes : width, K, part(a, m, 0), columns, step, part(c, m, n), stored);
          else
            multiply<height, 2>(rows, packed ? panel : width, K, part(a, m, 0), columns, step, part(c, m, n), stored);
        };
        Index m = 0;
        for (; m < M && M - m != 5; m += 4) rows_from(m, std::integral_constant<Index, 4>{});
        if (m < M) rows_from(m, std::integral_constant<Index, 5>{});
      }
    });
  }

 private:
  /// Up to `height` rows by `vectors`, of which B has `width` columns and C takes `stored`. Rows that are too many
  /// repeat the last one and are not stored.
  template <Index height, Index vectors>
  [[gnu::always_inline]] static void multiply(Index rows, Index width, Index K, const Operand<T>& a, const T* b,
                                              Index step, const Output<T>& c, Index stored) {
    const T* row[height];
    unroll<height>([&](auto i) __attribute__((always_inline)) { row[i] = a.data + smaller(i, rows - 1) * a.outer; });
    Vector sum[height][vectors] = {};
    const auto add = [&](const Vector(&column)[vectors], Index k) __attribute__((always_inline)) {
      unroll<height>([&](auto i) __attribute__((always_inline)) {
        const T x = row[i][k * a.depth];
        unroll<vectors>([&](auto j) __attribute__((always_inline)) { sum[i][j] = x * column[j] + sum[i][j]; });
      });
    };
    Vector column[vectors];
    if (width == vectors * lanes) {
      for (Index k = 0; k < K; ++k, b += step) {
        unroll<vectors>([&](auto j) __attribute__((always_inline)) {
          column[j] = S::at(b + j * lanes).v;
          isa::in_register(column[j]);
        });
        add(column, k);
      }
    } else {
      for (Index k = 0; k < K; ++k, b += step) {
        unroll<vectors>([&](auto j) __attribute__((always_inline)) {
          S::load(column[j], b + j * lanes, width - j * lanes);
        });
        add(column, k);
      }
    }
    unroll<vectors>([&](auto j) __attribute__((always_inline)) {
      const Index at = j * lanes, count = stored - at;
      Vector bias = {}, before = {};
      if (c.bias) S::load(bias, c.bias + at, count);
      unroll<height>([&](auto i) __attribute__((always_inline)) {
        if (i >= rows) return;
        if (c.bias) sum[i][j] += bias;
        if (c.start) S::load(before, c.start + i * c.stride + at, count), sum[i][j] += before;
        S::store(c.to + i * c.stride + at, sum[i][j], count);
      });
    });
  }
};

}  // namespace mae::cpu
MAE_PRECISE_END
