// The microkernel of a product, a tile of C that the registers hold: C[MR, NR] = Σ_s a[s] ⊗ b[s], from two panels.
//
// A tile of C, 14 x 32 sums with AVX-512, stays in registers while the sum runs. Each step loads two vectors of b, and
// each word of a is spread over a vector and feeds two fused multiply-adds: 28 of them for 2 loads and 14 broadcasts,
// so the multiply-adds are what limits. There b [512][32] is larger than the first cache and streams through it: what
// it needs is called for eight steps ahead. The 6 x 16 sums of AVX2 leave few multiply-adds a step for every other
// instruction to hide behind, and most of their packed b [512][16] stays in the first cache: two steps a round and no
// calls. Vectors of b are held in registers: left to itself, g++ -O3 reads them from memory for every multiply-add, at
// half the speed. The place in C is called for row by row in the last steps only, since it would be driven out before.
// Bias, residual and what lies in C already are added before the tile is stored.
//
// bf16 has two terms in a word. A processor without an instruction for them takes the pair apart: the higher term is
// the word without its lower half, the lower one is shifted up; both are floats then. The products are exact either way
// and are added in the same order, second term first.
#pragma once
#include <cstring>

#include <mae/backend/cpu/avx512_bf16.hpp>
#include <mae/backend/cpu/pack.hpp>
#include <mae/backend/cpu/prefetcher.hpp>
#include <mae/core/shape.hpp>

MAE_PRECISE_BEGIN
namespace mae::cpu {

/// An activation of a result, laid out as the result: `apply` computes it for a tile that has just been stored.
template <class C>
struct Activated {
  C* to = nullptr;  ///< null for none
  void (*apply)(Index height, Index width, Index stride, const C* from, C* to) = nullptr;
};
/// Where C goes, row i at `to + i * stride`, and what happens on the way: C = Σ + bias + start, and its activation.
/// `C` is what is stored, `Sum` what is added up.
template <class C, class Sum = C>
struct Output {
  C* to;
  Index stride;
  const Sum* bias = nullptr;  ///< [N], added to every row; null for none
  const C* start = nullptr;   ///< laid out as C and may be C itself; null for none
  Activated<C> activated = {};
  Index room = 0;  ///< columns that a row of C has room for, if more than N: those beyond N may be overwritten
};

/// The part of `all` that begins at row `m` and column `n`.
template <class C, class Sum>
Output<C, Sum> part(const Output<C, Sum>& all, Index m, Index n) {
  const Index at = m * all.stride + n;
  return {all.to + at,
          all.stride,
          all.bias ? all.bias + n : nullptr,
          all.start ? all.start + at : nullptr,
          {all.activated.to ? all.activated.to + at : nullptr, all.activated.apply},
          all.room - n};
}

/// Columns of B that a tile multiplies, side by side: those of step s begin at data[s * stride].
template <class Word>
struct Panel {
  const Word* data;
  Index stride;
};

template <class T, class Isa>
class Tile {
  using Word = typename Packed<T>::Word;
  using Sum = typename Packed<T>::Sum;
  using S = Simd<Sum, Isa>;
  using Vector = typename S::Vector;
  static constexpr Index lanes = S::lanes;
  static constexpr bool streams = Isa::registers == 32;  // b through the first cache: there are registers enough
  static constexpr bool wide = lanes >= (streams ? 16 : 8);
  static constexpr Index vectors = wide ? 2 : 3;
  static constexpr Index k_unroll = wide && !streams ? 2 : 1;  // steps a round; with more, sums leave registers

 public:
  static constexpr Index MR = streams ? (wide ? 14 : 8) : (wide ? 6 : 4);
  static constexpr Index NR = vectors * lanes;
  /// A tile with no more rows than this computes only this many: what the 400 and 1576 rows of ViT-B leave over 14.
  static constexpr Index edge_rows = MR == 14 ? 8 : MR;
  /// How often a tile calls for memory: once every `prefetch_interval` steps.
  static constexpr Index calls(Index steps) { return ceil_divide(steps, prefetch_interval<Isa>); }

  /// The first `Rows` rows of a tile, from panels a [steps][MR] and b [steps], that calls for what lies `ahead`. A
  /// function of its own, so that nothing else asks for registers.
  template <Index Rows, class C>
  [[gnu::noinline]] static void multiply(const Word* a, const Panel<Word>& b, Index steps, const Output<C, Sum>& c,
                                         Prefetcher& ahead) {
    Isa::run([&]() __attribute__((always_inline)) {
      Vector sum[Rows][vectors] = {};
      Index row = 0, left = calls(steps);  // the next row of C to call for, and the calls that are left
      const Index rows_a_call = ceil_divide(Rows, larger(left, 1));
      const auto call = [&]() __attribute__((always_inline)) {
        ahead.step();
        for (const Index end = Rows - --left * rows_a_call; row < end; ++row)
          for (Index j = 0; j < vectors; ++j) __builtin_prefetch(c.to + row * c.stride + j * lanes, 1);
      };
      add_up(sum, a, b, steps, call);
      if (c.bias)
        each_vector<Rows>([&](auto i, auto j) __attribute__((always_inline)) {
          sum[i][j] += S::at(c.bias + j * lanes).v;
        });
      if (c.start)
        each_vector<Rows>([&](auto i, auto j) __attribute__((always_inline)) {
          Vector before;
          S::load(before, c.start + i * c.stride + j * lanes);
          sum[i][j] += before;
        });
      each_vector<Rows>([&](auto i, auto j) __attribute__((always_inline)) {
        S::store(c.to + i * c.stride + j * lanes, sum[i][j]);
      });
    });
  }

