// What AVX512-BF16 is there for. vdpbf16ps multiplies 16 pairs by 16 pairs and adds both products of each to a float,
// twice the multiply-adds of a float instruction: the register tile of bf16 products. vcvtne2ps2bf16 rounds 32 floats
// to bf16, which takes eight instructions a vector without it: how weights are packed for that tile. Both take numbers
// too small for a normalised bf16 as zero.
//
// The instructions are named in assembly, since compilers disagree on their built-in functions, and a function that
// holds one has to carry the instruction set itself. So these functions stand by themselves, without lambdas, and exist
// on x86-64 only.
#pragma once
#include <mae/backend/cpu/prefetcher.hpp>
#include <mae/backend/cpu/simd.hpp>

MAE_PRECISE_BEGIN
namespace mae::cpu {

/// sums [Rows][32] += Σ_s a[s] [Rows] ⊗ b[s] [32] over `steps` pairs; `call()` comes every `prefetch_interval` steps.
/// `a` lies in a panel [steps][Panel].
template <Index Rows, Index Panel>
class DotTile;
/// Floats rounded to pairs of bf16, the first of a pair in the lower half of a `Word`.
template <class Word>
class RoundedPairs;

#if defined(__x86_64__)
template <Index Rows, Index Panel>
class DotTile {
  using Words = Simd<unsigned, isa::Avx512>;
  static constexpr Index period = prefetch_interval<isa::Avx512>;

 public:
  using Sum = Simd<float, isa::Avx512>::Vector;
  template <class Call>
  [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16"), gnu::noinline]] static void run(
      const unsigned* a, const unsigned* b, Index steps, Sum (&sums)[Rows][2], const Call& call) {
    Sum sum[Rows][2];
    copy(sums, sum, std::make_integer_sequence<Index, Rows>{});
    for (Index begin = 0; begin < steps; begin += period) {
      call();
      for (Index s = begin; s < smaller(steps, begin + period); ++s)
        step(sum, a + s * Panel, b + s * 32, std::make_integer_sequence<Index, Rows>{});
    }
    copy(sum, sums, std::make_integer_sequence<Index, Rows>{});
  }

 private:
  template <Index... i>
  [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16"), gnu::always_inline]] static void step(
      Sum (&sum)[Rows][2], const unsigned* a, const unsigned* b, std::integer_sequence<Index, i...>) {
    const Words::Vector first = Words::at(b).v, second = Words::at(b + 16).v;
    (add(sum[i][0], sum[i][1], a + i, first, second), ...);
  }
  [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16"), gnu::always_inline]] static void add(
      Sum& x, Sum& y, const unsigned* a, const Words::Vector& first, const Words::Vector& second) {
    asm("vdpbf16ps %2%{1to16%}, %1, %0" : "+v"(x) : "v"(first), "m"(*a));
    asm("vdpbf16ps %2%{1to16%}, %1, %0" : "+v"(y) : "v"(second), "m"(*a));
  }
  template <Index... i>
  [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16"), gnu::always_inline]] static void copy(
      const Sum (&from)[Rows][2], Sum (&to)[Rows][2], std::integer_sequence<Index, i...>) {
    ((to[i][0] = from[i][0], to[i][1] = from[i][1]), ...);
  }
};

template <class Word>
class RoundedPairs {
  using Floats = Simd<float, isa::Avx512>;
  using Words = Simd<Word, isa::Avx512>;
  using Vector = typename Words::Vector;

 public:
  /// to[i] = the words of 32 numbers that follow each other, for `count` rows, `stride` apart.
  [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16"), gnu::noinline]] static void along(
      const float* from, Index stride, Index count, Word (*to)[16]) {
    for (Index i = 0; i < count; ++i, from += stride) {
      Vector words;
      round(words, from, from + 16);
      Words::at(to[i]).v = words;
    }
  }
  /// to[i] = the word of first[i] and second[i], for `count` of them, a multiple of 16.
  [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16"), gnu::noinline]] static void across(
      const float* first, const float* second, Index count, Word* to) {
    typedef unsigned short Halves __attribute__((vector_size(64)));
    for (Index i = 0; i < count; i += 16) {
      Vector words;
      round(words, first + i, second + i);  // 16 of the first, then 16 of the second
      const Halves x = __builtin_bit_cast(Halves, words);
      const Halves pairs = __builtin_shufflevector(x, x, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24,
                                                   9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      Words::at(to + i).v = __builtin_bit_cast(Vector, pairs);
    }
  }

 private:
  /// The words of `low` [16], then those of `high` [16].
  [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16"), gnu::always_inline]] static void round(
      Vector& words, const float* low, const float* high) {
    const Floats::Vector first = Floats::at(low).v, second = Floats::at(high).v;
    asm("vcvtne2ps2bf16 %1, %2, %0" : "=v"(words) : "v"(first), "v"(second));
  }
};
#endif

}  // namespace mae::cpu
MAE_PRECISE_END
