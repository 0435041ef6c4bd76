// Layer normalisation on a GPU: a warp for each row, and sums over columns in two stages of fixed order.
//
// Formula and derivation: ops/layer_norm.hpp. The sums over all rows (dw, db) are cut into `strips` of rows; a block
// adds up 32 columns of one strip, a second kernel adds up the strips. Cost: x and dy are read twice, once for dx and
// once for dw; what is written is dx.
#pragma once
#include <mae/backend/cuda/maps.cuh>

namespace mae::cuda {

inline constexpr int row_warps = 8;   ///< rows that a block normalises
inline constexpr int strips = 64;     ///< parts of the rows that are summed up by themselves
inline constexpr int strip_rows = 8;  ///< rows of a strip that a block reads at once

template <class X, class T>
__global__ void layer_norm_kernel(Index R, Index D, const X* x, const float* w, const float* b, float epsilon, T* y,
                                  float* stats) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const Index r = Index{blockIdx.x} * row_warps + Index{threadIdx.x} / warp_size;
  if (r >= R) return;
  x += r * D, y += r * D;
  float sum = 0, squares = 0;
  for (Index i = lane; i < D; i += warp_size) sum += float(x[i]);
  const float mean = warp_sum(sum) / float(D);
  for (Index i = lane; i < D; i += warp_size) squares += (float(x[i]) - mean) * (float(x[i]) - mean);
  const float scale = 1 / std::sqrt(warp_sum(squares) / float(D) + epsilon);
  for (Index i = lane; i < D; i += warp_size) y[i] = T((float(x[i]) - mean) * scale * w[i] + b[i]);
  if (lane == 0) stats[2 * r] = mean, stats[2 * r + 1] = scale;
}

template <class X, class T>
__global__ void layer_norm_input_gradient_kernel(Index R, Index D, const X* x, const float* w, const float* stats,
                                                 const T* dy, X* dx, bool accumulate) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const Index r = Index{blockIdx.x} * row_warps + Index{threadIdx.x} / warp_size;
  if (r >= R) return;
  x += r * D, dy += r * D, dx += r * D;
  const float mean = stats[2 * r], scale = stats[2 * r + 1];
  float sum_g = 0, sum_gn = 0;
  for (Index i = lane; i < D; i += warp_size) {
    const float g = float(dy[i]) * w[i];
    sum_g += g;
    sum_gn += g * (float(x[i]) - mean) * scale;
  }
  const float mean_g = warp_sum(sum_g) / float(D), mean_gn = warp_sum(sum_gn) / float(D);
  for (Index i = lane; i < D; i += warp_size) {
    const float n = (float(x[i]) - mean) * scale;
    const float gradient = scale * (float(dy[i]) * w[i] - mean_g - n * mean_gn);
    dx[i] = X(accumulate ? float(dx[i]) + gradient : gradient);
  }
}

/// Block (32 columns, `strip_rows`) of grid (columns / 32, strips): partial [strips][2][D].
template <class X, class T>
__global__ void layer_norm_strips_kernel(Index R, Index D, const X* x, const float* stats, const T* dy,
                                         float* partial) {
  const Index c = Index{blockIdx.x} * warp_size + Index{threadIdx.x};
  const Index rows = (R + strips - 1) / strips, begin = Index{blockIdx.y} * rows;
  const Index end = begin + rows < R ? begin + rows : R;
  float sum_w = 0, sum_b = 0;
  if (c < D)
    for (Index r = begin + Index{threadIdx.y}; r < end; r += strip_rows) {
      const float g = float(dy[r * D + c]);
      sum_w += g * (float(x[r * D + c]) - stats[2 * r]) * stats[2 * r + 1];
      sum_b += g;
    }
  float *const sums_w = block_memory_as<float>(), *const sums_b = sums_w + strip_rows * warp_size;
  const unsigned at = threadIdx.y * warp_size + threadIdx.x;
  sums_w[at] = sum_w, sums_b[at] = sum_b;
  __syncthreads();
  if (threadIdx.y > 0 || c >= D) return;
  for (int row = 1; row < strip_rows; ++row) {
    sum_w += sums_w[row * warp_size + int(threadIdx.x)];
    sum_b += sums_b[row * warp_size + int(threadIdx.x)];
  }
  partial[(2 * Index{blockIdx.y}) * D + c] = sum_w;
  partial[(2 * Index{blockIdx.y} + 1) * D + c] = sum_b;
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
  launch(layer_norm_kernel<X, T>, blocks_of(R, row_warps), row_warps * warp_size, 0, R, D, x, w, b, float(epsilon), y,
         stats);
}
/// `partial`: layer_norm_bytes(D).
template <class X, class T>
void layer_norm_gradient(Index R, Index D, const X* x, const float* w, const float* stats, const T* dy, X* dx,
                         bool accumulate, float* dw, float* db, float* partial) {
  if (dw) {
    launch(layer_norm_strips_kernel<X, T>, dim3(blocks_of(D, warp_size), strips), dim3(warp_size, strip_rows),
           2 * strip_rows * warp_size * Index{sizeof(float)}, R, D, x, stats, dy, partial);
    each(D, AddStrips{D, partial, dw, db});
  }
  if (dx)
    launch(layer_norm_input_gradient_kernel<X, T>, blocks_of(R, row_warps), row_warps * warp_size, 0, R, D, x, w, stats,
           dy, dx, accumulate);
}

}  // namespace mae::cuda
