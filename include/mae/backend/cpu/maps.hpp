// Element-wise work: fused expressions, GELU and its slope, and loops whose body the caller brings.
//
// An expression (`Form`) is a struct: `leaves`, how many arrays it reads; `value(in)`, a scalar formula of one
// element of each; `pull_back(in, gradient, out)`, the gradients of its leaves; `reads(k)`, whether those need the
// value of leaf k. It is evaluated in short blocks that were copied next to each other: the compiler sees that
// nothing overlaps and that the length is fixed, and turns the formula into vectors by itself. Results may overwrite
// operands of the same call.
#pragma once
#include <mae/backend/cpu/math.hpp>
#include <mae/backend/cpu/parallel.hpp>

namespace mae::cpu {

template <class T, class IsaChoice, class Threads>
struct MapKernels {
  static void gelu(Index n, const T* h, T* y) {
    isa::dispatch<IsaChoice>([&](auto set) {
      each_block(n, [&](Index begin, Index end) { gelu_values<decltype(set)>(begin, end, h, y); });
    });
  }
  static void gelu_gradient(Index n, const T* dy, const T* h, T* dh) {
    isa::dispatch<IsaChoice>([&](auto set) {
      each_block(n, [&](Index begin, Index end) { gelu_slopes<decltype(set)>(begin, end, dy, h, dh); });
    });
  }

  template <class Form>
  static void map(Index n, const T* const* x, T* y) {
    each_block(n, [&](Index begin, Index end) {
      T in[Form::leaves][block] = {}, out[block];
      for (Index at = begin; at < end; at += block) {
        const Index count = smaller(block, end - at);
        for (int k = 0; k < Form::leaves; ++k) copy(count, x[k] + at, in[k]);
        for (Index i = 0; i < block; ++i) {
          T leaf[Form::leaves];
          for (int k = 0; k < Form::leaves; ++k) leaf[k] = in[k][i];
          out[i] = Form::value(leaf);
        }
        copy(count, out, y + at);
      }
    });
  }

  template <class Form>
  static void map_gradient(Index n, const T* const* x, const T* dy, T* const* dx, const bool* accumulate) {
    each_block(n, [&](Index begin, Index end) {
      T in[Form::leaves][block] = {}, out[Form::leaves][block], gradient[block] = {};
      for (Index at = begin; at < end; at += block) {
        const Index count = smaller(block, end - at);
        copy(count, dy + at, gradient);
        for (int k = 0; k < Form::leaves; ++k)
          if (Form::reads(k)) copy(count, x[k] + at, in[k]);
        for (Index i = 0; i < block; ++i) {
          T leaf[Form::leaves], slope[Form::leaves];
          for (int k = 0; k < Form::leaves; ++k) leaf[k] = in[k][i];
          Form::pull_back(leaf, gradient[i], slope);
          for (int k = 0; k < Form::leaves; ++k) out[k][i] = slope[k];
        }
        for (int k = 0; k < Form::leaves; ++k) {  // in order: two leaves may be the same array
          if (!dx[k]) continue;
          if (accumulate[k])
            for (Index i = 0; i < count; ++i) dx[k][at + i] += out[k][i];
          else
            copy(count, out[k], dx[k] + at);
        }
      }
    });
  }

  template <class F>
  static void each(Index n, const F& f) {
    share<Threads>(n, calls_worth_a_thread, Threads::count(), [&](Index begin, Index end, int) {
      for (Index i = begin; i < end; ++i) f(i);
    });
  }
  template <class F>
  static void rows(Index R, Index D, const F& f) {
    share<Threads>(R, ceil_divide(calls_worth_a_thread, D), Threads::count(), [&](Index begin, Index end, int) {
      for (Index r = begin; r < end; ++r)
        for (Index c = 0; c < D; ++c) f(r, c);
    });
  }

 private:
  static constexpr Index block = 64, calls_worth_a_thread = 65536, blocks_worth_a_thread = 1024;

  /// Calls `work(begin, end)` for ranges that begin at a multiple of `block`.
  template <class Work>
  static void each_block(Index n, const Work& work) {
    share<Threads>(ceil_divide(n, block), blocks_worth_a_thread, Threads::count(), [&](Index first, Index last, int) {
      work(first * block, smaller(n, last * block));
    });
  }
  static void copy(Index count, const T* from, T* to) {
    for (Index i = 0; i < count; ++i) to[i] = from[i];
  }

  template <class Isa>
  [[gnu::noinline]] static void gelu_values(Index begin, Index end, const T* h, T* y) {
    using S = Simd<T, Isa>;
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index i = begin; i < end; i += S::lanes) {
        typename S::Vector x, value;
        S::load(x, h + i, end - i);
        Math<T, Isa>::gelu(value, x);
        S::store(y + i, value, end - i);
      }
    });
  }
  template <class Isa>
  [[gnu::noinline]] static void gelu_slopes(Index begin, Index end, const T* dy, const T* h, T* dh) {
    using S = Simd<T, Isa>;
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

}  // namespace mae::cpu
