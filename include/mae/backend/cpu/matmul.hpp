// The matrix product every layer spends its time in: C[m, n] = Σ_k A(m, k) B(n, k).
//
// Both operands are given by two strides, so the same code serves x wᵀ, dy w and dyᵀ x. The method is that of Goto
// and van de Geijn ("Anatomy of high-performance matrix multiplication", 2008): a block of each operand is copied
// ("packed") into the order in which it is read, then multiplied tile by tile. A tile of C, 14 x 32 floats with
// AVX-512, stays in registers while k runs; each step loads two vectors of B, and each number of A is spread over a
// vector and feeds two fused multiply-adds.
//
//    packed A: panels of 14 rows, [k][14]          packed B: panels of 32 columns, [k][32]
//    tile[14][32] += A[k][14] ⊗ B[k][32]           for all k of the block
//
// Long sums are cut into equal blocks of about `Blocking::depth` terms, which depend on K alone, and are added up in
// order. A tile at an edge is padded with zeros and computed like any other. So each number of C comes out with the
// same bits wherever its tile lies and whoever computes it. Cost: M N K fused multiply-adds; copies of M K + N K
// numbers, M K again for every `Blocking::columns` columns.
#pragma once
#include <mae/backend/cpu/math.hpp>
#include <mae/backend/cpu/parallel.hpp>
#include <mae/core/shape.hpp>

namespace mae::cpu {

/// A matrix that is read: element (i, k) is data[i * outer + k * depth]. One of the two strides is 1.
template <class T>
struct Operand {
  const T* data;
  Index outer, depth;
};

/// The part of `all` that begins at row `i` and term `k`.
template <class T>
Operand<T> part(const Operand<T>& all, Index i, Index k) {
  return {all.data + i * all.outer + k * all.depth, all.outer, all.depth};
}

/// Where C goes, row i at `to + i * stride`, and what happens on the way: C = Σ + bias + start, gelu = gelu(C).
template <class T>
struct Output {
  T* to;
  Index stride;
  const T* bias = nullptr;   ///< [N], added to every row; null for none
  const T* start = nullptr;  ///< laid out as C and may be C itself; null for none
  T* gelu = nullptr;         ///< laid out as C; null for none
};

/// The part of `all` that begins at row `m` and column `n`.
template <class T>
Output<T> part(const Output<T>& all, Index m, Index n) {
  const Index at = m * all.stride + n;
  return {all.to + at, all.stride, all.bias ? all.bias + n : nullptr, all.start ? all.start + at : nullptr,
          all.gelu ? all.gelu + at : nullptr};
}

/// Sizes of the packed blocks: A's lies in the second cache, B's in the third. Multiples of every tile, as are the
/// grains.
struct Blocking {
  static constexpr Index depth = 384, rows = 336, columns = 1536, row_grain = 168, column_grain = 96;
  /// Into how many blocks K terms are cut: the number that brings their length nearest to `depth`.
  static constexpr Index count(Index K) { return larger(smaller(K, 1), (K + depth / 2) / depth); }
  /// The longest block of all sums of at most K terms.
  static constexpr Index longest(Index K) { return smaller(K, depth + depth / 2); }
};

/// Numbers in the packed block of an operand with `outer` rows, of which at most `most` are packed at a time, in tiles
/// that divide `grain`. A multiple of 16 that leaves room for whole tiles and for the surplus of the last vector.
constexpr Index packed_size(Index outer, Index grain, Index most, Index K) {
  return round_up(Blocking::longest(K) * smaller(round_up(outer, grain), most) + 16, 16);
}
/// Bytes of packing memory for any product with at most `M` rows, `N` columns and `K` terms.
template <class T>
constexpr Index product_scratch(Index M, Index N, Index K) {
  return Index{sizeof(T)} * (packed_size(M, Blocking::row_grain, Blocking::rows, K) +
                             packed_size(N, Blocking::column_grain, Blocking::columns, K));
}

/// The tile of C that the registers of `Isa` hold: all but a few are sums.
template <class T, class Isa>
struct Tile {
  static constexpr Index lanes = Simd<T, Isa>::lanes;
  static constexpr bool tall = Isa::registers == 32 ? lanes >= 16 : lanes >= 8;
  static constexpr Index vectors = tall ? 2 : 3;
  static constexpr Index rows = Isa::registers == 32 ? (tall ? 14 : 8) : (tall ? 6 : 4);
  static constexpr Index columns = vectors * lanes;
  static_assert(Blocking::row_grain % rows == 0 && Blocking::column_grain % columns == 0);
};

/// Copies rows [0, count) of `from` into panels of `Width` rows, each [depth][Width]; missing rows become zeros.
/// A panel narrower than a vector is written by whole vectors whose surplus the next one overwrites.
template <Index Width, class T, class Isa>
struct Pack {
  using S = Simd<T, Isa>;
  using Vector = typename S::Vector;
  static constexpr Index lanes = S::lanes;

