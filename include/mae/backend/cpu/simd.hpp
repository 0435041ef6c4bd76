// Vectors of numbers, in the compiler's own vector types: one source for every instruction set.
//
// `Simd<float, isa::Avx512>::Vector` holds 16 floats; `a * b + c` on vectors is one fused instruction where there is
// one. A function that handles vectors must be always-inline: it carries no instruction set of its own and takes that
// of the `Isa::run` it is inlined into. Vectors therefore travel by reference, never by value (an argument passed by
// value would depend on the instruction set of the caller), and lambdas say `__attribute__((always_inline))`.
#pragma once
#include <type_traits>
#include <utility>

#include <mae/backend/isa.hpp>
#include <mae/core/bf16.hpp>
#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae::cpu {

/// Calls `body(i)` for i = 0 ... Count-1 with `i` a compile-time number, so that arrays of vectors stay in registers.
template <Index Count, class Body>
[[gnu::always_inline]] inline void unroll(const Body& body) {
  [&]<Index... At>(std::integer_sequence<Index, At...>) __attribute__((always_inline)) {
    (body(std::integral_constant<Index, At>{}), ...);
  }(std::make_integer_sequence<Index, Count>{});
}

/// to[i] = the lane `Order::at(i)` of a and b, one after the other: a compile-time number, so that it is a shuffle. The
/// lanes are written out, for nvcc does not expand a pack among the operands of the builtin.
template <class Order, class Vector>
[[gnu::always_inline]] inline void shuffle(Vector& to, const Vector& a, const Vector& b) {
  constexpr auto at = [](int i) { return static_cast<int>(Order::at(i)); };
  constexpr auto lanes = sizeof(Vector) / sizeof(a[0]);
  static_assert(lanes == 2 || lanes == 4 || lanes == 8 || lanes == 16);
  if constexpr (lanes == 2) {
    to = __builtin_shufflevector(a, b, at(0), at(1));
  } else if constexpr (lanes == 4) {
    to = __builtin_shufflevector(a, b, at(0), at(1), at(2), at(3));
  } else if constexpr (lanes == 8) {
    to = __builtin_shufflevector(a, b, at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7));
  } else {
    to = __builtin_shufflevector(a, b, at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8), at(9), at(10),
                                 at(11), at(12), at(13), at(14), at(15));
  }
}
/// Every other lane of two vectors, from lane `First`.
template <Index First>
struct EveryOther {
  static constexpr Index at(Index i) { return 2 * i + First; }
};

/// The vector of `T` that fills a register of `Isa`.
template <class T, class Isa>
struct Simd {
  /// Whole numbers of the same size, for bit patterns; comparing two vectors yields a `Bits` of 0 and -1.
  using Int = std::conditional_t<sizeof(T) == 4, int, long long>;
  typedef T Vector __attribute__((vector_size(Isa::bytes)));
  typedef Int Bits __attribute__((vector_size(Isa::bytes)));
  /// One bit pattern a lane, and half as many bits a lane: what float and bf16 are made of.
  using Word = std::conditional_t<sizeof(T) == 4, unsigned, unsigned long long>;
  typedef Word Words __attribute__((vector_size(Isa::bytes)));
  typedef unsigned short Halves __attribute__((vector_size(Isa::bytes / 2)));
  /// A vector anywhere in memory: its address needs no alignment.
  struct __attribute__((packed, may_alias)) Loose {
    Vector v;
  };
  struct __attribute__((packed, may_alias)) LooseHalves {
    Halves v;
  };
  static constexpr Index lanes = Isa::bytes / Index{sizeof(T)};

  /// `at(p).v` is the vector that begins at `p`: read it to load, assign it to store.
  [[gnu::always_inline]] static const Loose& at(const T* p) { return *reinterpret_cast<const Loose*>(p); }
  [[gnu::always_inline]] static Loose& at(T* p) { return *reinterpret_cast<Loose*>(p); }

