// Element-wise work: fused expressions, activations (activation.hpp), and loops whose body the caller brings.
//
// An expression (`Form`) is a struct: `leaves`, how many arrays it reads; `value(in)`, a scalar formula of one
// element of each; `pull_back(in, gradient, out)`, the gradients of its leaves; `reads(k)`, whether those need the
// value of leaf k. It is evaluated in short blocks that were copied next to each other: the compiler sees that
// nothing overlaps and that the length is fixed, and turns the formula into vectors by itself. Results may overwrite
// operands of the same call.
#pragma once
#include <tuple>

#include <mae/backend/cpu/activation.hpp>

MAE_PRECISE_BEGIN
namespace mae::cpu {

/// Computes in T; what is read and written may be of another type.
template <class T, class IsaChoice, class Threads>
struct PointwiseKernels {
  template <class Activation, class E>
  static void activation(Index n, const E* h, E* y) {
    ActivationPass<Activation, T, IsaChoice, Threads, E>::values(n, h, y);
  }
  template <class Activation, class E>
  static void activation_gradient(Index n, const E* dy, const E* h, E* dh) {
    ActivationPass<Activation, T, IsaChoice, Threads, E>::slopes(n, dy, h, dh);
  }

  template <class Form, class... X, class Y>
  static void map(Index n, const std::tuple<const X*...>& x, Y* y) {
    each_block<Threads>(n, [&](Index begin, Index end) {
      T in[Form::leaves][block] = {}, out[block];
      for (Index at = begin; at < end; at += block) {
        const Index count = smaller(block, end - at);
        each_leaf([&](auto k) { copy(count, std::get<k>(x) + at, in[k]); }, x);
        for (Index i = 0; i < block; ++i) {
          T leaf[Form::leaves];
          for (int k = 0; k < Form::leaves; ++k) leaf[k] = in[k][i];
          out[i] = Form::value(leaf);
        }
        copy(count, out, y + at);
      }
    });
  }

  template <class Form, class... X, class Y>
  static void map_gradient(Index n, const std::tuple<const X*...>& x, const Y* dy, const std::tuple<X*...>& dx,
                           const bool* accumulate) {
    each_block<Threads>(n, [&](Index begin, Index end) {
      T in[Form::leaves][block] = {}, out[Form::leaves][block], gradient[block] = {};
      for (Index at = begin; at < end; at += block) {
        const Index count = smaller(block, end - at);
        copy(count, dy + at, gradient);
        each_leaf(
            [&](auto k) {
              if constexpr (Form::reads(k)) copy(count, std::get<k>(x) + at, in[k]);
            },
            x);
        for (Index i = 0; i < block; ++i) {
          T leaf[Form::leaves], slope[Form::leaves];
          for (int k = 0; k < Form::leaves; ++k) leaf[k] = in[k][i];
          Form::pull_back(leaf, gradient[i], slope);
          for (int k = 0; k < Form::leaves; ++k) out[k][i] = slope[k];
        }
        each_leaf(  // in order: two leaves may be the same array
            [&](auto k) {
              auto* const to = std::get<k>(dx);
              if (!to) return;
              if (accumulate[k])
                for (Index i = 0; i < count; ++i) out[k][i] += T(to[at + i]);
              copy(count, out[k], to + at);
            },
            dx);
      }
    });
  }

  template <class F>
  static void each(Index n, const F& f, Index numbers = 1) {
    parallel_for<Threads>(n, ceil_divide(calls_worth_a_thread, numbers), Threads::count(),
                          [&](Index begin, Index end, int) {
                            for (Index i = begin; i < end; ++i) f(i);
                          });
  }
  template <class F>
  static void rows(Index R, Index D, const F& f) {
    parallel_for<Threads>(R, ceil_divide(calls_worth_a_thread, D), Threads::count(), [&](Index begin, Index end, int) {
      for (Index r = begin; r < end; ++r)
        for (Index c = 0; c < D; ++c) f(r, c);
    });
  }
  /// A few cache lines of each row: what goes through many rows reads each of them along its length.
  static constexpr Index columns_together = 64;
  template <class F, class Put>
  static void column_sums(Index R, Index D, const F& f, const Put& put) {
    constexpr Index width = columns_together;
    const Index least = ceil_divide(calls_worth_a_thread, larger(1, R * width));
    parallel_for<Threads>(ceil_divide(D, width), least, Threads::count(), [&](Index first, Index last, int) {
      for (Index begin = first * width; begin < smaller(D, last * width); begin += width) {
        const Index count = smaller(width, D - begin);
        decltype(f(begin, begin)) sum[width] = {};
        for (Index r = 0; r < R; ++r)
          for (Index c = 0; c < count; ++c) sum[c] += f(r, begin + c);
        for (Index c = 0; c < count; ++c) put(begin + c, sum[c]);
      }
    });
  }
  template <class F, class Put>
  static void row_sums(Index R, Index D, const F& f, const Put& put) {
    parallel_for<Threads>(R, ceil_divide(calls_worth_a_thread, D), Threads::count(), [&](Index begin, Index end, int) {
      for (Index r = begin; r < end; ++r) {
        decltype(f(r, r)) sum = 0;
        for (Index c = 0; c < D; ++c) sum += f(r, c);
        put(r, sum);
      }
    });
  }

 private:
  static constexpr Index block = block_of_maps, calls_worth_a_thread = 65536;

  /// Calls work(k), k a compile-time number, for every pointer of a tuple.
  template <class Work, class... Pointer>
  static void each_leaf(const Work& work, const std::tuple<Pointer...>&) {
    [&]<std::size_t... k>(std::index_sequence<k...>) { (work(std::integral_constant<int, int{k}>{}), ...); }
    (std::index_sequence_for<Pointer...>{});
  }
  template <class From, class To>
  static void copy(Index count, const From* from, To* to) {
    for (Index i = 0; i < count; ++i) to[i] = To(T(from[i]));
  }
};

}  // namespace mae::cpu
MAE_PRECISE_END