  [[gnu::noinline]] static void run(const Operand<T>& from, Index count, Index depth, T* to) {
    Isa::run([&]() __attribute__((always_inline)) {
      if (from.outer == 1) return copy(from.data, from.depth, count, depth, to);
      for (Index i = 0; i < count; i += Width)
        transpose(from.data + i * from.outer, from.outer, smaller(count - i, Width), depth, to + i * depth);
    });
  }

 private:
  /// The rows lie side by side: a few panels at a time, so that what is read and written runs on over whole cache
  /// lines.
  [[gnu::always_inline]] static void copy(const T* from, Index stride, Index count, Index depth, T* to) {
    constexpr Index group = 4 * Width;
    for (Index first = 0; first < count; first += group)
      for (Index k = 0; k < depth; ++k)
        for (Index i = first; i < smaller(count, first + group); i += Width)
          for (Index j = 0; j < Width; j += lanes) {
            Vector v = {};
            if (i + j < count) S::load(v, from + k * stride + i + j, count - i - j);
            S::store(to + i * depth + k * Width + j, v, k + 1 < depth ? lanes : Width - j);  // spare the next panel
          }
  }
  /// Each row of the panel runs along the depth: square blocks are transposed in registers.
  [[gnu::always_inline]] static void transpose(const T* from, Index stride, Index count, Index depth, T* to) {
    T rest[Width][lanes] = {};
    for (Index k = 0; k < depth; k += lanes) {
      const Index steps = smaller(lanes, depth - k);
      const T* block = from + k;
      if (steps < lanes) {  // too short for vectors: go by way of a small copy, padded with zeros
        for (Index i = 0; i < count; ++i)
          for (Index s = 0; s < steps; ++s) rest[i][s] = block[i * stride + s];
        block = rest[0];
        stride = lanes;
      }
      for (Index i = 0; i < Width; i += lanes) {
        Vector rows[lanes];
        unroll<lanes>([&](auto l) __attribute__((always_inline)) {
          rows[l] = Vector{};
          if (i + l < count) rows[l] = S::at(block + (i + l) * stride).v;
        });
        S::transpose(rows);
        T* target = to + k * Width + i;
        unroll<lanes>([&](auto l) __attribute__((always_inline)) {
          if (l < steps) S::at(target + l * Width).v = rows[l];
        });
      }
    }
  }
};

/// One product: its operands and the steps from the outermost loop to the registers.
template <class T, class Isa>
class Product {
 public:
  /// C = A Bᵀ with C [M, N], A [M, K], B [N, K]. `row_sums` [M], if not null, is increased by Σ_k A(m, k).
  /// `scratch` has `product_scratch<T>` bytes, aligned to `alignment`.
  [[gnu::noinline]] static void run(Index M, Index N, Index K, const Operand<T>& a, const Operand<T>& b,
                                    const Output<T>& c, T* row_sums, T* scratch) {
    const Index blocks = Blocking::count(K);
    T* packed_a = scratch;
    T* packed_b = scratch + packed_size(M, Blocking::row_grain, Blocking::rows, K);
    for (Index n = 0; n < N; n += Blocking::columns)
      for (Index block = 0; block < blocks; ++block) {
        const Index k = K * block / blocks, depth = K * (block + 1) / blocks - k;
        const Index columns = smaller(Blocking::columns, N - n);
        Pack<Shape::columns, T, Isa>::run(part(b, n, k), columns, depth, packed_b);
        for (Index m = 0; m < M; m += Blocking::rows) {
          const Index rows = smaller(Blocking::rows, M - m);
          Pack<Shape::rows, T, Isa>::run(part(a, m, k), rows, depth, packed_a);
          if (row_sums && n == 0) add_rows(rows, depth, packed_a, row_sums + m);
          multiply(rows, columns, depth, packed_a, packed_b, part(c, m, n), block == 0, block + 1 == blocks);
        }
      }
  }

 private:
  using S = Simd<T, Isa>;
  using Vector = typename S::Vector;
  using Shape = Tile<T, Isa>;
  static constexpr Index lanes = S::lanes, vectors = Shape::vectors;

