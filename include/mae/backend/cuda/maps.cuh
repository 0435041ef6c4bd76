// One thread for each number: element-wise forms, GELU, and whatever operations hand to `each` and `rows`.
#pragma once
#include <tuple>

#include <mae/backend/cuda/launch.cuh>
#include <mae/backend/scalar.hpp>

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

/// y[i] = Form(x₀[i], x₁[i], ...).
template <class Form, class A, class Y, class... X>
struct MapForm {
  std::tuple<const X*...> x;
  Y* y;
  __device__ void operator()(Index i) const {
    y[i] = Y(std::apply(
        [i](const X*... leaf) {
          const A in[] = {A(leaf[i])...};
          return Form::value(in);
        },
        x));
  }
};
/// dx[k][i] (+)= the gradient that dy[i] gives leaf k.
template <class Form, class A, class Y, class... X>
struct PullBackForm {
  std::tuple<const X*...> x;
  const Y* dy;
  std::tuple<X*...> dx;
  bool accumulate[sizeof...(X)];
  __device__ void operator()(Index i) const {
    A gradient[sizeof...(X)];
    std::apply(
        [&](const X*... leaf) {
          int k = 0;
          const A in[] = {(Form::reads(k++) ? A(leaf[i]) : A(0))...};
          Form::pull_back(in, A(dy[i]), gradient);
        },
        x);
    std::apply(
        [&](X*... leaf) {
          int k = 0;
          ((leaf ? void(leaf[i] = X(accumulate[k] ? A(leaf[i]) + gradient[k] : gradient[k])) : void(), ++k), ...);
        },
        dx);
  }
};

template <class T>
struct Gelu {
  const T* h;
  T* y;
  __device__ void operator()(Index i) const { y[i] = T(gelu_value(float(h[i]))); }
};
template <class T>
struct GeluGradient {
  const T *dy, *h;
  T* dh;
  __device__ void operator()(Index i) const { dh[i] = T(float(dy[i]) * gelu_slope(float(h[i]))); }
};
/// to[i] = from[i], in another type.
template <class To, class From>
struct Convert {
  To* to;
  const From* from;
  __device__ void operator()(Index i) const { to[i] = To(float(from[i])); }
};
/// to[i] += from[i].
struct AddTo {
  float* to;
  const float* from;
  __device__ void operator()(Index i) const { to[i] += from[i]; }
};

}  // namespace mae::cuda
