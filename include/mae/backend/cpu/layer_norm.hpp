// Layer normalisation of rows: y = (x - mean) / sqrt(variance + eps) · w + b (Ba, Kiros & Hinton, 2016).
//
// With n = (x - mean) scale and g = dy w the gradients are dx = scale (g - mean(g) - n mean(g n)), dw += Σ dy n and
// db += Σ dy (derived in `ops/layer_norm.hpp`). A row is in the first cache after it was touched once, so passes over
// it are cheap; memory is read once. The sums over rows are made in at most 32 slices, whose number depends on the
// number of rows alone, and are then added in order. Cost: about 10 operations a number, 2 numbers moved forward and
// 3 backward.
#pragma once
#include <mae/backend/cpu/math.hpp>
#include <mae/backend/cpu/parallel.hpp>
#include <mae/backend/cpu/simd.hpp>
#include <mae/backend/policy.hpp>
#include <mae/core/shape.hpp>

MAE_PRECISE_BEGIN
namespace mae::cpu {

/// Rows [begin, end) on one thread, computed in T; x, y and their gradients may be stored in other types.
template <class T, class Isa>
class LayerNormRows {
 public:
  template <class X, class Y>
  [[gnu::noinline]] static void forward(Index begin, Index end, Index D, const X* x, const T* w, const T* b, T eps,
                                        Y* y, T* stats) {
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index r = begin; r < end; ++r) {
        const X* row = x + r * D;
        const T mean = total(D, [&](Vector& term, Index i) __attribute__((always_inline)) {
          S::load(term, row + i, D - i);
        }) / T(D);
        const T variance = total(D, [&](Vector& term, Index i) __attribute__((always_inline)) {
          S::load(term, row + i, D - i, mean);
          term = (term - mean) * (term - mean);
        }) / T(D);
        const T scale = T(1) / T(exact_root(variance + eps));
        for (Index i = 0; i < D; i += lanes) {
          Vector v, weight, bias;
          S::load(v, row + i, D - i), S::load(weight, w + i, D - i), S::load(bias, b + i, D - i);
          S::store(y + r * D + i, (v - mean) * scale * weight + bias, D - i);
        }
        stats[2 * r] = mean;
        stats[2 * r + 1] = scale;
      }
    });
  }

  template <class X, class Y>
  [[gnu::noinline]] static void input_gradient(Index begin, Index end, Index D, const X* x, const T* w, const T* stats,
                                               const Y* dy, X* dx, bool accumulate) {
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index r = begin; r < end; ++r) {
        const T mean = stats[2 * r], scale = stats[2 * r + 1];
        const auto load = [&](Vector& g, Vector& n, Index i) __attribute__((always_inline)) {
          Vector weight;
          S::load(g, dy + r * D + i, D - i), S::load(weight, w + i, D - i), S::load(n, x + r * D + i, D - i);
          g = g * weight;
          n = (n - mean) * scale;
        };
        const T mean_g = total(D, [&](Vector& term, Index i) __attribute__((always_inline)) {
          Vector n;
          load(term, n, i);
        }) / T(D);
        const T mean_gn = total(D, [&](Vector& term, Index i) __attribute__((always_inline)) {
          Vector n;
          load(term, n, i);
          term = term * n;
        }) / T(D);
        for (Index i = 0; i < D; i += lanes) {
          Vector g, n, before = {};
          load(g, n, i);
          if (accumulate) S::load(before, dx + r * D + i, D - i);
          S::store(dx + r * D + i, before + scale * (g - mean_g - n * mean_gn), D - i);
        }
      }
    });
  }

  /// dw = Σ dy n and db = Σ dy over the rows; both have room for whole vectors.
  template <class X, class Y>
  [[gnu::noinline]] static void weight_gradient(Index begin, Index end, Index D, const X* x, const T* stats,
                                                const Y* dy, T* dw, T* db) {
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index i = 0; i < D; i += lanes) S::at(dw + i).v = S::at(db + i).v = Vector{};
      for (Index r = begin; r < end; ++r)
        for (Index i = 0; i < D; i += lanes) {
          Vector g, n;
          S::load(g, dy + r * D + i, D - i), S::load(n, x + r * D + i, D - i);
          S::at(dw + i).v += g * ((n - stats[2 * r]) * stats[2 * r + 1]);
          S::at(db + i).v += g;
        }
    });
  }

  /// to += Σ_s slices[s], in order.
  [[gnu::noinline]] static void add_slices(Index D, Index count, Index stride, const T* slices, T* to) {
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index i = 0; i < D; i += lanes) {
        Vector sum = {}, before;
        for (Index s = 0; s < count; ++s) sum += S::at(slices + s * stride + i).v;
        S::load(before, to + i, D - i);
        S::store(to + i, before + sum, D - i);
      }
    });
  }

 private:
  using S = Simd<T, Isa>;
  using Vector = typename S::Vector;
  static constexpr Index lanes = S::lanes;

  /// Σ_i term(i), four vectors at a time so that no addition waits for the one before it.
  template <class Term>
  [[gnu::always_inline]] static T total(Index D, const Term& term) {
    constexpr Index chains = 4;
    Vector sum[chains] = {}, v = {};
    Index i = 0;
    for (; i + chains * lanes <= D; i += chains * lanes)
      unroll<chains>([&](auto chain) __attribute__((always_inline)) { term(v, i + chain * lanes), sum[chain] += v; });
    for (; i < D; i += lanes) term(v, i), sum[0] += v;
    return S::sum((sum[0] + sum[1]) + (sum[2] + sum[3]));
  }
};