  /// sums[m] += Σ_k A(m, k), from the packed panels, where it costs next to nothing.
  [[gnu::noinline]] static void add_rows(Index rows, Index depth, const T* a, T* sums) {
    constexpr Index width = Shape::rows, chains = 4, pieces = ceil_divide(width, lanes);
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index m = 0; m < rows; m += width, a += width * depth) {
        Vector total[chains][pieces] = {};  // term k goes to chain k % 4: one chain would wait for itself
        for (Index k = 0; k < depth; k += chains)
          for (Index chain = 0; chain < smaller(chains, depth - k); ++chain)
            for (Index p = 0; p < pieces; ++p) total[chain][p] += S::at(a + (k + chain) * width + p * lanes).v;
        for (Index p = 0; p < pieces; ++p) {
          const Vector sum = (total[0][p] + total[1][p]) + (total[2][p] + total[3][p]);
          const Index end = smaller(smaller(width, (p + 1) * lanes), rows - m);
          for (Index i = p * lanes; i < end; ++i) sums[m + i] += sum[i % lanes];
        }
      }
    });
  }

  /// All tiles of a block. `first` and `last` say which of the blocks of the depth this is.
  [[gnu::noinline]] static void multiply(Index rows, Index columns, Index depth, const T* a, const T* b,
                                         const Output<T>& c, bool first, bool last) {
    Isa::run([&]() __attribute__((always_inline)) {
      alignas(alignment) T edge[Shape::rows * Shape::columns], edge_bias[Shape::columns];
      for (Index n = 0; n < columns; n += Shape::columns)
        for (Index m = 0; m < rows; m += Shape::rows) {
          const Index height = smaller(Shape::rows, rows - m), width = smaller(Shape::columns, columns - n);
          const Output<T> whole = part(c, m, n);
          Output<T> tile{whole.to, c.stride, first ? whole.bias : nullptr, first ? whole.start : whole.to};
          const bool inside = height == Shape::rows && width == Shape::columns;
          if (!inside) tile = borrow(tile, height, width, edge, edge_bias);
          multiply_tile(a + m * depth, b + n * depth, depth, tile);
          if (!inside) copy(edge, Shape::columns, whole.to, c.stride, height, width);
          if (last && c.gelu) activate(whole, height, width);
        }
    });
  }

  /// C = Σ_k a[k] ⊗ b[k] + bias + start for a whole tile. The sums stay in registers.
  [[gnu::always_inline]] static void multiply_tile(const T* a, const T* b, Index depth, const Output<T>& c) {
    for (Index i = 0; i < Shape::rows; ++i)  // call for the place in C, so that it has arrived when the sums are ready
      for (Index j = 0; j < vectors; ++j) __builtin_prefetch(c.to + i * c.stride + j * lanes);
    Vector sum[Shape::rows][vectors] = {};
    for (Index k = 0; k < depth; ++k, a += Shape::rows, b += Shape::columns) {
      Vector column[vectors];
      unroll<vectors>([&](auto j) __attribute__((always_inline)) { column[j] = S::at(b + j * lanes).v; });
      unroll<Shape::rows>([&](auto i) __attribute__((always_inline)) {
        unroll<vectors>([&](auto j) __attribute__((always_inline)) { sum[i][j] = a[i] * column[j] + sum[i][j]; });
      });
    }
    if (c.bias)
      each_vector([&](auto i, auto j) __attribute__((always_inline)) { sum[i][j] += S::at(c.bias + j * lanes).v; });
    if (c.start)
      each_vector([&](auto i, auto j) __attribute__((always_inline)) {
        sum[i][j] += S::at(c.start + i * c.stride + j * lanes).v;
      });
    each_vector([&](auto i, auto j) __attribute__((always_inline)) {
      S::at(c.to + i * c.stride + j * lanes).v = sum[i][j];
    });
  }
  template <class Body>
  [[gnu::always_inline]] static void each_vector(const Body& body) {
    unroll<Shape::rows>([&](auto i) __attribute__((always_inline)) {
      unroll<vectors>([&](auto j) __attribute__((always_inline)) { body(i, j); });
    });
  }

  /// A whole tile in `edge` that stands for one that juts out of C: what C has is copied, the rest is never used.
  [[gnu::always_inline]] static Output<T> borrow(const Output<T>& c, Index height, Index width, T* edge, T* edge_bias) {
    if (c.start) copy(c.start, c.stride, edge, Shape::columns, height, width);
    if (c.bias) copy(c.bias, 0, edge_bias, 0, 1, width);
    return {edge, Shape::columns, c.bias ? edge_bias : nullptr, c.start ? edge : nullptr};
  }
  [[gnu::always_inline]] static void copy(const T* from, Index from_stride, T* to, Index to_stride, Index height,
                                          Index width) {
    for (Index i = 0; i < height; ++i)
      for (Index j = 0; j < width; j += lanes) {
        Vector v;
        S::load(v, from + i * from_stride + j, width - j);
        S::store(to + i * to_stride + j, v, width - j);
      }
  }

  /// gelu = gelu(C) for a tile that has just been stored.
  [[gnu::always_inline]] static void activate(const Output<T>& c, Index height, Index width) {
    for (Index i = 0; i < height; ++i)
      for (Index j = 0; j < width; j += lanes) {
        Vector x, y;
        S::load(x, c.to + i * c.stride + j, width - j);
        Math<T, Isa>::gelu(y, x);
        S::store(c.gelu + i * c.stride + j, y, width - j);
      }
  }
};

}  // namespace mae::cpu
