// Element-wise forms, activations, and whatever operations hand to `each` and `rows`.
//
// What operations hand over is one number a thread. The library's own forms are bodies with `run<width>(i)`, for the
// numbers from i to i + width: `each_run` has a thread take four where memory lies so, and the last few one by one.
#pragma once
#include <tuple>

#include <mae/backend/activation.hpp>
#include <mae/backend/cuda/launch.cuh>
#include <mae/backend/cuda/vectors.cuh>

namespace mae::cuda {

inline constexpr Index map_threads = 256;

/// The number of the calling thread among all of a one-dimensional grid.
__device__ inline Index thread_number() { return Index{blockIdx.x} * Index{blockDim.x} + Index{threadIdx.x}; }

template <class F>
__global__ void each_kernel(Index n, F f) {
  if (const Index i = thread_number(); i < n) f(i);
}
/// f(i) for i in [0, n).
template <class F>
void each(Index n, const F& f) {
  launch(each_kernel<F>, blocks_of(n, map_threads), map_threads, 0, n, f);
}

template <class F>
__global__ void runs_kernel(Index n, F f) {
  Index i = 4 * thread_number();
  if (i + 4 <= n) return f.template run<4>(i);
  for (; i < n; ++i) f.template run<1>(i);
}
/// f for n numbers, in fours if that may be.
template <class F>
void each_run(Index n, bool fours, const F& f) {
  if (fours) launch(runs_kernel<F>, blocks_of(n, 4 * map_threads), map_threads, 0, n, f);
  else each(n, f);
}
/// What `each` calls of a body with runs.
template <class Body>
struct Runs {
  __device__ void operator()(Index i) const { static_cast<const Body&>(*this).template run<1>(i); }
};

/// A block for some columns of one row: no division to find them.
template <class F>
__global__ void rows_kernel(Index columns, F f) {
  const Index c = Index{blockIdx.y} * Index{blockDim.x} + Index{threadIdx.x};
  if (c < columns) f(Index{blockIdx.x}, c);
}
/// f(r, c) for all r in [0, rows), c in [0, columns).
template <class F>
void rows(Index rows, Index columns, const F& f) {
  const Index threads = columns < map_threads ? (columns + warp_size - 1) / warp_size * warp_size : map_threads;
  launch(rows_kernel<F>, dim3(static_cast<unsigned>(rows), blocks_of(columns, threads)), static_cast<unsigned>(threads),
         0, columns, f);
}

/// numbers[e][k] = from[e], for a run.
template <class A, int width, std::size_t leaves, class X>
__device__ void read_leaf(A (&numbers)[width][leaves], int k, const X* from) {
  const Run<X, width> values = run<width>(from);
  for (int e = 0; e < width; ++e) numbers[e][k] = A(values.at[e]);
}
/// y[i] = Form(x₀[i], x₁[i], ...).
template <class Form, class A, class Y, class... X>
struct MapForm : Runs<MapForm<Form, A, Y, X...>> {
  std::tuple<const X*...> x;
  Y* y;
  MapForm(const std::tuple<const X*...>& from, Y* to) : x(from), y(to) {}
  bool fours() const {
    return std::apply([this](const X*... leaf) { return in_fours(0, leaf..., y); }, x);
  }
  template <int width>
  __device__ void run(Index i) const {
    A in[width][sizeof...(X)];
    std::apply(
        [&](const X*... leaf) {
          int k = 0;
          (read_leaf(in, k++, leaf + i), ...);
        },
        x);
    Run<Y, width> result;
    for (int e = 0; e < width; ++e) result.at[e] = stored<Y>(Form::value(in[e]));
    put(y + i, result);
  }
};
/// dx[k][i] (+)= the gradient that dy[i] gives leaf k.
template <class Form, class A, class Y, class... X>
struct PullBackForm : Runs<PullBackForm<Form, A, Y, X...>> {
  std::tuple<const X*...> x;
  const Y* dy;
  std::tuple<X*...> dx;
  bool accumulate[sizeof...(X)];
  PullBackForm(const std::tuple<const X*...>& from, const Y* slopes, const std::tuple<X*...>& to, const bool* add)
      : x(from), dy(slopes), dx(to) {
    for (std::size_t k = 0; k < sizeof...(X); ++k) accumulate[k] = add[k];
  }
  bool fours() const {
    return std::apply([this](const X*... leaf) { return in_fours(0, leaf..., dy); }, x) &&
           std::apply([](const X*... leaf) { return in_fours(0, leaf...); }, dx);
  }
  template <int width, class To>
  __device__ static void give(To* to, const A (&gradient)[width][sizeof...(X)], int k, bool add) {
    Run<To, width> result = add ? cuda::run<width>(to) : Run<To, width>{};
    for (int e = 0; e < width; ++e) result.at[e] = stored<To>(add ? A(result.at[e]) + gradient[e][k] : gradient[e][k]);
    put(to, result);
  }
  template <int width>
  __device__ void run(Index i) const {
    A in[width][sizeof...(X)] = {}, gradient[width][sizeof...(X)];
    std::apply(
        [&](const X*... leaf) {
          int k = 0;
          ((Form::reads(k) ? read_leaf(in, k, leaf + i) : void(), ++k), ...);
        },
        x);
    const Run<Y, width> slope = cuda::run<width>(dy + i);
    for (int e = 0; e < width; ++e) Form::pull_back(in[e], A(slope.at[e]), gradient[e]);
    std::apply(
        [&](X*... leaf) {
          int k = 0;
          ((leaf ? give(leaf + i, gradient, k, accumulate[k]) : void(), ++k), ...);
        },
        dx);
  }
};

/// y = F(h) for an activation F.
template <class F, class T>
struct Activated : Runs<Activated<F, T>> {
  const T* h;
  T* y;
  Activated(const T* from, T* to) : h(from), y(to) {}
  template <int width>
  __device__ void run(Index i) const {
    const Run<T, width> in = cuda::run<width>(h + i);
    Run<T, width> result;
    for (int e = 0; e < width; ++e) result.at[e] = stored<T>(activation_value<F>(float(in.at[e])));
    put(y + i, result);
  }
};
/// dh = dy F'(h).
template <class F, class T>
struct ActivationGradient : Runs<ActivationGradient<F, T>> {
  const T *dy, *h;
  T* dh;
  ActivationGradient(const T* slopes, const T* from, T* to) : dy(slopes), h(from), dh(to) {}
  template <int width>
  __device__ void run(Index i) const {
    const Run<T, width> in = cuda::run<width>(h + i), slope = cuda::run<width>(dy + i);
    Run<T, width> result;
    for (int e = 0; e < width; ++e) result.at[e] = stored<T>(float(slope.at[e]) * activation_slope<F>(float(in.at[e])));
    put(dh + i, result);
  }
};
/// to[i] = from[i], in another type.
template <class To, class From>
struct Convert : Runs<Convert<To, From>> {
  To* to;
  const From* from;
  Convert(To* result, const From* numbers) : to(result), from(numbers) {}
  template <int width>
  __device__ void run(Index i) const {
    const Run<From, width> in = cuda::run<width>(from + i);
    Run<To, width> result;
    for (int e = 0; e < width; ++e) result.at[e] = stored<To>(float(in.at[e]));
    put(to + i, result);
  }
};
template <class To, class From>
void convert(Index n, To* to, const From* from) {
  each_run(n, in_fours(0, to, from), Convert<To, From>(to, from));
}
/// to[i] += from[i].
struct AddTo {
  float* to;
  const float* from;
  __device__ void operator()(Index i) const { to[i] += from[i]; }
};

}  // namespace mae::cuda
