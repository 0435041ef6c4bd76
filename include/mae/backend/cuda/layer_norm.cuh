// Layer normalisation on a GPU: a warp for each row, and sums over columns in two stages of fixed order.
//
// Formula and derivation: ops/layer_norm.hpp. The sums over all rows (dw, db) are those of sums.cuh. Rows are read in
// runs of four numbers where they lie so (vectors.cuh). Cost: x and dy are read twice, once for dx and once for dw;
// what is written is dx.
#pragma once
#include <mae/backend/cuda/sums.cuh>
#include <mae/core/shape.hpp>

namespace mae::cuda {

inline constexpr int row_warps = 8;  ///< rows that a block normalises

template <int width, class X, class T>
__global__ void layer_norm_kernel(Index R, Index D, const X* x, const float* w, const float* b, float epsilon, T* y,
                                  float* stats) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const Index r = Index{blockIdx.x} * row_warps + Index{threadIdx.x} / warp_size;
  if (r >= R) return;
  x += r * D, y += r * D;
  const Index begin = lane * width, step = warp_size * width;
  float sum = 0, squares = 0;
  for (Index i = begin; i < D; i += step) {
    const auto in = run<width>(x + i);
    for (int e = 0; e < width; ++e) sum += float(in.at[e]);
  }
  const float mean = warp_sum(sum) / float(D);
  for (Index i = begin; i < D; i += step) {
    const auto in = run<width>(x + i);
    for (int e = 0; e < width; ++e) squares += (float(in.at[e]) - mean) * (float(in.at[e]) - mean);
  }
  const float scale = 1 / std::sqrt(warp_sum(squares) / float(D) + epsilon);
  for (Index i = begin; i < D; i += step) {
    const auto in = run<width>(x + i);
    const auto factor = run<width>(w + i), shift = run<width>(b + i);
    Run<T, width> result;
    for (int e = 0; e < width; ++e)
      result.at[e] = stored<T>((float(in.at[e]) - mean) * scale * factor.at[e] + shift.at[e]);
    put(y + i, result);
  }
  if (lane == 0) stats[2 * r] = mean, stats[2 * r + 1] = scale;
}

template <int width, class X, class T>
__global__ void layer_norm_input_gradient_kernel(Index R, Index D, const X* x, const float* w, const float* stats,
                                                 const T* dy, X* dx, bool accumulate) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const Index r = Index{blockIdx.x} * row_warps + Index{threadIdx.x} / warp_size;
  if (r >= R) return;
  x += r * D, dy += r * D, dx += r * D;
  const Index begin = lane * width, step = warp_size * width;
  const float mean = stats[2 * r], scale = stats[2 * r + 1];
  float sum_g = 0, sum_gn = 0;
  for (Index i = begin; i < D; i += step) {
    const auto in = run<width>(x + i);
    const auto slope = run<width>(dy + i);
    const auto factor = run<width>(w + i);
    for (int e = 0; e < width; ++e) {
      const float g = float(slope.at[e]) * factor.at[e];
      sum_g += g;
      sum_gn += g * (float(in.at[e]) - mean) * scale;
    }
  }
  const float mean_g = warp_sum(sum_g) / float(D), mean_gn = warp_sum(sum_gn) / float(D);
  for (Index i = begin; i < D; i += step) {
    const auto in = run<width>(x + i);
    const auto slope = run<width>(dy + i);
    const auto factor = run<width>(w + i);
    Run<X, width> result = accumulate ? run<width>(dx + i) : Run<X, width>{};
    for (int e = 0; e < width; ++e) {
      const float n = (float(in.at[e]) - mean) * scale;
      const float gradient = scale * (float(slope.at[e]) * factor.at[e] - mean_g - n * mean_gn);
      result.at[e] = stored<X>(accumulate ? float(result.at[e]) + gradient : gradient);
    }
    put(dx + i, result);
  }
}

/// The terms of dw and db.
template <class X, class T>
struct LayerNormTerms {
  static constexpr int count = 2;
  const X* x;
  const float* stats;
  const T* dy;
  Index D;
  template <int width>
  __device__ void add(Terms<count, width>& sum, Index r, Index c) const {
    const auto in = run<width>(x + r * D + c);
    const auto slope = run<width>(dy + r * D + c);
    const float mean = stats[2 * r], scale = stats[2 * r + 1];
    for (int e = 0; e < width; ++e) {
      sum.of[0].at[e] += float(slope.at[e]) * (float(in.at[e]) - mean) * scale;
      sum.of[1].at[e] += float(slope.at[e]);
    }
  }
};

constexpr Index layer_norm_bytes(Index D) { return align_up(Index{sizeof(float)} * 2 * strips * D); }

template <class X, class T>
void layer_norm(Index R, Index D, const X* x, const float* w, const float* b, double epsilon, T* y, float* stats) {
  in_runs(in_fours(D, x, w, b, y), [&](auto width) {
    launch(layer_norm_kernel<width, X, T>, blocks_of(R, row_warps), row_warps * warp_size, 0, R, D, x, w, b,
           float(epsilon), y, stats);
  });
}
/// `partial`: layer_norm_bytes(D).
template <class X, class T>
void layer_norm_gradient(Index R, Index D, const X* x, const float* w, const float* stats, const T* dy, X* dx,
                         bool accumulate, float* dw, float* db, float* partial) {
  if (dw) add_rows(R, D, in_fours(D, x, dy), LayerNormTerms<X, T>{x, stats, dy, D}, {D, partial, {dw, db}}, partial);
  if (!dx) return;
  in_runs(in_fours(D, x, w, dy, dx), [&](auto width) {
    launch(layer_norm_input_gradient_kernel<width, X, T>, blocks_of(R, row_warps), row_warps * warp_size, 0, R, D, x,
           w, stats, dy, dx, accumulate);
  });
}

}  // namespace mae::cuda
