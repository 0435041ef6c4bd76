// The kernels of `Cuda`: the contract of backend/kernels.hpp on an NVIDIA GPU.
//
// Each call puts work into the one stream for kernels (runtime.cuh) and returns; pointers are the device's. What is
// summed up in more than one thread is summed up in a fixed order, so a step gives the same bits every time.
#pragma once
#include <mae/backend/cuda/attention.cuh>
#include <mae/backend/cuda/device.cuh>
#include <mae/backend/cuda/layer_norm.cuh>
#include <mae/backend/cuda/pointwise.cuh>
#include <mae/backend/cuda/products.cuh>
#include <mae/backend/cuda/training.cuh>
#include <mae/backend/cuda/update.cuh>

namespace mae {

template <class Element>
struct Kernels<Cuda<Element>> {
  using T = typename Cuda<Element>::Activation;
  using W = typename Cuda<Element>::Parameter;
  using A = typename Cuda<Element>::Accumulator;
  static_assert(std::is_same_v<A, float>, "mae: Cuda computes in float: Cuda<float>, Cuda<tf32> or Cuda<bf16>");
  static constexpr bool available = true;

  static constexpr WorkspaceSize linear_workspace(Index in, Index out) { return {Products::bytes(in, out), 0}; }
  static constexpr WorkspaceSize layer_norm_workspace(Index D) { return {cuda::layer_norm_bytes(D), 0}; }
  static constexpr WorkspaceSize attention_workspace(Index, Index, Index) { return {}; }
  static constexpr WorkspaceSize sum_workspace() { return {cuda::sum_blocks * Index{sizeof(double)}, 0}; }

  template <class X, class Y>
  static void linear(Index R, Index in, Index out, const X* x, const W* w, const W* b, Y* y, Workspace ws) {
    Products::forward(R, in, out, x, w, b, static_cast<const Y*>(nullptr), y, ws.base);
  }
  template <class Activation, class X>
  static void linear_activated(Index R, Index in, Index out, const X* x, const W* w, const W* b, T* h, T* y,
                               Workspace ws) {
    linear(R, in, out, x, w, b, h, ws);
    activation<Activation>(R * out, h, y);
  }
  template <class X, class Residual, class Y>
  static void linear_add(Index R, Index in, Index out, const X* x, const W* w, const W* b, const Residual* residual,
                         Y* y, Workspace ws) {
    Products::forward(R, in, out, x, w, b, residual, y, ws.base);
  }
  template <class Y, class X>
  static void linear_input_gradient(Index R, Index in, Index out, const Y* dy, const W* w, X* dx, bool accumulate,
                                    Workspace ws) {
    Products::input_gradient(R, in, out, dy, w, dx, accumulate, ws.base);
  }
  template <class Y, class X>
  static void linear_weight_gradient(Index R, Index in, Index out, const Y* dy, const X* x, W* dw, W* db,
                                     Workspace ws) {
    Products::weight_gradient(R, in, out, dy, x, dw, db, ws.base);
  }
  template <class Activation>
  static void activation(Index n, const T* h, T* y) {
    cuda::each_run(n, cuda::in_fours(0, h, y), cuda::Activated<Activation, T>(h, y));
  }
  template <class Activation>
  static void activation_gradient(Index n, const T* dy, const T* h, T* dh) {
    cuda::each_run(n, cuda::in_fours(0, dy, h, dh), cuda::ActivationGradient<Activation, T>(dy, h, dh));
  }

  template <class X>
  static void layer_norm(Index R, Index D, const X* x, const W* w, const W* b, double eps, T* y, A* stats) {
    cuda::layer_norm(R, D, x, w, b, eps, y, stats);
  }
  template <class X>
  static void layer_norm_gradient(Index R, Index D, const X* x, const W* w, const A* stats, const T* dy, X* dx,
                                  bool accumulate, W* dw, W* db, Workspace ws) {
    cuda::layer_norm_gradient(R, D, x, w, stats, dy, dx, accumulate, dw, db, ws.template shared<float>());
  }
  static void attention(const AttentionShape& s, const T* q, const T* k, const T* v, T* y, A* lse, Workspace) {
    cuda::attention(s, q, k, v, y, lse);
  }
  static void attention_gradient(const AttentionShape& s, const T* q, const T* k, const T* v, const T* y, const A* lse,
                                 const T* dy, const AttentionGradient<T>& dx, Workspace) {
    cuda::attention_gradient(s, q, k, v, y, lse, dy, dx);
  }

  template <class Form, class... X, class Y>
  static void map(Index n, const std::tuple<const X*...>& x, Y* y) {
    const cuda::MapForm<Form, A, Y, X...> body(x, y);
    cuda::each_run(n, body.fours(), body);
  }
  template <class Form, class... X, class Y>
  static void map_gradient(Index n, const std::tuple<const X*...>& x, const Y* dy, const std::tuple<X*...>& dx,
                           const bool* accumulate) {
    const cuda::PullBackForm<Form, A, Y, X...> body(x, dy, dx, accumulate);
    cuda::each_run(n, body.fours(), body);
  }
  template <class F>
  static void each(Index n, const F& f, Index = 1) {
    cuda::each(n, f);
  }
  template <class F>
  static void rows(Index R, Index D, const F& f) {
    cuda::rows(R, D, f);
  }
  static constexpr Index columns_together = 1;  // threads are many, and neighbours read together
  template <class F, class Put>
  static void column_sums(Index R, Index D, const F& f, const Put& put) {
    cuda::column_sums(R, D, f, put);
  }
  template <class F, class Put>
  static void row_sums(Index R, Index D, const F& f, const Put& put) {
    cuda::row_sums(R, D, f, put);
  }

  static double sum_of_squares(Index n, const W* g, Workspace ws) {
    return cuda::sum_of_squares(n, g, ws.template shared<double>());
  }
  using Factor = float;
  static void check_gradient(Index n, const W* g, Index offset, double clip, GradientCheck* check, Workspace ws) {
    cuda::check_gradient(n, g, offset, clip, check, ws.template shared<double>());
  }
  template <class Factors>
  static void update(Index n, const UpdateOperands<W, Factors::states>& x, const Factors* by,
                     const GradientCheck* check) {
    cuda::update(n, x, by, check);
  }

 private:
  using Products = cuda::Products<Element>;
};

}  // namespace mae
