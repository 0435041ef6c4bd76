// The register tile of bf16 products with AVX512-BF16: vdpbf16ps multiplies 16 pairs by 16 pairs and adds both products
// of each to a float, twice the multiply-adds of a float instruction.
//
// The instruction is named in assembly, since compilers disagree on its built-in function, and a function that holds it
// has to carry the instruction set itself. So this tile stands by itself, without lambdas, and exists on x86-64 only.
#pragma once
#include <mae/backend/cpu/simd.hpp>

namespace mae::cpu {

/// sums [Rows][32] += Σ_s a[s] [Rows] ⊗ b[s] [32] over `steps` pairs.
template <Index Rows>
class DotTile;

#if defined(__x86_64__)
template <Index Rows>
class DotTile {
  using Words = Simd<unsigned, isa::Avx512>;

 public:
  using Sum = Simd<float, isa::Avx512>::Vector;
  [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16"), gnu::noinline]] static void run(
      const unsigned* a, const unsigned* b, Index steps, Sum (&sums)[Rows][2]) {
    Sum sum[Rows][2];
    copy(sums, sum, std::make_integer_sequence<Index, Rows>{});
    for (Index s = 0; s < steps; ++s, a += Rows, b += 32) step(sum, a, b, std::make_integer_sequence<Index, Rows>{});
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
#endif

}  // namespace mae::cpu
