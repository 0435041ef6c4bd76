// The linear layer and its two gradients: three products of the same kind, shared among threads.
//
//    y  [R, out] = x  [R, in]   w  [out, in]ᵀ     terms: in       bias, residual and activation join to the tile of y
//    dx [R, in]  = dy [R, out]  w  [out, in]      terms: out      while it is still in the first cache
//    dw [out, in] += dy [R, out]ᵀ x [R, in]       terms: R        db falls out of packing dy
//
// The result is cut into a grid of rectangles, one a thread. Each thread packs what it needs for itself: no thread
// waits for another, and the sum behind one number is never divided. Cost: R in out fused multiply-adds each.
#pragma once
#include <mae/backend/cpu/activation.hpp>
#include <mae/backend/cpu/matmul.hpp>
#include <mae/backend/policy.hpp>

MAE_PRECISE_BEGIN
namespace mae::cpu {

/// Into how many rectangles the rows and columns of a result are cut. None is empty.
struct Grid {
  Index rows, columns;
};
/// The grid of at most `threads` rectangles whose largest takes the least time to multiply and to pack, for a result
/// of `high` x `wide` tiles.
template <class Tile>
Grid best_grid(Index high, Index wide, int threads) {
  constexpr Index packing = 8;  // a packed number costs about as much as 8 multiply-adds
  Grid best{1, 1};
  Index least = -1;
  for (Index parts = 1; parts <= threads; ++parts) {
    const Grid grid{smaller(parts, high), smaller(threads / parts, wide)};
    const Index m = ceil_divide(high, grid.rows) * Tile::MR, n = ceil_divide(wide, grid.columns) * Tile::NR;
    const Index cost = m * n + packing * (m + n);
    if (least < 0 || cost < least) best = grid, least = cost;
  }
  return best;
}

/// C = A Bᵀ on the threads of `ws`; see `Product::run` and `Output`.
template <class T, class Isa, class Threads, class EA, class EB, class C, class Sum>
[[gnu::noinline]] void multiply(Index M, Index N, Index K, const Operand<EA>& a, const Operand<EB>& b,
                                const Output<C, Sum>& c, Sum* row_sums, const Workspace& ws) {
  constexpr Index worth_a_thread = Index{1} << 22;  // multiply-adds: about forty microseconds
  using Micro = Tile<T, Isa>;
  const Index high = ceil_divide(M, Micro::MR), wide = ceil_divide(N, Micro::NR);
  if (M == 0 || N == 0) return;
  const Grid grid = best_grid<Micro>(high, wide, useful_threads<Threads>(M * N * K, worth_a_thread, ws.threads));
  Threads::run(static_cast<int>(grid.rows * grid.columns), [&](int thread) {
    const Index row = thread % grid.rows, column = thread / grid.rows;
    const Index m = high * row / grid.rows * Micro::MR, n = wide * column / grid.columns * Micro::NR;
    const Index m_end = smaller(M, high * (row + 1) / grid.rows * Micro::MR);
    const Index n_end = smaller(N, wide * (column + 1) / grid.columns * Micro::NR);
    Product<T, Isa>::run(m_end - m, n_end - n, K, part(a, m, 0), part(b, n, 0), part(c, m, n),
                         row_sums && column == 0 ? row_sums + m : nullptr, ws.template mine<char>(thread));
  });
}

/// The same by the instruction set that `IsaChoice` finds.
template <class T, class IsaChoice, class Threads, class EA, class EB, class C>
struct ChosenProduct {
  using Sum = typename Packed<T>::Sum;
  static void run(Index M, Index N, Index K, const Operand<EA>& a, const Operand<EB>& b, const Output<C, Sum>& c,
                  Sum* row_sums, const Workspace& ws);
};
template <class T, class IsaChoice, class Threads, class EA, class EB, class C>
void ChosenProduct<T, IsaChoice, Threads, EA, EB, C>::run(Index M, Index N, Index K, const Operand<EA>& a,
                                                          const Operand<EB>& b, const Output<C, Sum>& c, Sum* row_sums,
                                                          const Workspace& ws) {
  isa::dispatch_products<IsaChoice, T>(
      [&](auto set) { multiply<T, decltype(set), Threads>(M, N, K, a, b, c, row_sums, ws); });
}

/// The products of the kernel contract (`backend/kernels.hpp`), of numbers multiplied as `T`. Activations and their
/// gradients (X, Y) are `T` or `W`, weights are `W`. Not inlined: a model calls each from dozens of layers.
template <class T, class IsaChoice, class Threads>
struct LinearKernels {
  using W = typename Packed<T>::Sum;
  static constexpr Index any = Index{1} << 40;  // rows of activations: as many as there are
  static constexpr WorkspaceSize linear_workspace(Index in, Index out) {
    return {0, align_up(product_scratch<T>(any, larger(in, out), any))};
  }

  template <class X, class Y>
  [[gnu::noinline]] static void linear(Index R, Index in, Index out, const X* x, const W* w, const W* b, Y* y,
                                       Workspace ws) {
    product<X, W, Y>(R, out, in, {x, in, 1}, {w, in, 1}, {y, out, b}, nullptr, ws);
  }
  template <class Activation, class X, class Y>
  [[gnu::noinline]] static void linear_activated(Index R, Index in, Index out, const X* x, const W* w, const W* b, Y* h,
                                                 Y* y, Workspace ws) {
    const Activated<Y> activated{y, &ActivationPass<Activation, W, IsaChoice, Threads, Y>::tile};
    product<X, W, Y>(R, out, in, {x, in, 1}, {w, in, 1}, {h, out, b, nullptr, activated}, nullptr, ws);
  }
  template <class X, class Y>
  [[gnu::noinline]] static void linear_add(Index R, Index in, Index out, const X* x, const W* w, const W* b,
                                           const Y* residual, Y* y, Workspace ws) {
    product<X, W, Y>(R, out, in, {x, in, 1}, {w, in, 1}, {y, out, b, residual}, nullptr, ws);
  }
  template <class X, class Y>
  [[gnu::noinline]] static void linear_input_gradient(Index R, Index in, Index out, const Y* dy, const W* w, X* dx,
                                                      bool accumulate, Workspace ws) {
    product<Y, W, X>(R, in, out, {dy, out, 1}, {w, 1, in}, {dx, in, nullptr, accumulate ? dx : nullptr}, nullptr, ws);
  }
  template <class X, class Y>
  [[gnu::noinline]] static void linear_weight_gradient(Index R, Index in, Index out, const Y* dy, const X* x, W* dw,
                                                       W* db, Workspace ws) {
    product<Y, X, W>(out, in, R, {dy, 1, out}, {x, 1, in}, {dw, in, nullptr, dw}, db, ws);
  }

 private:
  template <class EA, class EB, class C>
  static void product(Index M, Index N, Index K, const Operand<EA>& a, const Operand<EB>& b, const Output<C, W>& c,
                      W* row_sums, const Workspace& ws) {
    ChosenProduct<T, IsaChoice, Threads, EA, EB, C>::run(M, N, K, a, b, c, row_sums, ws);
  }
};

}  // namespace mae::cpu
MAE_PRECISE_END
