// Packing: copies the rows of an operand into the order in which a product reads them.
//
// A panel holds `Width` rows side by side, one word of each per step. A word is a number or, for bf16, two that follow
// each other along the sum, since that is what one instruction multiplies. Numbers are converted on the way: what is
// kept as float can be multiplied as bf16.
//
//    rows [Width][depth]  →  panel [steps][Width] of words,   steps = depth / terms, rounded up; what is missing is 0
//
// Cost: every number is read and written once. Where a row runs along the sum, square blocks are transposed in
// registers; where the rows lie side by side, whole vectors are copied, in many short runs far apart that a processor
// does not foresee: they are called for in advance.
#pragma once
#include <mae/backend/cpu/avx512_bf16.hpp>
#include <mae/backend/cpu/parallel.hpp>
#include <mae/backend/cpu/simd.hpp>

MAE_PRECISE_BEGIN
namespace mae::cpu {

/// What a product multiplies: numbers `T`, `terms` of them in a word, with sums in `Sum`.
template <class T>
struct Packed {
  using Word = T;
  using Sum = T;
  static constexpr Index terms = 1;
};
template <>
struct Packed<bf16> {
  using Word = unsigned;
  using Sum = float;
  static constexpr Index terms = 2;
};

/// Steps of a sum of `depth` terms.
template <class T>
constexpr Index steps_of(Index depth) {
  return ceil_divide(depth, Packed<T>::terms);
}

/// A matrix that is read: element (i, k) is data[i * outer + k * depth]. One of the two strides is 1.
template <class E>
struct Operand {
  const E* data;
  Index outer, depth;
};

/// The part of `all` that begins at row `i` and term `k`.
template <class E>
Operand<E> part(const Operand<E>& all, Index i, Index k) {
  return {all.data + i * all.outer + k * all.depth, all.outer, all.depth};
}

/// Words of `T` from numbers `E`.
template <class T, class E, class Isa>
struct WordsOf {
  using Word = typename Packed<T>::Word;
  using S = Simd<Word, Isa>;
  using Vector = typename S::Vector;
  static constexpr Index lanes = S::lanes;

  /// The word of `count` terms from p on.
  [[gnu::always_inline]] static Word one(const E* p, Index) { return *p; }
  /// `lanes` words that follow each other along the sum.
  [[gnu::always_inline]] static void along(Vector& v, const E* p) { S::load(v, p); }
  /// The words of up to `lanes` rows that lie side by side; the next term of each stands `stride` further.
  [[gnu::always_inline]] static void across(Vector& v, const E* p, Index /*stride*/, Index /*terms*/, Index rows) {
    S::load(v, p, rows);
  }
};

/// bf16: the first term of a pair is the lower half of the word.
template <class E, class Isa>
struct WordsOf<bf16, E, Isa> {
  using Word = Packed<bf16>::Word;
  using S = Simd<Word, Isa>;
  using Vector = typename S::Vector;
  static constexpr Index lanes = S::lanes;

  [[gnu::always_inline]] static Word one(const E* p, Index count) {
    return bf16(p[0]).bits | Word{count > 1 ? bf16(p[1]).bits : std::uint16_t{0}} << 16;
  }
  [[gnu::always_inline]] static void along(Vector& v, const E* p) {
    if constexpr (std::is_same_v<E, bf16>) {
      v = reinterpret_cast<const typename S::Loose*>(p)->v;
    } else {
      typename F::Vector first, second, x;
      F::load(first, p), F::load(second, p + lanes);
      Vector low, high;
      shuffle<EveryOther<0>>(x, first, second), F::round(low, x);
      shuffle<EveryOther<1>>(x, first, second), F::round(high, x);
      v = low >> 16 | (high & upper);
    }
  }
  [[gnu::always_inline]] static void across(Vector& v, const E* p, Index stride, Index terms, Index rows) {
    Vector low, high = {};
    load(low, p, rows);
    if (terms > 1) load(high, p + stride, rows);
    v = low >> 16 | high;
  }

 private:
  using F = Simd<float, Isa>;
  static constexpr Word upper = 0xffff0000u;

