// GELU and its slope over whole arrays, a vector at a time.
//
// The functions themselves are in `math`, with their error bounds; here they are applied. Both passes are as fast as
// memory once the arrays are larger than the caches.
#pragma once
#include <mae/backend/cpu/math.hpp>
#include <mae/backend/cpu/parallel.hpp>

MAE_PRECISE_BEGIN
namespace mae::cpu {

/// Element-wise work is shared in ranges that begin at a multiple of this.
inline constexpr Index block_of_maps = 64;

/// Calls `work(begin, end)` for ranges of n elements.
template <class Threads, class Work>
void each_block(Index n, const Work& work) {
  constexpr Index block = block_of_maps, worth_a_thread = 1024;
  parallel_for<Threads>(ceil_divide(n, block), worth_a_thread, Threads::count(),
                        [&](Index first, Index last, int) { work(first * block, smaller(n, last * block)); });
}

/// The elements of one range, in T.
template <class T, class Isa>
class GeluRange {
  using S = Simd<T, Isa>;

 public:
  template <class E>
  [[gnu::noinline]] static void values(Index begin, Index end, const E* h, E* y) {
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index i = begin; i < end; i += S::lanes) {
        typename S::Vector x, value;
        S::load(x, h + i, end - i);
        Math<T, Isa>::gelu(value, x);
        S::store(y + i, value, end - i);
      }
    });
  }
  template <class E>
  [[gnu::noinline]] static void slopes(Index begin, Index end, const E* dy, const E* h, E* dh) {
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index i = begin; i < end; i += S::lanes) {
        typename S::Vector x, slope, g;
        S::load(x, h + i, end - i), S::load(g, dy + i, end - i);
        Math<T, Isa>::gelu_slope(slope, x);
        S::store(dh + i, g * slope, end - i);
      }
    });
  }
};

/// All elements, shared among threads, by the instruction set that `IsaChoice` finds.
template <class T, class IsaChoice, class Threads, class E>
struct GeluPass {
  static void values(Index n, const E* h, E* y);
  static void slopes(Index n, const E* dy, const E* h, E* dh);
};
template <class T, class IsaChoice, class Threads, class E>
void GeluPass<T, IsaChoice, Threads, E>::values(Index n, const E* h, E* y) {
  isa::dispatch<IsaChoice>([&](auto set) {
    each_block<Threads>(n, [&](Index begin, Index end) { GeluRange<T, decltype(set)>::values(begin, end, h, y); });
  });
}
template <class T, class IsaChoice, class Threads, class E>
void GeluPass<T, IsaChoice, Threads, E>::slopes(Index n, const E* dy, const E* h, E* dh) {
  isa::dispatch<IsaChoice>([&](auto set) {
    each_block<Threads>(n, [&](Index begin, Index end) { GeluRange<T, decltype(set)>::slopes(begin, end, dy, h, dh); });
  });
}

}  // namespace mae::cpu
MAE_PRECISE_END
