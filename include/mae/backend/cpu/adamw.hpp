// One AdamW update (backend/adamw.hpp), and the sum of squares that clipping needs: two passes as fast as memory.
#pragma once
#include <mae/backend/cpu/math.hpp>
#include <mae/backend/cpu/parallel.hpp>
#include <mae/backend/kernels.hpp>

MAE_PRECISE_BEGIN
namespace mae::cpu {

template <class T, class IsaChoice, class Threads>
struct TrainingKernels {
  static constexpr WorkspaceSize sum_workspace() { return {slices * Index{sizeof(double)}, 0}; }

  /// Σ g², in double: 64 slices whose bounds depend on n alone, added in order.
  static double sum_of_squares(Index n, const T* g, Workspace ws);
  static void adamw(Index n, T* w, T* g, T* m, T* v, const AdamwStep& step);

 private:
  static constexpr Index slices = 64, block = 64, worth_a_thread = 131072;

  template <class Isa>
  [[gnu::noinline]] static double squares(Index n, const T* g) {
    using S = Simd<double, Isa>;
    typedef T Narrow __attribute__((vector_size(S::lanes * sizeof(T))));
    struct __attribute__((packed, may_alias)) Loose {
      Narrow v;
    };
    constexpr Index chains = 4;
    double sum = 0;
    Isa::run([&]() __attribute__((always_inline)) {
      typename S::Vector total[chains] = {};
      Index i = 0;
      for (; i + chains * S::lanes <= n; i += chains * S::lanes)
        unroll<chains>([&](auto chain) __attribute__((always_inline)) {
          const Narrow narrow = reinterpret_cast<const Loose*>(g + i + chain * S::lanes)->v;
          const typename S::Vector wide = __builtin_convertvector(narrow, typename S::Vector);
          total[chain] = wide * wide + total[chain];
        });
      sum = S::sum((total[0] + total[1]) + (total[2] + total[3]));
      for (; i < n; ++i) sum += double(g[i]) * double(g[i]);
    });
    return sum;
  }

  template <class Isa>
  [[gnu::noinline]] static void update(Index begin, Index end, T* w, T* g, T* m, T* v, const AdamwStep& step) {
    using S = Simd<T, Isa>;
    using Vector = typename S::Vector;
    const AdamwFactors<T> by(step);
    const T gradient_scale = T(step.gradient_scale);
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index i = begin; i < end; i += S::lanes) {
        const Index count = end - i;
        Vector weight, gradient, first, second;
        S::load(weight, w + i, count), S::load(gradient, g + i, count);
        S::load(first, m + i, count), S::load(second, v + i, count);
        gradient = gradient * gradient_scale;
        adamw_update<Math<T, Isa>>(weight, gradient, first, second, by);
        S::store(w + i, weight, count), S::store(g + i, Vector{}, count);
        S::store(m + i, first, count), S::store(v + i, second, count);
      }
    });
  }
};
template <class T, class IsaChoice, class Threads>
double TrainingKernels<T, IsaChoice, Threads>::sum_of_squares(Index n, const T* g, Workspace ws) {
  double* sums = ws.template shared<double>();
  isa::dispatch<IsaChoice>([&](auto set) {
    parallel_for<Threads>(
        slices, ceil_divide(worth_a_thread * slices, larger(n, 1)), ws.threads, [&](Index begin, Index end, int) {
          for (Index s = begin; s < end; ++s)
            sums[s] = squares<decltype(set)>(n * (s + 1) / slices - n * s / slices, g + n * s / slices);
        });
  });
  double sum = 0;
  for (Index s = 0; s < slices; ++s) sum += sums[s];
  return sum;
}
template <class T, class IsaChoice, class Threads>
void TrainingKernels<T, IsaChoice, Threads>::adamw(Index n, T* w, T* g, T* m, T* v, const AdamwStep& step) {
  isa::dispatch<IsaChoice>([&](auto set) {
    parallel_for<Threads>(ceil_divide(n, block), ceil_divide(worth_a_thread, block), Threads::count(),
                          [&](Index begin, Index end, int) {
                            update<decltype(set)>(begin * block, smaller(n, end * block), w, g, m, v, step);
                          });
  });
}

}  // namespace mae::cpu
MAE_PRECISE_END
