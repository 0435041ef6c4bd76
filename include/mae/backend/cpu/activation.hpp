// Activations and their slopes over whole arrays and over tiles of a product, a vector at a time.
//
// The functions are an activation's (backend/activation.hpp), in terms of `Math`; here they are applied. A pass over an
// array is as fast as memory once it is larger than the caches; a tile that a product has just stored lies in the first
// cache.
#pragma once
#include <mae/backend/activation.hpp>
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

/// Rows of `width` elements, `stride` apart, in T; an array is one row.
template <class Activation, class T, class Isa>
class ActivatedRows {
  using S = Simd<T, Isa>;

 public:
  template <class E>
  [[gnu::noinline]] static void values(Index height, Index width, Index stride, const E* h, E* y) {
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index i = 0; i < height; ++i, h += stride, y += stride)
        for (Index j = 0; j < width; j += S::lanes) {
          typename S::Vector x, value;
          S::load(x, h + j, width - j);
          Activation::template value<Math<T, Isa>>(value, x);
          S::store(y + j, value, width - j);
        }
    });
  }
  template <class E>
  [[gnu::noinline]] static void slopes(Index width, const E* dy, const E* h, E* dh) {
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index j = 0; j < width; j += S::lanes) {
        typename S::Vector x, slope, g;
        S::load(x, h + j, width - j), S::load(g, dy + j, width - j);
        Activation::template slope<Math<T, Isa>>(slope, x);
        S::store(dh + j, g * slope, width - j);
      }
    });
  }
};

/// By the instruction set that `IsaChoice` finds: all elements, shared among threads, or a tile on the calling one.
template <class Activation, class T, class IsaChoice, class Threads, class E>
struct ActivationPass {
  static void values(Index n, const E* h, E* y);
  static void slopes(Index n, const E* dy, const E* h, E* dh);
  static void tile(Index height, Index width, Index stride, const E* h, E* y);
};
template <class Activation, class T, class IsaChoice, class Threads, class E>
void ActivationPass<Activation, T, IsaChoice, Threads, E>::values(Index n, const E* h, E* y) {
  isa::dispatch<IsaChoice>([&](auto set) {
    each_block<Threads>(n, [&](Index begin, Index end) {
      ActivatedRows<Activation, T, decltype(set)>::values(1, end - begin, 0, h + begin, y + begin);
    });
  });
}
template <class Activation, class T, class IsaChoice, class Threads, class E>
void ActivationPass<Activation, T, IsaChoice, Threads, E>::slopes(Index n, const E* dy, const E* h, E* dh) {
  isa::dispatch<IsaChoice>([&](auto set) {
    each_block<Threads>(n, [&](Index begin, Index end) {
      ActivatedRows<Activation, T, decltype(set)>::slopes(end - begin, dy + begin, h + begin, dh + begin);
    });
  });
}
template <class Activation, class T, class IsaChoice, class Threads, class E>
void ActivationPass<Activation, T, IsaChoice, Threads, E>::tile(Index height, Index width, Index stride, const E* h,
                                                                E* y) {
  isa::dispatch<IsaChoice>(
      [&](auto set) { ActivatedRows<Activation, T, decltype(set)>::values(height, width, stride, h, y); });
}

}  // namespace mae::cpu
MAE_PRECISE_END