  /// Loads a whole vector. Numbers kept as bf16 become float: they are its upper halves.
  [[gnu::always_inline]] static void load(Vector& v, const T* p) { v = at(p).v; }
  [[gnu::always_inline]] static void load(Vector& v, const bf16* p) {
    Words words = __builtin_convertvector(reinterpret_cast<const LooseHalves*>(p)->v, Words);
    words <<= 16;
    v = reinterpret_cast<Vector>(words);
  }
  /// Stores a whole vector. What goes to bf16 is rounded as `bf16(float)` rounds.
  [[gnu::always_inline]] static void store(T* p, const Vector& v) { at(p).v = v; }
  [[gnu::always_inline]] static void store(bf16* p, const Vector& v) {
    Words upper;
    round(upper, v);
    reinterpret_cast<LooseHalves*>(p)->v = __builtin_convertvector(upper >> 16, Halves);
  }
  /// The bits of `v` rounded to bf16, which are their upper halves; the lower halves are undefined.
  [[gnu::always_inline]] static void round(Words& bits, const Vector& v) {
    const Words u = reinterpret_cast<Words>(v);
    Vector same = v;
    isa::in_register(same);  // where v == v would be taken for true, inlined into a file with -ffinite-math-only
    bits = v == same ? u + (0x7fffu + (u >> 16 & 1u)) : u | 0x400000u;
  }

  /// Loads the first `count` lanes (all of them if `count` is larger) and sets the rest to `rest`.
  template <class E>
  [[gnu::always_inline]] static void load(Vector& v, const E* p, Index count, T rest = 0) {
    if (count >= lanes) {
      load(v, p);
    } else {
      T part[lanes];
      fill(v, rest);
      at(part).v = v;
      for (Index i = 0; i < count; ++i, isa::step_by_step(i)) part[i] = T(p[i]);
      v = at(part).v;
    }
  }
  /// Stores the first `count` lanes (all of them if `count` is larger).
  template <class E>
  [[gnu::always_inline]] static void store(E* p, const Vector& v, Index count) {
    if (count >= lanes) {
      store(p, v);
    } else {
      T part[lanes];
      at(part).v = v;
      for (Index i = 0; i < count; ++i, isa::step_by_step(i)) p[i] = E(part[i]);
    }
  }

  /// All lanes `x`.
  [[gnu::always_inline]] static void fill(Vector& v, T x) { v = x - Vector{}; }
  /// v = max(v, other), lane by lane.
  [[gnu::always_inline]] static void raise(Vector& v, const Vector& other) { v = v < other ? other : v; }

  /// The sum of all lanes, halves first: the order is the same in every call.
  [[gnu::always_inline]] static T sum(const Vector& v) {
    Vector total = v;
    fold<lanes / 2>(total, [](Vector& x, const Vector& y) __attribute__((always_inline)) { x = x + y; });
    return total[0];
  }
  /// The largest lane.
  [[gnu::always_inline]] static T largest(const Vector& v) {
    Vector most = v;
    fold<lanes / 2>(most, [](Vector& x, const Vector& y) __attribute__((always_inline)) { raise(x, y); });
    return most[0];
  }

  /// Transposes the matrix whose rows are `rows`: log2(lanes) rounds, round s swaps the off-diagonal s x s blocks.
  [[gnu::always_inline]] static void transpose(Vector (&rows)[lanes]) { transpose_from<1>(rows); }

 private:
  /// Lanes moved down by `Step`, round and round.
  template <Index Step>
  struct Turned {
    static constexpr Index at(Index i) { return (i + Step) % lanes; }
  };
  /// Of two rows, what belongs into the first and into the second when their off-diagonal blocks change places.
  template <Index Step>
  struct Upper {
    static constexpr Index at(Index i) { return i & Step ? lanes + i - Step : i; }
  };
  template <Index Step>
  struct Lower {
    static constexpr Index at(Index i) { return i & Step ? lanes + i : i + Step; }
  };

  template <Index Step, class Combine>
  [[gnu::always_inline]] static void fold(Vector& v, const Combine& combine) {
    if constexpr (Step > 0) {
      Vector turned;
      shuffle<Turned<Step>>(turned, v, v);
      combine(v, turned);
      fold<Step / 2>(v, combine);
    }
  }
  template <Index Step>
  [[gnu::always_inline]] static void transpose_from(Vector (&rows)[lanes]) {
    if constexpr (Step < lanes) {
      unroll<lanes>([&](auto i) __attribute__((always_inline)) {
        if constexpr ((i & Step) == 0) {
          const Vector x = rows[i], y = rows[i + Step];
          shuffle<Upper<Step>>(rows[i], x, y);
          shuffle<Lower<Step>>(rows[i + Step], x, y);
        }
      });
      transpose_from<2 * Step>(rows);
    }
  }
};

}  // namespace mae::cpu
MAE_PRECISE_END
