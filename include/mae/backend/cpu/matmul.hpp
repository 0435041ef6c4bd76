// The matrix product every layer spends its time in: C[m, n] = Σ_k A(m, k) B(n, k).
//
// Both operands are given by two strides, so the same code serves x wᵀ, dy w and dyᵀ x. The method is that of Goto
// and van de Geijn ("Anatomy of high-performance matrix multiplication", 2008): a block of each operand is copied
// ("packed", pack.hpp) into the order in which it is read, then multiplied tile by tile (tile.hpp).
//
//    for n in N by NC      columns of C          (names of BLIS: Van Zee and van de Geijn, 2015; 14 x 32 by AVX-512)
//      for k in K by KC    terms of the sum
//        for m in M by MC  rows of C             pack A [MC, KC] into panels of MR rows, [KC][MR]: the second cache
//          for j by NR     panels of B           pack B [KC, NR], [KC][NR], just before its first use: the third cache
//            for i by MR   tiles of C            the microkernel: C [MR, NR] in registers, KC steps
//
// What will be packed next is called for while the tiles multiply (prefetcher.hpp). Where the rows of B lie side by
// side and a second cache holds them all, as in a small model, tiles read whole panels where they lie, if in float or
// double.
//
// Long sums are cut into equal blocks of about `Blocking::KC` terms, which depend on K alone, and are added up in
// order. A tile at an edge is padded with zeros and computed like any other; one with eight rows or fewer computes
// eight. So each number of C comes out with the same bits wherever its tile lies and whoever computes it.
// Cost: M N K multiply-adds; copies of at most M K + N K numbers, M K again for every `Blocking::NC` columns. What
// share of the processor's peak that reaches: benchmarks/README.md.
#pragma once
#include <mae/backend/cpu/small_product.hpp>
#include <mae/backend/cpu/tile.hpp>

MAE_PRECISE_BEGIN
namespace mae::cpu {

/// Sizes of the packed blocks, in words: A's lies in the second cache, B's in the third.
template <class T>
struct Blocking {
  static constexpr Index NC = 1536, block = 336 * 512;
  /// Of A's block, what a second cache has room for: 1 MiB where there is AVX-512, else half of that.
  template <class Isa>
  static constexpr Index used_block = Isa::bytes == 64 ? block : 252 * 512;
  /// A product of so many multiply-adds is not worth packing both operands: `SmallProduct`.
  static constexpr Index not_packed = 32768;
  /// Up to so many bytes, from the first term to the last, B is not copied if its rows lie side by side.
  static constexpr Index not_copied = 128 * 1024;
  /// Terms that are summed up before C is written. A sum of bf16 is best not stored in between, where it is rounded.
  static constexpr Index KC = Packed<T>::terms == 1 ? 512 : 3072;
  /// Rows and columns of packed blocks fill whole tiles of every instruction set: a multiple of their sizes.
  static constexpr Index row_grain = 168, column_grain = 96;
  /// Into how many blocks K terms are cut: the number that brings their length nearest to `KC`.
  static constexpr Index count(Index K) { return larger(smaller(K, 1), (K + KC / 2) / KC); }
  /// Steps of the longest block of all sums of at most K terms.
  static constexpr Index longest(Index K) { return steps_of<T>(smaller(K, KC + KC / 2)); }
  /// Rows of A in a block of `steps`: M cut into the fewest equal parts that it has room for, in whole tiles.
  template <class Isa>
  static constexpr Index MC(Index M, Index steps, Index tile) {
    const Index most = larger(tile, used_block<Isa> / larger(steps, 1) / tile * tile);
    return round_up(ceil_divide(M, larger(1, ceil_divide(M, most))), tile);
  }
};

/// Words of the packed blocks of A and B, with room for the surplus of the last vector.
template <class T>
constexpr Index packed_rows(Index M, Index K) {
  using Sizes = Blocking<T>;
  return round_up(smaller(round_up(M, Sizes::row_grain) * Sizes::longest(K), Sizes::block) + 16, 16);
}
template <class T>
constexpr Index packed_columns(Index N, Index K) {
  using Sizes = Blocking<T>;
  return round_up(smaller(round_up(N, Sizes::column_grain), Sizes::NC) * Sizes::longest(K) + 16, 16);
}
/// Bytes of packing memory for any product with at most `M` rows, `N` columns and `K` terms.
template <class T>
constexpr Index product_scratch(Index M, Index N, Index K) {
  return Index{sizeof(typename Packed<T>::Word)} * (packed_rows<T>(M, K) + packed_columns<T>(N, K));
}

/// One product on one thread, of numbers multiplied as `T`.
template <class T, class Isa>
class Product {
 public:
  using Word = typename Packed<T>::Word;
  using Sum = typename Packed<T>::Sum;

