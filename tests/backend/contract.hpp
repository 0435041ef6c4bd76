// The kernel contract as tests: every function of a policy's kernels against `Kernels<Reference<T>>`, at sizes that
// leave ragged tiles, vectors and blocks; and the promise that the number of threads never shows in a bit.
//
// A new backend is one more policy in a list of `contract_*_test.cpp`. Each operation is a function that runs any
// kernels and returns all they wrote (contract_check.hpp compares it); the cases are below.
#pragma once
#include <cmath>
#include <tuple>
#include <utility>

#include <mae/backend/adamw.hpp>
#include <mae/ops/relu.hpp>
#include <mae/ops/silu.hpp>

#include "backend/contract_check.hpp"

namespace mae::contract {

// ---- the operations ------------------------------------------------------------------------------------------------

template <class K>
Results forward_products(K, int threads, Index R, Index in, Index out) {
  using T = typename K::T;
  using W = typename K::W;
  using A = typename K::A;
  const auto x = numbers<T, T>(R * in, 1);
  const auto w = numbers<W, T>(out * in, 2), b = numbers<W, T>(out, 3);
  const auto residual = numbers<A, T>(R * out, 4), wide_x = numbers<A, T>(R * in, 1);
  Numbers<T> y(residual.size()), h(y), activated(y), from_wide(y), hidden(y), other(y);
  Numbers<A> sum(y.size()), in_place(residual), wide(sum);
  const Memory ws(K::linear_workspace(in, out), threads);
  K::linear(R, in, out, x.data(), w.data(), b.data(), y.data(), ws);
  K::template linear_activated<Gelu>(R, in, out, x.data(), w.data(), b.data(), h.data(), activated.data(), ws);
  K::template linear_activated<Silu>(R, in, out, x.data(), w.data(), b.data(), hidden.data(), other.data(), ws);
  K::linear_add(R, in, out, x.data(), w.data(), b.data(), residual.data(), sum.data(), ws);
  K::linear_add(R, in, out, x.data(), w.data(), b.data(), in_place.data(), in_place.data(), ws);
  K::linear(R, in, out, wide_x.data(), w.data(), b.data(), from_wide.data(), ws);
  K::linear(R, in, out, x.data(), w.data(), b.data(), wide.data(), ws);
  return {y, h, activated, hidden, other, sum, in_place, from_wide, wide};
}

/// Backward may recompute an activation from the kept h: it must find the bits that forward had.
template <class Policy>
void check_recomputed_activations() {
  using T = typename Policy::Activation;
  const auto results = forward_products(Kernels<Policy>{}, 1, 50, 75, 131);
  auto check = [&]<class Activation>(Activation, const Result& hidden, const Result& activated) {
    Numbers<T> h, again(hidden.values.size());
    for (const double value : hidden.values) h.push_back(T(static_cast<typename Policy::Accumulator>(value)));
    Kernels<Policy>::template activation<Activation>(static_cast<Index>(again.size()), h.data(), again.data());
    CHECK(same_bits({again}, {activated}));
  };
  check(Gelu{}, results[1], results[2]);
  check(Silu{}, results[3], results[4]);
}

template <class K>
Results backward_products(K, int threads, Index R, Index in, Index out) {
  using T = typename K::T;
  using W = typename K::W;
  using A = typename K::A;
  const auto x = numbers<T, T>(R * in, 1), dy = numbers<T, T>(R * out, 3);
  const auto w = numbers<W, T>(out * in, 2);
  const auto wide_x = numbers<A, T>(R * in, 1), wide_dy = numbers<A, T>(R * out, 3);
  auto dx = numbers<T, T>(R * in, 4), dx_sum = dx, from_wide = dx;
  auto dw = numbers<W, T>(out * in, 5), dw_alone = dw, dw_wide = dw, db = numbers<W, T>(out, 6), db_wide = db;
  auto wide_dx = numbers<A, T>(R * in, 4);
  const Memory ws(K::linear_workspace(in, out), threads);
  K::linear_input_gradient(R, in, out, dy.data(), w.data(), dx.data(), false, ws);
  K::linear_input_gradient(R, in, out, dy.data(), w.data(), dx_sum.data(), true, ws);
  K::linear_weight_gradient(R, in, out, dy.data(), x.data(), dw.data(), db.data(), ws);
  K::linear_weight_gradient(R, in, out, dy.data(), x.data(), dw_alone.data(), nullptr, ws);
  K::linear_input_gradient(R, in, out, wide_dy.data(), w.data(), from_wide.data(), false, ws);
  K::linear_input_gradient(R, in, out, dy.data(), w.data(), wide_dx.data(), true, ws);
  K::linear_weight_gradient(R, in, out, wide_dy.data(), x.data(), dw_wide.data(), db_wide.data(), ws);
  K::linear_weight_gradient(R, in, out, dy.data(), wide_x.data(), dw_wide.data(), db_wide.data(), ws);
  return {dx, dx_sum, dw, dw_alone, db, from_wide, wide_dx, dw_wide, db_wide};
}

/// Of rows stored as X: activations or the residual stream.
template <class X, class K>
Results normalisation(K, int threads, Index R, Index D) {
  using T = typename K::T;
  using W = typename K::W;
  const auto x = numbers<X, T>(R * D, 1);
  const auto w = numbers<W, T>(D, 2), b = numbers<W, T>(D, 3);
  const auto dy = numbers<T, T>(R * D, 4);
  Numbers<T> y(x.size());
  Numbers<typename K::A> stats(static_cast<std::size_t>(2 * R));
  auto dx = numbers<X, T>(R * D, 5), dx_sum = dx;
  auto dw = w, db = b, dw_alone = w, db_alone = b;
  X* const unwanted = nullptr;
  const Memory ws(K::layer_norm_workspace(D), threads);
  // A single number is its own mean: its gradient is the rounding of a difference, times 1 / sqrt(epsilon).
  const double epsilon = D > 1 ? 1e-6 : 1e-4;
  K::layer_norm(R, D, x.data(), w.data(), b.data(), epsilon, y.data(), stats.data());
  K::layer_norm_gradient(R, D, x.data(), w.data(), stats.data(), dy.data(), dx.data(), false, dw.data(), db.data(), ws);
  K::layer_norm_gradient(R, D, x.data(), w.data(), stats.data(), dy.data(), dx_sum.data(), true, nullptr, nullptr, ws);
  K::layer_norm_gradient(R, D, x.data(), w.data(), stats.data(), dy.data(), unwanted, false, dw_alone.data(),
                         db_alone.data(), ws);
  return {y, stats, dx, dx_sum, dw, db, dw_alone, db_alone};
}

/// As many queries as keys, packed with them and the values.
template <class K>
Results attention(K, int threads, Index B, Index N, Index H, Index d) {
  using T = typename K::T;
  const Index D = H * d;
  const auto qkv = numbers<T, T>(B * N * 3 * D, 1, 2);  // scores that differ
  const auto dy = numbers<T, T>(B * N * D, 2);
  Numbers<T> y(dy.size());
  Numbers<typename K::A> lse(static_cast<std::size_t>(B * H * N));
  auto dqkv = numbers<T, T>(B * N * 3 * D, 3), dqkv_sum = dqkv;
  const Memory ws(K::attention_workspace(N, H, d), threads);
  const AttentionShape shape{B, N, N, H, d, 3 * D, 3 * D};
  const T *q = qkv.data(), *k = q + D, *v = k + D;
  auto thirds = [&](Numbers<T>& x, bool accumulate) -> AttentionGradient<T> {
    return {x.data(), x.data() + D, x.data() + 2 * D, accumulate, accumulate};
  };
  K::attention(shape, q, k, v, y.data(), lse.data(), ws);
  K::attention_gradient(shape, q, k, v, y.data(), lse.data(), dy.data(), thirds(dqkv, false), ws);
  K::attention_gradient(shape, q, k, v, y.data(), lse.data(), dy.data(), thirds(dqkv_sum, true), ws);
  return {y, lse, dqkv, dqkv_sum};
}

/// M queries by themselves, N keys with their values; each gradient with the other, alone, and added to what was there.
template <class K>
Results attention_of_some(K, int threads, Index B, Index M, Index N, Index H, Index d) {
  using T = typename K::T;
  const Index D = H * d;
  const auto q = numbers<T, T>(B * M * D, 1, 4), kv = numbers<T, T>(B * N * 2 * D, 2);
  const auto dy = numbers<T, T>(B * M * D, 3);
  Numbers<T> y(dy.size());
  Numbers<typename K::A> lse(static_cast<std::size_t>(B * H * M));
  auto dq = numbers<T, T>(B * M * D, 4), dq_sum = dq, dq_alone = dq;
  auto dkv = numbers<T, T>(B * N * 2 * D, 5), dkv_sum = dkv, dkv_alone = dkv;
  const Memory ws(K::attention_workspace(N, H, d), threads);
  const AttentionShape shape{B, M, N, H, d, D, 2 * D};
  const T *k = kv.data(), *v = k + D;
  auto gradient = [&](T* to_q, T* to_k, bool add_q, bool add_kv) {
    K::attention_gradient(shape, q.data(), k, v, y.data(), lse.data(), dy.data(),
                          {to_q, to_k, to_k ? to_k + D : nullptr, add_q, add_kv}, ws);
  };
  K::attention(shape, q.data(), k, v, y.data(), lse.data(), ws);
  gradient(dq.data(), dkv.data(), false, false);
  gradient(dq_sum.data(), dkv_sum.data(), true, true);
  gradient(dq_alone.data(), nullptr, false, true);
  gradient(nullptr, dkv_alone.data(), true, false);
  return {y, lse, dq, dkv, dq_sum, dkv_sum, dq_alone, dkv_alone};
}

/// x0 x1 + x2, whose third leaf need not be read again.
struct MultiplyAdd {
  static constexpr int leaves = 3;
  MAE_HOST_DEVICE static constexpr bool reads(int leaf) { return leaf < 2; }
  template <class A>
  MAE_HOST_DEVICE static A value(const A* x) {
    return x[0] * x[1] + x[2];
  }
  template <class A>
  MAE_HOST_DEVICE static void pull_back(const A* x, A g, A* dx) {
    dx[0] = g * x[1], dx[1] = g * x[0], dx[2] = g;
  }
};

template <class K>
Results maps(K, int /*threads*/, Index n) {
  using T = typename K::T;
  using A = typename K::A;
  const auto x = numbers<T, T>(n, 1);
  const auto z = numbers<A, T>(n, 2);
  const auto dy = numbers<T, T>(n, 3);
  Numbers<T> y(x.size()), squares(y), table(y), activated(y), shifted(y), last(y), gated(y), cut(y);
  Numbers<A> wide(x.size());
  auto in_place = z, dx = z;
  auto shared = x, slopes = dy, gate_slopes = dy, cut_slopes = dy;
  const auto h = numbers<T, T>(n, 1, 6);
  K::template map<MultiplyAdd>(n, std::tuple(x.data(), z.data(), dy.data()), y.data());
  K::template map<MultiplyAdd>(n, std::tuple(x.data(), z.data(), dy.data()), wide.data());
  K::template map<MultiplyAdd>(n, std::tuple(x.data(), std::as_const(in_place).data(), std::as_const(in_place).data()),
                               in_place.data());
  // dx[0] is not wanted; dx[1] += g x0; dx[2] = g.
  const T* const unread = nullptr;
  T* const unwanted = nullptr;
  const bool accumulate[] = {false, true, false};
  K::template map_gradient<MultiplyAdd>(n, std::tuple(x.data(), z.data(), unread), dy.data(),
                                        std::tuple(unwanted, dx.data(), last.data()), accumulate);
  // One array behind all three leaves gets the sum of their gradients.
  const bool then_add[] = {false, true, true};
  K::template map_gradient<MultiplyAdd>(n, std::tuple(x.data(), dy.data(), unread), dy.data(),
                                        std::tuple(shared.data(), shared.data(), shared.data()), then_add);
  K::template activation<Gelu>(n, h.data(), activated.data());
  K::template activation_gradient<Gelu>(n, slopes.data(), h.data(), slopes.data());
  K::template activation<Silu>(n, h.data(), gated.data());
  K::template activation_gradient<Silu>(n, dy.data(), h.data(), gate_slopes.data());
  K::template activation<Relu>(n, h.data(), cut.data());
  K::template activation_gradient<Relu>(n, dy.data(), h.data(), cut_slopes.data());
  // From the second number on nothing is aligned.
  if (n > 1) K::template activation<Gelu>(n - 1, h.data() + 1, shifted.data() + 1);
  T *const halves = squares.data(), *const sevens = table.data();
  K::each(n, [=] MAE_HOST_DEVICE (Index i) { halves[i] = T(A(i) * A(0.5)); });
  if (n % 5 == 0)
    K::rows(n / 5, 5, [=] MAE_HOST_DEVICE (Index r, Index c) { sevens[5 * r + c] = T(A(7 * r + c)); });
  return {y,       wide,    in_place, dx,    last, shared,      activated, slopes,
          shifted, squares, table,    gated, cut,  gate_slopes, cut_slopes};
}

/// Of a matrix [R, D]: sums of columns and of rows, in the accumulator's type and in double.
template <class K>
Results sums(K, int /*threads*/, Index R, Index D) {
  using T = typename K::T;
  using A = typename K::A;
  const auto x = numbers<T, T>(R * D, 1);
  auto columns = numbers<A, T>(D, 2), rows = numbers<A, T>(R, 3);
  Numbers<double> squares(static_cast<std::size_t>(D)), lengths(static_cast<std::size_t>(R));
  const T* const from = x.data();
  A *const of_columns = columns.data(), *const of_rows = rows.data();
  double *const of_squares = squares.data(), *const of_lengths = lengths.data();
  const auto value = [=] MAE_HOST_DEVICE (Index r, Index c) { return A(from[r * D + c]); };
  const auto square = [=] MAE_HOST_DEVICE (Index r, Index c) {
    return double(from[r * D + c]) * double(from[r * D + c]);
  };
  K::column_sums(R, D, value, [=] MAE_HOST_DEVICE (Index c, A sum) { of_columns[c] += sum; });
  K::row_sums(R, D, value, [=] MAE_HOST_DEVICE (Index r, A sum) { of_rows[r] += sum; });
  K::column_sums(R, D, square, [=] MAE_HOST_DEVICE (Index c, double sum) { of_squares[c] = sum; });
  K::row_sums(R, D, square, [=] MAE_HOST_DEVICE (Index r, double sum) { of_lengths[r] = sum; });
  return {columns, rows, squares, lengths};
}

/// AdamW, where nothing is wrong with the gradient.
template <class K, class W>
void adamw(Index n, Numbers<W>& w, Numbers<W>& g, Numbers<W>& m, Numbers<W>& v, const AdamwStep& step, double scale) {
  const Numbers<AdamwFactors<typename K::Factor>> factors{rounded<typename K::Factor>(step.factors())};
  const Numbers<GradientCheck> check{{scale, 0}};
  K::update(n, UpdateOperands<W, 2>{w.data(), g.data(), {m.data(), v.data()}}, factors.data(), check.data());
}

template <class K>
Results training(K, int threads, Index n) {
  using W = typename K::W;
  auto w = numbers<W, W>(n, 1), g = numbers<W, W>(n, 2), m = numbers<W, W>(n, 3), v = numbers<W, W>(n, 4);
  for (W& value : v) value = value * value;
  for (W& value : m) value *= W(0.1);
  g[0] = v[0] = 0;  // a gradient that never came
  const Memory ws(K::sum_workspace(), threads);
  const Numbers<double> sum{K::sum_of_squares(n, g.data(), ws)};
  AdamwStep step;
  step.rate = 1e-3, step.weight_decay = 0.05, step.correction1 = 0.19, step.correction2 = 0.0975;
  adamw<K>(n, w, g, m, v, step, 0.7);
  return {sum, w, g, m, v};
}

/// AdamW as the paper writes it, in double: w, g, m and v after a step. Kernels write it in another way.
inline Results by_the_paper(const AdamwStep& step, double scale, const Results& before) {
  Results after = before;
  for (std::size_t i = 0; i < before[0].values.size(); ++i) {
    const double gradient = before[1].values[i] * scale;
    double &w = after[0].values[i], &g = after[1].values[i], &m = after[2].values[i], &v = after[3].values[i];
    m = step.beta1 * m + (1 - step.beta1) * gradient;
    v = step.beta2 * v + (1 - step.beta2) * gradient * gradient;
    w = w * (1 - step.rate * step.weight_decay) -
        step.rate * (m / step.correction1) / (std::sqrt(v / step.correction2) + step.epsilon);
    g = 0;
  }
  return after;
}

// ---- the cases -----------------------------------------------------------------------------------------------------

/// Rows, in and out: single numbers, ragged everywhere, more than one block of each loop, an odd channel count.
template <class Policy>
void check_products() {
  struct Case {
    Index R, in, out;
  };
  for (const Case& c :
       {Case{1, 1, 1}, Case{3, 5, 17}, Case{17, 10, 75}, Case{50, 75, 10}, Case{65, 64, 192}, Case{14, 32, 64},
        Case{197, 147, 131}, Case{5, 1600, 33}, Case{401, 40, 1555}, Case{850, 33, 345}, Case{767, 336, 336},
        Case{22, 64, 96}}) {
    CAPTURE(c.R);
    CAPTURE(c.in);
    CAPTURE(c.out);
    check<Policy>([&](auto kernels, int threads) { return forward_products(kernels, threads, c.R, c.in, c.out); });
    check<Policy>([&](auto kernels, int threads) { return backward_products(kernels, threads, c.R, c.in, c.out); });
  }
}

template <class Policy>
void check_rows() {
  for (const Index rows : {1, 5, 197, 700})
    for (const Index width : {1, 3, 17, 64, 75, 588}) {
      CAPTURE(rows);
      CAPTURE(width);
      using T = typename Policy::Activation;
      using A = typename Policy::Accumulator;
      check<Policy>([&](auto kernels, int threads) { return normalisation<A>(kernels, threads, rows, width); });
      if constexpr (!std::is_same_v<T, A>)
        check<Policy>([&](auto kernels, int threads) { return normalisation<T>(kernels, threads, rows, width); });
    }
}

template <class Policy>
void check_attention() {
  struct Case {
    Index B, N, H, d;
  };
  for (const Case& c : {Case{1, 1, 1, 1}, Case{2, 5, 3, 10}, Case{3, 17, 2, 16}, Case{2, 50, 3, 64}, Case{1, 65, 2, 80},
                        Case{1, 197, 2, 32}, Case{1, 257, 1, 33}, Case{1, 400, 1, 3}, Case{1, 168, 1, 168}}) {
    CAPTURE(c.B);
    CAPTURE(c.N);
    CAPTURE(c.H);
    CAPTURE(c.d);
    check<Policy>([&](auto kernels, int threads) { return attention(kernels, threads, c.B, c.N, c.H, c.d); });
    for (const Index M : {Index{1}, (3 * c.N + 3) / 4, c.N + 5}) {
      CAPTURE(M);
      check<Policy>(
          [&](auto kernels, int threads) { return attention_of_some(kernels, threads, c.B, M, c.N, c.H, c.d); });
    }
  }
}

/// Weights decay by what was asked, however little that is, and moments stay where a steady gradient has brought them.
template <class K>
void check_adamw() {
  using W = typename K::W;
  constexpr Index n = 150001;
  constexpr bool narrow = sizeof(W) == 4;
  for (const double rate : {1e-3, 1e-5, 1e-6, 1e-7}) {
    CAPTURE(rate);
    // Updates of several units in a weight's last place: its roundings go up as often as down.
    auto w = numbers<W, W>(n, 1), g = numbers<W, W>(n, 2), m = numbers<W, W>(n, 3), v = numbers<W, W>(n, 4);
    for (W& value : v) value = value * value + W(0.01);
    const Results before{w, g, m, v};
    AdamwStep step;
    step.rate = rate, step.weight_decay = 0.05, step.correction1 = 0.19, step.correction2 = 0.0975;
    adamw<K>(n, w, g, m, v, step, 0.7);
    const Results found{w, g, m, v}, expected = by_the_paper(step, 0.7, before);
    for (std::size_t k = 0; k < 4; ++k) CHECK(distance(found[k].values, expected[k].values) <= expected[k].tolerance);
    // What is wrong of a weight's change in proportion to the weight is wrong decay.
    double wrong = 0, squares = 0;
    for (std::size_t i = 0; i < found[0].values.size(); ++i) {
      const double weight = before[0].values[i];
      wrong += weight * (expected[0].values[i] - found[0].values[i]);
      squares += weight * weight;
    }
    CHECK(std::fabs(wrong / squares) <= (narrow ? 5e-10 : 2e-16));
  }
  auto w = numbers<W, W>(n, 1), g = numbers<W, W>(n, 2), m = g, v = g;
  for (W& value : v) value *= value;
  const Results steady{m, v};
  AdamwStep step;
  step.rate = 1e-3, step.beta2 = 0.999;
  adamw<K>(n, w, g, m, v, step, 1);
  CHECK(same_bits({m, v}, steady));
}

template <class Policy>
void check_maps() {
  for (const Index n : {1, 5, 64, 75, 1000, 70001}) {
    CAPTURE(n);
    check<Policy>([&](auto kernels, int threads) { return maps(kernels, threads, n); });
    check<Policy>([&](auto kernels, int threads) { return training(kernels, threads, n); });
  }
  struct Case {
    Index R, D;
  };
  for (const Case& c : {Case{1, 1}, Case{3, 5}, Case{65, 75}, Case{700, 33}, Case{2, 3000}}) {
    CAPTURE(c.R);
    CAPTURE(c.D);
    check<Policy>([&](auto kernels, int threads) { return sums(kernels, threads, c.R, c.D); });
  }
  // More than the threads of a GPU's sum.
  check<Policy>([&](auto kernels, int threads) { return training(kernels, threads, 150001); });
  check_adamw<Kernels<Policy>>();
}

/// All of it.
template <class Policy>
void check_all() {
  SUBCASE("products") {
    check_products<Policy>();
    check_recomputed_activations<Policy>();
  }
  SUBCASE("rows") { check_rows<Policy>(); }
  SUBCASE("attention") { check_attention<Policy>(); }
  SUBCASE("maps and training") { check_maps<Policy>(); }
}

}  // namespace mae::contract
