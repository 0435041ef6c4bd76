// One step of an optimizer (backend/update.hpp), and the sum of squares before it: two passes as fast as memory.
#pragma once
#include <mae/backend/cpu/math.hpp>
#include <mae/backend/cpu/parallel.hpp>
#include <mae/backend/kernels.hpp>

MAE_PRECISE_BEGIN
namespace mae::cpu {

/// The pass of one optimizer, whose `Factors` are of type T, over weights of type T.
template <class Factors, class T, class IsaChoice, class Threads>
struct UpdatePass {
  using Operands = UpdateOperands<T, Factors::states>;
  static void run(Index n, const Operands& x, const Factors* by, const GradientCheck* check);

 private:
  static constexpr Index block = 64, worth_a_thread = 131072;

  template <class Isa>
  [[gnu::noinline]] static void update(Index begin, Index end, const Operands& operands, const Factors& factors,
                                       T gradient_scale) {
    using S = Simd<T, Isa>;
    using Vector = typename S::Vector;
    constexpr Index states = Factors::states;
    const Factors by = factors;
    const Operands x = operands;
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index i = begin; i < end; i += S::lanes) {
        const Index count = end - i;
        Vector weight, gradient, state[states];
        S::load(weight, x.weights + i, count), S::load(gradient, x.gradients + i, count);
        unroll<states>([&](auto k) __attribute__((always_inline)) { S::load(state[k], x.state[k] + i, count); });
        gradient = gradient * gradient_scale;
        by.template update<Math<T, Isa>>(weight, gradient, state);
        S::store(x.weights + i, weight, count), S::store(x.gradients + i, Vector{}, count);
        unroll<states>([&](auto k) __attribute__((always_inline)) { S::store(x.state[k] + i, state[k], count); });
      }
    });
  }
};
template <class Factors, class T, class IsaChoice, class Threads>
void UpdatePass<Factors, T, IsaChoice, Threads>::run(Index n, const Operands& x, const Factors* by,
                                                     const GradientCheck* check) {
  if (check->fault > 0) return;
  isa::dispatch<IsaChoice>([&](auto set) {
    parallel_for<Threads>(ceil_divide(n, block), ceil_divide(worth_a_thread, block), Threads::count(),
                          [&](Index begin, Index end, int) {
                            update<decltype(set)>(begin * block, smaller(n, end * block), x, *by, T(check->scale));
                          });
  });
}

template <class T, class IsaChoice, class Threads>
struct TrainingKernels {
  using Factor = T;
  static constexpr WorkspaceSize sum_workspace() { return {slices * Index{sizeof(double)}, 0}; }

  /// Σ g², in double: 64 slices whose bounds depend on n alone, added in order.
  static double sum_of_squares(Index n, const T* g, Workspace ws);
  static void check_gradient(Index n, const T* g, Index offset, double clip, GradientCheck* check, Workspace ws) {
    note_gradient(*check, sum_of_squares(n, g, ws), n, g, offset, clip);
  }
  template <class Factors>
  static void update(Index n, const UpdateOperands<T, Factors::states>& x, const Factors* by,
                     const GradientCheck* check) {
    UpdatePass<Factors, T, IsaChoice, Threads>::run(n, x, by, check);
  }

 private:
  static constexpr Index slices = 64, worth_a_thread = 131072;

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

}  // namespace mae::cpu
MAE_PRECISE_END