/// All rows, shared among threads, by the instruction set that `IsaChoice` finds.
template <class T, class IsaChoice, class Threads, class X, class Y>
struct LayerNormPass {
  static void forward(Index R, Index D, const X* x, const T* w, const T* b, double eps, Y* y, T* stats);
  static void backward(Index R, Index D, const X* x, const T* w, const T* stats, const Y* dy, X* dx, bool accumulate,
                       T* dw, T* db, Workspace ws);
  static constexpr WorkspaceSize workspace(Index D) {
    return {align_up(Index{sizeof(T)} * most_slices * 2 * padded(D)), 0};
  }

 private:
  static constexpr Index most_slices = 32, rows_in_a_slice = 16;
  static constexpr Index padded(Index D) { return round_up(D, alignment / Index{sizeof(T)}); }
  static constexpr Index rows_worth_a_thread(Index D) { return ceil_divide(131072, D); }
};
template <class T, class IsaChoice, class Threads, class X, class Y>
void LayerNormPass<T, IsaChoice, Threads, X, Y>::forward(Index R, Index D, const X* x, const T* w, const T* b,
                                                         double eps, Y* y, T* stats) {
  isa::dispatch<IsaChoice>([&](auto set) {
    parallel_for<Threads>(R, rows_worth_a_thread(D), Threads::count(), [&](Index begin, Index end, int) {
      LayerNormRows<T, decltype(set)>::forward(begin, end, D, x, w, b, T(eps), y, stats);
    });
  });
}
template <class T, class IsaChoice, class Threads, class X, class Y>
void LayerNormPass<T, IsaChoice, Threads, X, Y>::backward(Index R, Index D, const X* x, const T* w, const T* stats,
                                                          const Y* dy, X* dx, bool accumulate, T* dw, T* db,
                                                          Workspace ws) {
  const Index slices = smaller(most_slices, ceil_divide(R, rows_in_a_slice)), stride = 2 * padded(D);
  T* sums = ws.template shared<T>();
  isa::dispatch<IsaChoice>([&](auto set) {
    using Rows = LayerNormRows<T, decltype(set)>;
    const Index least = ceil_divide(rows_worth_a_thread(D) * slices, larger(R, 1));
    parallel_for<Threads>(slices, least, ws.threads, [&](Index first, Index last, int) {
      for (Index s = first; s < last; ++s) {
        const Index begin = R * s / slices, end = R * (s + 1) / slices;
        if (dw) Rows::weight_gradient(begin, end, D, x, stats, dy, sums + s * stride, sums + s * stride + padded(D));
        if (dx) Rows::input_gradient(begin, end, D, x, w, stats, dy, dx, accumulate);
      }
    });
    if (dw) Rows::add_slices(D, slices, stride, sums, dw), Rows::add_slices(D, slices, stride, sums + padded(D), db);
  });
}

/// The normalisation of the kernel contract (`backend/kernels.hpp`).
template <class T, class IsaChoice, class Threads>
struct LayerNormKernels {
  static constexpr WorkspaceSize layer_norm_workspace(Index D) { return Pass<T, T>::workspace(D); }

  template <class X, class Y>
  static void layer_norm(Index R, Index D, const X* x, const T* w, const T* b, double eps, Y* y, T* stats) {
    Pass<X, Y>::forward(R, D, x, w, b, eps, y, stats);
  }
  template <class X, class Y>
  static void layer_norm_gradient(Index R, Index D, const X* x, const T* w, const T* stats, const Y* dy, X* dx,
                                  bool accumulate, T* dw, T* db, Workspace ws) {
    Pass<X, Y>::backward(R, D, x, w, stats, dy, dx, accumulate, dw, db, ws);
  }

 private:
  template <class X, class Y>
  using Pass = LayerNormPass<T, IsaChoice, Threads, X, Y>;
};

}  // namespace mae::cpu
MAE_PRECISE_END