  /// C = A Bᵀ with C [M, N], A [M, K], B [N, K]. `row_sums` [M], if not null, is increased by Σ_k A(m, k).
  /// `scratch` has `product_scratch<T>` bytes, aligned to `alignment`.
  template <class EA = T, class EB = T, class C = T>
  [[gnu::noinline]] static void run(Index M, Index N, Index K, const Operand<EA>& a, const Operand<EB>& b,
                                    const Output<C, Sum>& c, Sum* row_sums, void* scratch) {
    const Index blocks = Sizes::count(K);
    if constexpr (std::is_same_v<EA, T> && std::is_same_v<EB, T> && std::is_same_v<C, T> && Packed<T>::terms == 1)
      if (M * N * K <= Sizes::not_packed && N <= Sizes::NC && blocks == 1 && !c.activated.to && !row_sums)
        return SmallProduct<T, Isa>::run(M, N, K, a, b, c, static_cast<T*>(scratch));
    Word* packed_a = static_cast<Word*>(scratch);
    Word* packed_b = packed_a + packed_rows<T>(M, K);
    for (Index n = 0; n < N; n += Sizes::NC)
      for (Index block = 0; block < blocks; ++block) {
        const Index columns = smaller(Sizes::NC, N - n);
        const Index k = K * block / blocks, depth = K * (block + 1) / blocks - k, steps = steps_of<T>(depth);
        const Index height = Sizes::template MC<Isa>(M, steps, Micro::MR);
        for (Index m = 0; m < M; m += height) {
          const Index rows = smaller(height, M - m), calls = ceil_divide(rows, Micro::MR) * Micro::calls(steps);
          Pack<Micro::MR, T, EA, Isa>::run(part(a, m, k), rows, depth, packed_a);
          if (row_sums && n == 0) add_rows(rows, steps, packed_a, row_sums + m);
          for (Index j = 0; j < columns; j += Micro::NR) {
            const Index width = smaller(Micro::NR, columns - j), next = j + Micro::NR;
            Word* room = height < M ? packed_b + j * steps : packed_b;  // kept for the rows that follow, if any
            const Panel<Word> panel = panel_of(part(b, n + j, k), width, depth, K, m == 0, room);
            Prefetcher ahead;  // the panel that follows, or the first one of the next block of the sum
            if (m == 0 && next < columns)
              ahead = prefetcher_of(part(b, n + next, k), smaller(Micro::NR, columns - next), depth, calls);
            else if (m + height >= M && next >= columns && block + 1 < blocks)
              ahead = prefetcher_of(part(b, n, k + depth), smaller(Micro::NR, columns), depth, calls);
            multiply_panel(rows, width, steps, packed_a, panel, part(c, m, n + j), block == 0, block + 1 == blocks,
                           ahead);
          }
        }
      }
  }

 private:
  using Sizes = Blocking<T>;
  using Micro = Tile<T, Isa>;
  using S = Simd<Sum, Isa>;
  using Vector = typename S::Vector;
  static_assert(Sizes::row_grain % Micro::MR == 0 && Sizes::column_grain % Micro::NR == 0);

