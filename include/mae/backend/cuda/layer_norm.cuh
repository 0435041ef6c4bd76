// Layer normalisation on a GPU: a warp for each row, and sums over columns in two stages of fixed order.
//
// Formula and derivation: ops/layer_norm.hpp. The sums over all rows (dw, db) are cut into `strips` of rows; a block
// adds up some columns of one strip, a second kernel adds up the strips. Rows are read in runs of four numbers where
// they lie so (vectors.cuh). Cost: x and dy are read twice, once for dx and once for dw; what is written is dx.
#pragma once
#include <mae/backend/cuda/maps.cuh>

namespace mae::cuda {

inline constexpr int row_warps = 8;   ///< rows that a block normalises
inline constexpr int strips = 64;     ///< parts of the rows that are summed up by themselves
inline constexpr int strip_rows = 8;  ///< rows of a strip that a block reads at once

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

/// Block (32 runs of columns, `strip_rows`) of grid (columns / 32 / width, strips): partial [strips][2][D].
template <int width, class X, class T>
__global__ void layer_norm_strips_kernel(Index R, Index D, const X* x, const float* stats, const T* dy,
                                         float* partial) {
  const Index c = (Index{blockIdx.x} * warp_size + Index{threadIdx.x}) * width;
  const Index rows = (R + strips - 1) / strips, begin = Index{blockIdx.y} * rows;
  const Index end = begin + rows < R ? begin + rows : R;
  Run<float, width> sum_w{}, sum_b{};
  if (c < D)
    for (Index r = begin + Index{threadIdx.y}; r < end; r += strip_rows) {
      const auto in = run<width>(x + r * D + c);
      const auto slope = run<width>(dy + r * D + c);
      for (int e = 0; e < width; ++e) {
        sum_w.at[e] += float(slope.at[e]) * (float(in.at[e]) - stats[2 * r]) * stats[2 * r + 1];
        sum_b.at[e] += float(slope.at[e]);
      }
    }
  auto *const sums_w = block_memory_as<Run<float, width>>(), *const sums_b = sums_w + strip_rows * warp_size;
  const unsigned at = threadIdx.y * warp_size + threadIdx.x;
  sums_w[at] = sum_w, sums_b[at] = sum_b;
  __syncthreads();
  if (threadIdx.y > 0 || c >= D) return;
  for (int row = 1; row < strip_rows; ++row)
    for (int e = 0; e < width; ++e) {
      sum_w.at[e] += sums_w[row * warp_size + int(threadIdx.x)].at[e];
      sum_b.at[e] += sums_b[row * warp_size + int(threadIdx.x)].at[e];
    }
  put(partial + 2 * Index{blockIdx.y} * D + c, sum_w);
  put(partial + (2 * Index{blockIdx.y} + 1) * D + c, sum_b);
}
/// dw[c] += Σ_strips partial.
struct AddStrips {
  Index D;
  const float* partial;
  float *dw, *db;
  __device__ void operator()(Index c) const {
    float sum_w = 0, sum_b = 0;
    for (int strip = 0; strip < strips; ++strip) {
      sum_w += partial[2 * strip * D + c];
      sum_b += partial[(2 * strip + 1) * D + c];
    }
    dw[c] += sum_w;
    db[c] += sum_b;
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
  in_runs(in_fours(D, x, w, dy, dx), [&](auto width) {
    if (dw) {
      launch(layer_norm_strips_kernel<width, X, T>, dim3(blocks_of(D, warp_size * width), strips),
             dim3(warp_size, strip_rows), 2 * strip_rows * warp_size * width * Index{sizeof(float)}, R, D, x, stats, dy,
             partial);
      each(D, AddStrips{D, partial, dw, db});
    }
    if (dx)
      launch(layer_norm_input_gradient_kernel<width, X, T>, blocks_of(R, row_warps), row_warps * warp_size, 0, R, D, x,
             w, stats, dy, dx, accumulate);
  });
}

}  // namespace mae::cuda
