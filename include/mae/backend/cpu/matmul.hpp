// The matrix product every layer spends its time in: C[m, n] = Σ_k A(m, k) B(n, k).
//
// Both operands are given by two strides, so the same code serves x wᵀ, dy w and dyᵀ x. The method is that of Goto
// and van de Geijn ("Anatomy of high-performance matrix multiplication", 2008): a block of each operand is copied
// ("packed", pack.hpp) into the order in which it is read, then multiplied tile by tile (tile.hpp).
//
//    block of A: some hundred rows in panels of 14,          block of B: panels of 32 columns, [step][32], packed just
//    [step][14], in the second cache                         before their first use
//
// What will be packed next is called for while the tiles multiply (prefetcher.hpp). Where the rows of B lie side by
// side and a second cache holds them all, as in a small model, tiles read whole panels where they lie, if in float or
// double.
//
// Long sums are cut into equal blocks of about `Blocking::depth` terms, which depend on K alone, and are added up in
// order. A tile at an edge is padded with zeros and computed like any other; one with eight rows or fewer computes
// eight. So each number of C comes out with the same bits wherever its tile lies and whoever computes it.
// Cost: M N K multiply-adds; copies of at most M K + N K numbers, M K again for every `Blocking::columns` columns. On
// two cores of Zen 4 the products of ViT-B and ViT-L reach 90 % of the peak in float (the tile alone 98 %), 87 % in
// bf16; packing takes 4 to 8 %.
#pragma once
#include <mae/backend/cpu/small_product.hpp>
#include <mae/backend/cpu/tile.hpp>

MAE_PRECISE_BEGIN
namespace mae::cpu {

/// Sizes of the packed blocks, in words: A's lies in the second cache, B's in the third.
template <class T>
struct Blocking {
  static constexpr Index columns = 1536, block = 336 * 512;
  /// Of A's block, what a second cache has room for: 1 MiB where there is AVX-512, else half of that.
  template <class Isa>
  static constexpr Index used_block = Isa::bytes == 64 ? block : 252 * 512;
  /// A product of so many multiply-adds is not worth packing both operands: `SmallProduct`.
  static constexpr Index not_packed = 32768;
  /// Up to so many bytes, from the first term to the last, B is not copied if its rows lie side by side.
  static constexpr Index not_copied = 128 * 1024;
  /// Terms that are summed up before C is written. A sum of bf16 is best not stored in between, where it is rounded.
  static constexpr Index depth = Packed<T>::terms == 1 ? 512 : 3072;
  /// Rows and columns of packed blocks fill whole tiles of every instruction set: a multiple of their sizes.
  static constexpr Index row_grain = 168, column_grain = 96;
  /// Into how many blocks K terms are cut: the number that brings their length nearest to `depth`.
  static constexpr Index count(Index K) { return larger(smaller(K, 1), (K + depth / 2) / depth); }
  /// Steps of the longest block of all sums of at most K terms.
  static constexpr Index longest(Index K) { return steps_of<T>(smaller(K, depth + depth / 2)); }
  /// Rows of A in a block of `steps`: M cut into the fewest equal parts that it has room for, in whole tiles.
  template <class Isa>
  static constexpr Index rows(Index M, Index steps, Index tile) {
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
  return round_up(smaller(round_up(N, Sizes::column_grain), Sizes::columns) * Sizes::longest(K) + 16, 16);
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
      if (M * N * K <= Sizes::not_packed && N <= Sizes::columns && blocks == 1 && !c.activated.to && !row_sums)
        return SmallProduct<T, Isa>::run(M, N, K, a, b, c, static_cast<T*>(scratch));
    Word* packed_a = static_cast<Word*>(scratch);
    Word* packed_b = packed_a + packed_rows<T>(M, K);
    for (Index n = 0; n < N; n += Sizes::columns)
      for (Index block = 0; block < blocks; ++block) {
        const Index columns = smaller(Sizes::columns, N - n);
        const Index k = K * block / blocks, depth = K * (block + 1) / blocks - k, steps = steps_of<T>(depth);
        const Index height = Sizes::template rows<Isa>(M, steps, Shape::rows);
        for (Index m = 0; m < M; m += height) {
          const Index rows = smaller(height, M - m), calls = ceil_divide(rows, Shape::rows) * Shape::calls(steps);
          Pack<Shape::rows, T, EA, Isa>::run(part(a, m, k), rows, depth, packed_a);
          if (row_sums && n == 0) add_rows(rows, steps, packed_a, row_sums + m);
          for (Index j = 0; j < columns; j += Shape::columns) {
            const Index width = smaller(Shape::columns, columns - j), next = j + Shape::columns;
            Word* room = height < M ? packed_b + j * steps : packed_b;  // kept for the rows that follow, if any
            const Panel<Word> panel = panel_of(part(b, n + j, k), width, depth, K, m == 0, room);
            Prefetcher ahead;  // the panel that follows, or the first one of the next block of the sum
            if (m == 0 && next < columns)
              ahead = look(part(b, n + next, k), smaller(Shape::columns, columns - next), depth, calls);
            else if (m + height >= M && next >= columns && block + 1 < blocks)
              ahead = look(part(b, n, k + depth), smaller(Shape::columns, columns), depth, calls);
            multiply_panel(rows, width, steps, packed_a, panel, part(c, m, n + j), block == 0, block + 1 == blocks,
                           ahead);
          }
        }
      }
  }