  /// `width` columns of B, from a sum of K terms: where they lie, or packed into `room`, if `first` now.
  template <class E>
  static Panel<Word> panel_of(const Operand<E>& b, Index width, Index depth, Index K, bool first, Word* room) {
    if constexpr (std::is_same_v<E, Word>)
      if (width == Micro::NR && b.outer == 1 && K * b.depth * Index{sizeof(E)} <= Sizes::not_copied)
        return {b.data, b.depth};
    if (first) Pack<Micro::NR, T, E, Isa>::run(b, width, depth, room);
    return {room, Micro::NR};
  }
  /// A prefetcher of `rows` rows of `depth` terms of B.
  template <class E>
  static Prefetcher prefetcher_of(const Operand<E>& b, Index rows, Index depth, Index calls) {
    constexpr Index bytes = sizeof(E);
    return b.outer == 1 ? Prefetcher(b.data, depth, rows * bytes, b.depth * bytes, calls)
                        : Prefetcher(b.data, rows, depth * bytes, b.outer * bytes, calls);
  }
  /// The tiles of one panel of B. `first` and `last` say which of the blocks of the sum this is.
  template <class C>
  static void multiply_panel(Index rows, Index width, Index steps, const Word* a, const Panel<Word>& b,
                             const Output<C, Sum>& c, bool first, bool last, Prefetcher& ahead) {
    for (Index m = 0; m < rows; m += Micro::MR) {
      const Index height = smaller(Micro::MR, rows - m);
      const Output<C, Sum> whole = part(c, m, 0);
      const Output<C, Sum> tile{whole.to, c.stride, first ? whole.bias : nullptr, first ? whole.start : whole.to};
      const bool wide = width == Micro::NR;
      constexpr Index few = Micro::edge_rows;
      if (wide && height == Micro::MR) Micro::template multiply<Micro::MR>(a + m * steps, b, steps, tile, ahead);
      else if (wide && height == few) Micro::template multiply<few>(a + m * steps, b, steps, tile, ahead);
      else Micro::multiply_edge(a + m * steps, b, steps, tile, height, width, ahead);
      if (last && c.activated.to) c.activated.apply(height, width, c.stride, whole.to, whole.activated.to);
    }
  }

  /// sums[m] += Σ_k A(m, k), from the packed panels, where it costs next to nothing.
  [[gnu::noinline]] static void add_rows(Index rows, Index steps, const Word* a, Sum* sums) {
    constexpr Index width = Micro::MR, chains = 4, lanes = S::lanes, pieces = ceil_divide(width, lanes);
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index m = 0; m < rows; m += width, a += width * steps) {
        Vector total[chains][pieces] = {};  // step s goes to chain s % 4: one chain would wait for itself
        for (Index s = 0; s < steps; s += chains)
          unroll<chains>([&](auto chain) __attribute__((always_inline)) {
            if (s + chain < steps)
              unroll<pieces>([&](auto p) __attribute__((always_inline)) {
                add_word(total[chain][p], a + (s + chain) * width + p * lanes);
              });
          });
        for (Index p = 0; p < pieces; ++p) {
          const Vector sum = (total[0][p] + total[1][p]) + (total[2][p] + total[3][p]);
          const Index end = smaller(smaller(width, (p + 1) * lanes), rows - m);
          for (Index i = p * lanes; i < end; ++i) sums[m + i] += sum[i % lanes];
        }
      }
    });
  }
  /// Adds the terms of a vector of words.
  [[gnu::always_inline]] static void add_word(Vector& total, const Word* words) {
    if constexpr (Packed<T>::terms == 1) {
      total += S::at(words).v;
    } else {
      const typename S::Words pairs = Simd<Word, Isa>::at(words).v;
      total += reinterpret_cast<Vector>(pairs << 16) + reinterpret_cast<Vector>(pairs & 0xffff0000u);
    }
  }
};

}  // namespace mae::cpu
MAE_PRECISE_END