  /// Numbers as bf16, in the upper halves of words.
  [[gnu::always_inline]] static void load(Vector& bits, const E* p, Index count) {
    typename F::Vector x;
    F::load(x, p, count);
    if constexpr (std::is_same_v<E, bf16>) bits = reinterpret_cast<Vector>(x);
    else F::round(bits, x), bits &= upper;
  }
};

/// Copies rows [0, count) of `from`, `depth` terms each, into panels of `Width` rows, each [steps][Width].
/// A panel narrower than a vector is written by whole vectors whose surplus the next one overwrites.
template <Index Width, class T, class E, class Isa>
struct Pack {
  using W = WordsOf<T, E, Isa>;
  using Word = typename W::Word;
  using S = typename W::S;
  using Vector = typename W::Vector;
  static constexpr Index lanes = W::lanes, terms = Packed<T>::terms;
  static constexpr bool rounds = terms == 2 && std::is_same_v<E, float> && Isa::multiplies_bf16;  // in one instruction
  // Else the surplus of a second vector would overwrite what the first has put into the next step.
  static_assert(Width <= lanes || Width % lanes == 0, "mae: a panel is at most one vector wide, or whole vectors");

  [[gnu::noinline]] static void run(const Operand<E>& from, Index count, Index depth, Word* to) {
    Isa::run([&]() __attribute__((always_inline)) {
      if (from.outer == 1) return copy(from.data, from.depth, count, depth, to);
      for (Index i = 0; i < count; i += Width) {
        Word* const panel = to + i * steps_of<T>(depth);
        transpose(from.data + i * from.outer, from.outer, smaller(count - i, Width), depth, panel);
      }
    });
  }

 private:
  static constexpr Index soon = 8;  // steps before a row is copied it is called for
  [[gnu::always_inline]] static void call(const E* row) {
    constexpr Index line = 64 / sizeof(E);
    for (Index i = 0; i < Width; i += line) __builtin_prefetch(row + i);
  }

  /// The rows lie side by side: a few panels at a time, so that what is read and written runs on over whole cache
  /// lines, and a page is read as rarely as may be.
  [[gnu::always_inline]] static void copy(const E* from, Index stride, Index count, Index depth, Word* to) {
    constexpr Index group = larger(4 * Width, round_up(Index{96}, Width));
    const Index steps = steps_of<T>(depth);
    for (Index first = 0; first < count; first += group)
      for (Index s = 0; s < steps; ++s)
        for (Index i = first; i < smaller(count, first + group); i += Width) {
          for (Index t = 0; t < terms; ++t) call(from + ((s + soon) * terms + t) * stride + i);
          if constexpr (rounds && Width % lanes == 0)
            if (i + Width <= count && (s + 1) * terms <= depth) {
              const E* const row = from + s * terms * stride + i;
              RoundedPairs<Word>::across(row, row + stride, Width, to + i * steps + s * Width);
              continue;
            }
          for (Index j = 0; j < Width; j += lanes) {
            Vector v = {};
            if (i + j < count)
              W::across(v, from + s * terms * stride + i + j, stride, depth - s * terms, count - i - j);
            S::store(to + i * steps + s * Width + j, v, s + 1 < steps ? lanes : Width - j);  // spare the next panel
          }
        }
  }
  /// Each row of the panel runs along the depth: square blocks are transposed in registers.
  [[gnu::always_inline]] static void transpose(const E* from, Index stride, Index count, Index depth, Word* to) {
    Word rest[Width][lanes] = {};
    for (Index k = 0; k < depth; k += lanes * terms) {
      const Index steps = smaller(lanes, steps_of<T>(depth - k));
      const bool whole = depth - k >= lanes * terms;
      if (!whole)  // too short for vectors: go by way of a small copy, padded with zeros
        for (Index i = 0; i < count; ++i)
          for (Index s = 0; s < steps; ++s)
            rest[i][s] = W::one(from + i * stride + k + s * terms, depth - k - s * terms);
      else if constexpr (rounds)
        RoundedPairs<Word>::along(from + k, stride, count, rest);
      for (Index i = 0; i < Width; i += lanes) {
        Vector rows[lanes];
        unroll<lanes>([&](auto l) __attribute__((always_inline)) {
          rows[l] = Vector{};
          if (i + l < count) {
            if (whole && !rounds) W::along(rows[l], from + (i + l) * stride + k);
            else S::load(rows[l], rest[i + l]);
          }
        });
        S::transpose(rows);
        Word* target = to + k / terms * Width + i;
        unroll<lanes>([&](auto l) __attribute__((always_inline)) {
          if (l < steps) S::store(target + l * Width, rows[l]);
        });
      }
    }
  }
};

}  // namespace mae::cpu
MAE_PRECISE_END