 private:
  using Sizes = Blocking<T>;
  using Shape = Tile<T, Isa>;
  using S = Simd<Sum, Isa>;
  using Vector = typename S::Vector;
  static_assert(Sizes::row_grain % Shape::rows == 0 && Sizes::column_grain % Shape::columns == 0);

  /// `width` columns of B, from a sum of K terms: where they lie, or packed into `room`, if `first` now.
  template <class E>
  static Panel<Word> panel_of(const Operand<E>& b, Index width, Index depth, Index K, bool first, Word* room) {
    if constexpr (std::is_same_v<E, Word>)
      if (width == Shape::columns && b.outer == 1 && K * b.depth * Index{sizeof(E)} <= Sizes::not_copied)
        return {b.data, b.depth};
    if (first) Pack<Shape::columns, T, E, Isa>::run(b, width, depth, room);
    return {room, Shape::columns};
  }
  /// Prefetcher to `rows` rows of `depth` terms of B.
  template <class E>
  static Prefetcher look(const Operand<E>& b, Index rows, Index depth, Index calls) {
    constexpr Index bytes = sizeof(E);
    return b.outer == 1 ? Prefetcher(b.data, depth, rows * bytes, b.depth * bytes, calls)
                        : Prefetcher(b.data, rows, depth * bytes, b.outer * bytes, calls);
  }
  /// The tiles of one panel of B. `first` and `last` say which of the blocks of the sum this is.
  template <class C>
  static void multiply_panel(Index rows, Index width, Index steps, const Word* a, const Panel<Word>& b,
                             const Output<C, Sum>& c, bool first, bool last, Prefetcher& ahead) {
    for (Index m = 0; m < rows; m += Shape::rows) {
      const Index height = smaller(Shape::rows, rows - m);
      const Output<C, Sum> whole = part(c, m, 0);
      const Output<C, Sum> tile{whole.to, c.stride, first ? whole.bias : nullptr, first ? whole.start : whole.to};
      const bool wide = width == Shape::columns;
      if (wide && height == Shape::rows) Shape::template multiply<Shape::rows>(a + m * steps, b, steps, tile, ahead);
      else if (wide && height == Shape::few) Shape::template multiply<Shape::few>(a + m * steps, b, steps, tile, ahead);
      else Shape::multiply_edge(a + m * steps, b, steps, tile, height, width, ahead);
      if (last && c.activated.to) c.activated.apply(height, width, c.stride, whole.to, whole.activated.to);
    }
  }

  /// sums[m] += Σ_k A(m, k), from the packed panels, where it costs next to nothing.
  [[gnu::noinline]] static void add_rows(Index rows, Index steps, const Word* a, Sum* sums) {
    constexpr Index width = Shape::rows, chains = 4, lanes = S::lanes, pieces = ceil_divide(width, lanes);
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