  /// A tile that juts out of C, of `height` x `width`: what C has is copied to and fro, the rest is never used.
  template <class C>
  static void multiply_edge(const Word* a, const Panel<Word>& b, Index steps, const Output<C, Sum>& c, Index height,
                            Index width, Prefetcher& ahead) {
    alignas(alignment) C edge[MR * NR];
    alignas(alignment) Sum bias[NR];
    if (c.start) copy(c.start, c.stride, edge, NR, height, width);
    if (c.bias) copy(c.bias, 0, bias, 0, 1, width);
    const Output<C, Sum> whole{edge, NR, c.bias ? bias : nullptr, c.start ? edge : nullptr};
    if (height <= edge_rows) multiply<edge_rows>(a, b, steps, whole, ahead);
    else multiply<MR>(a, b, steps, whole, ahead);
    copy(edge, NR, c.to, c.stride, height, width);
  }

 private:
  template <Index Rows, class Call>
  [[gnu::always_inline]] static void add_up(Vector (&sum)[Rows][vectors], const Word* a, const Panel<Word>& b,
                                            Index steps, const Call& call) {
    if constexpr (Isa::multiplies_bf16 && Packed<T>::terms == 2) {
      DotTile<Rows, MR>::run(a, b.data, steps, sum, call);  // b is packed
    } else {
      for (Index s = 0; s < steps; s += prefetch_interval<Isa>) {
        call();
        add_steps(sum, a + s * MR, b.data + s * b.stride, b.stride, smaller(prefetch_interval<Isa>, steps - s));
      }
    }
  }
  template <Index Rows>
  [[gnu::always_inline]] static void add_steps(Vector (&sum)[Rows][vectors], const Word* a, const Word* b,
                                               Index stride, Index steps) {
    if constexpr (Packed<T>::terms == 1) {
      Index s = 0;
      for (; s + k_unroll <= steps; s += k_unroll, a += k_unroll * MR, b += k_unroll * stride)
        unroll<k_unroll>([&](auto t) __attribute__((always_inline)) {
          add_step(sum, a + t * MR, b + t * stride, stride);
        });
      for (; s < steps; ++s, a += MR, b += stride) add_step(sum, a, b, stride);
    } else {
      for (Index s = 0; s < steps; ++s, a += MR, b += stride) add_pairs(sum, a, b);
    }
  }
  template <Index Rows>
  [[gnu::always_inline]] static void add_step(Vector (&sum)[Rows][vectors], const Word* a, const Word* b,
                                              Index stride) {
    Vector column[vectors];
    if constexpr (streams)
      for (Index j = 0; j < vectors; ++j) __builtin_prefetch(b + 8 * stride + j * lanes);
    unroll<vectors>([&](auto j) __attribute__((always_inline)) {
      column[j] = S::at(b + j * lanes).v;
      isa::in_register(column[j]);
    });
    each_vector<Rows>([&](auto i, auto j) __attribute__((always_inline)) { sum[i][j] = a[i] * column[j] + sum[i][j]; });
  }
  template <Index Rows>
  [[gnu::always_inline]] static void add_pairs(Vector (&sum)[Rows][vectors], const Word* a, const Word* b) {
    Vector first[vectors], second[vectors];
    unroll<vectors>([&](auto j) __attribute__((always_inline)) {
      const typename S::Words pairs = reinterpret_cast<const typename Simd<Word, Isa>::Loose*>(b + j * lanes)->v;
      first[j] = reinterpret_cast<Vector>(pairs << 16);
      second[j] = reinterpret_cast<Vector>(pairs & 0xffff0000u);
    });
    each_vector<Rows>([&](auto i, auto j) __attribute__((always_inline)) {
      sum[i][j] = __builtin_bit_cast(float, a[i] & 0xffff0000u) * second[j] + sum[i][j];
      sum[i][j] = __builtin_bit_cast(float, a[i] << 16) * first[j] + sum[i][j];
    });
  }
  template <Index Rows, class Body>
  [[gnu::always_inline]] static void each_vector(const Body& body) {
    unroll<Rows>([&](auto i) __attribute__((always_inline)) {
      unroll<vectors>([&](auto j) __attribute__((always_inline)) { body(i, j); });
    });
  }
  template <class E>
  static void copy(const E* from, Index from_stride, E* to, Index to_stride, Index height, Index width) {
    for (Index i = 0; i < height; ++i)
      std::memcpy(to + i * to_stride, from + i * from_stride, static_cast<std::size_t>(width) * sizeof(E));
  }
};

}  // namespace mae::cpu
MAE_PRECISE_END
