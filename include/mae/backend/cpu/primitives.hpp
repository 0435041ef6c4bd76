// Products of activations and the softmax on the CPU: the contract of `backend/primitives.hpp`.
//
// A product is cut into tasks, each some rows of one of the matrices, and a task is the product of `matmul.hpp` on one
// thread: small matrices are shared among threads whole, large ones in pieces of at least `piece` rows. A number of a
// product has the same bits wherever it is cut. The softmax takes a row at a time, by vectors: the largest number, the
// exponentials and their sum, the quotients. Cost: M N K multiply-adds a matrix; one exponential a number, or two where
// results are stored more narrowly than they are computed.
#pragma once
#include <mae/backend/cpu/linear.hpp>
#include <mae/backend/primitives.hpp>

MAE_PRECISE_BEGIN
namespace mae::cpu {

/// Rows of a softmax that are stored as T and computed in A.
template <class T, class A, class Isa>
class SoftmaxRows {
  using S = Simd<A, Isa>;
  using Vector = typename S::Vector;
  static constexpr Index lanes = S::lanes;
  static constexpr A lowest = -A(__builtin_inf());  // has an exponential of 0, as what lies beyond a row must have

 public:
  template <class X>
  [[gnu::noinline]] static void forward(Index rows, Index D, const X* x, T* y) {
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index r = 0; r < rows; ++r, x += D, y += D) {
        Vector most, v, e, total = {};
        S::load(most, x, D, lowest);
        for (Index c = lanes; c < D; c += lanes) {
          S::load(v, x + c, D - c, lowest);
          S::raise(most, v);
        }
        const A largest = S::largest(most);
        for (Index c = 0; c < D; c += lanes) {
          S::load(v, x + c, D - c, lowest);
          Math<A, Isa>::exp(e, v - largest);
          total += e;
          if constexpr (std::is_same_v<T, A>) S::store(y + c, e, D - c);
        }
        const A inverse = A(1) / S::sum(total);
        for (Index c = 0; c < D; c += lanes) {
          if constexpr (std::is_same_v<T, A>) {
            S::load(e, y + c, D - c);
          } else {
            S::load(v, x + c, D - c, lowest);
            Math<A, Isa>::exp(e, v - largest);
          }
          S::store(y + c, e * inverse, D - c);
        }
      }
    });
  }
  template <class X>
  [[gnu::noinline]] static void backward(Index rows, Index D, const T* y, const T* dy, X* dx, bool accumulate) {
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index r = 0; r < rows; ++r, y += D, dy += D, dx += D) {
        Vector weight, slope, before = {}, dots = {};
        for (Index c = 0; c < D; c += lanes) {
          S::load(weight, y + c, D - c), S::load(slope, dy + c, D - c);
          dots += weight * slope;
        }
        const A dot = S::sum(dots);
        for (Index c = 0; c < D; c += lanes) {
          S::load(weight, y + c, D - c), S::load(slope, dy + c, D - c);
          if (accumulate) S::load(before, dx + c, D - c);
          S::store(dx + c, before + weight * (slope - dot), D - c);
        }
      }
    });
  }
};

/// The kernels of the contract, of numbers stored as T.
template <class T, class IsaChoice, class Threads>
struct Primitives {
  using A = typename Packed<T>::Sum;
  static constexpr Index piece = 336;  ///< rows: a multiple of every tile's height
  static constexpr WorkspaceSize matmul_workspace(Index M, Index N, Index K) {
    const Index most = larger(larger(M, N), K);
    return {0, align_up(product_scratch<T>(most, most, most))};
  }

  static void matmul(const MatmulShape& s, const T* a, const T* b, T* c, bool accumulate, Workspace ws) {
    const Operand<T> rows_of_a{a, s.a_transposed ? 1 : s.K, s.a_transposed ? s.M : 1};
    const Operand<T> columns_of_b{b, s.b_transposed ? s.K : 1, s.b_transposed ? 1 : s.N};
    const Index cuts = larger(1, smaller(ceil_divide(s.M, piece), ws.threads / larger(1, s.count)));
    const Index least = ceil_divide(Index{1} << 18, ceil_divide(s.M, cuts) * s.N * s.K);
    parallel_for<Threads>(s.count * cuts, least, ws.threads, [&](Index begin, Index end, int thread) {
      const Workspace mine{ws.mine<char>(thread), {0, ws.size.per_thread}, 1};
      for (Index task = begin; task < end; ++task) {
        const Index g = task / cuts, m = s.M * (task % cuts) / cuts, m_end = s.M * (task % cuts + 1) / cuts;
        T* const to = c + (g * s.M + m) * s.N;
        ChosenProduct<T, IsaChoice, Threads, T, T, T>::run(
            m_end - m, s.N, s.K, part(rows_of_a, m, 0, g * s.M * s.K), part(columns_of_b, 0, 0, g * s.K * s.N),
            {to, s.N, nullptr, accumulate ? to : nullptr}, nullptr, mine);
      }
    });
  }
  template <class X>
  static void softmax(Index R, Index D, const X* x, T* y) {
    each_rows(R, D, [&](auto rows, Index begin, Index end) {
      decltype(rows)::forward(end - begin, D, x + begin * D, y + begin * D);
    });
  }
  template <class X>
  static void softmax_gradient(Index R, Index D, const T* y, const T* dy, X* dx, bool accumulate) {
    each_rows(R, D, [&](auto rows, Index begin, Index end) {
      decltype(rows)::backward(end - begin, D, y + begin * D, dy + begin * D, dx + begin * D, accumulate);
    });
  }

 private:
  static Operand<T> part(const Operand<T>& all, Index i, Index k, Index moved) {
    const Operand<T> of = cpu::part(all, i, k);
    return {of.data + moved, of.outer, of.depth};
  }
  template <class Work>
  static void each_rows(Index R, Index D, const Work& work) {
    constexpr Index worth_a_thread = 16384;  // exponentials
    isa::dispatch<IsaChoice>([&](auto set) {
      parallel_for<Threads>(R, ceil_divide(worth_a_thread, D), Threads::count(),
                            [&](Index begin, Index end, int) { work(SoftmaxRows<T, A, decltype(set)>{}, begin, end); });
    });
  }
};

}  // namespace mae::cpu

namespace mae {

template <class Element, class Isa, class ThreadsType>
requires std::is_floating_point_v<typename Elements<Element>::Accumulator>
struct PrimitiveKernels<Cpu<Element, Isa, ThreadsType>>
    : cpu::Primitives<typename Elements<Element>::Activation, Isa, ThreadsType> {
  using T = typename Elements<Element>::Activation;
  using A = typename Elements<Element>::Accumulator;
  static constexpr bool available = true;
};

}  // namespace mae
MAE_PRECISE_END
