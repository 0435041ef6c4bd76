// Sums over the rows or the columns of a matrix, in fixed order.
//
// The library's own sums over rows have two stages: the rows are cut into `strips`, a block has 32 runs of columns and
// `strip_rows` rows at once and adds up its columns of one strip, and a second kernel adds up the strips. What is
// summed is a body's: `add<width>(sum, r, c)` adds the terms of row r and the columns from c on.
//
// What operations sum has one stage and needs no memory: a block of as many threads as there may be adds up 32 columns,
// or a row.
#pragma once
#include <mae/backend/cuda/pointwise.cuh>
#include <mae/core/shape.hpp>

namespace mae::cuda {

inline constexpr int strips = 64;     ///< parts of the rows that are summed up by themselves
inline constexpr int strip_rows = 8;  ///< rows of a strip that a block reads at once

/// Sums of so many columns of a strip, each of `count` kinds.
template <int count, int width>
struct Terms {
  Run<float, width> of[count];
};

/// Block (32 runs of columns, `strip_rows`) of grid (columns / 32 / width, strips): partial [strips][count][D].
template <int width, class Body>
__global__ void strips_kernel(Index R, Index D, Body body, float* partial) {
  constexpr int count = Body::count;
  const Index c = (Index{blockIdx.x} * warp_size + Index{threadIdx.x}) * width;
  const Index rows = (R + strips - 1) / strips, begin = Index{blockIdx.y} * rows;
  const Index end = begin + rows < R ? begin + rows : R;
  Terms<count, width> sum{};
  if (c < D)
    for (Index r = begin + Index{threadIdx.y}; r < end; r += strip_rows) body.template add<width>(sum, r, c);
  auto* const sums = block_memory_as<Terms<count, width>>();
  sums[threadIdx.y * warp_size + threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y > 0 || c >= D) return;
  for (int row = 1; row < strip_rows; ++row)
    for (int k = 0; k < count; ++k)
      for (int e = 0; e < width; ++e) sum.of[k].at[e] += sums[row * warp_size + int(threadIdx.x)].of[k].at[e];
  for (int k = 0; k < count; ++k) put(partial + (count * Index{blockIdx.y} + k) * D + c, sum.of[k]);
}
/// to[k][c] += Σ_strips partial.
template <int count>
struct AddStrips {
  Index D;
  const float* partial;
  float* to[count];
  __device__ void operator()(Index c) const {
    for (int k = 0; k < count; ++k) {
      float sum = 0;
      for (int strip = 0; strip < strips; ++strip) sum += partial[(count * strip + k) * D + c];
      to[k][c] += sum;
    }
  }
};
/// to[k] [D] += the sums of the body's terms over R rows. `partial`: strips · count · D numbers.
template <class Body>
void add_rows(Index R, Index D, bool fours, const Body& body, const AddStrips<Body::count>& add, float* partial) {
  in_runs(fours, [&](auto width) {
    launch(strips_kernel<width, Body>, dim3(blocks_of(D, warp_size * width), strips), dim3(warp_size, strip_rows),
           strip_rows * warp_size * Index{sizeof(Terms<Body::count, width>)}, R, D, body, partial);
  });
  each(D, add);
}

/// x itself.
template <class X>
struct Columns {
  static constexpr int count = 1;
  const X* x;
  Index D;
  template <int width>
  __device__ void add(Terms<count, width>& sum, Index r, Index c) const {
    const auto in = run<width>(x + r * D + c);
    for (int e = 0; e < width; ++e) sum.of[0].at[e] += float(in.at[e]);
  }
};
constexpr Index column_bytes(Index D) { return align_up(Index{sizeof(float)} * strips * D); }
/// to[c] += Σ_r x[r, c]. `partial`: column_bytes(D).
template <class X>
void add_columns(Index R, Index D, const X* x, float* to, float* partial) {
  add_rows(R, D, in_fours(D, x), Columns<X>{x, D}, {D, partial, {to}}, partial);
}

inline constexpr int most_threads = 1024;  ///< of a block

/// Block (32 columns, 32 rows at once) of grid (columns / 32).
template <class F, class Put>
__global__ void __launch_bounds__(most_threads) column_sums_kernel(Index R, Index D, F f, Put put) {
  using Sum = decltype(f(R, D));
  constexpr int in_backward = most_threads / warp_size;
  const Index c = Index{blockIdx.x} * warp_size + Index{threadIdx.x};
  Sum sum = 0;
  if (c < D)
    for (Index r = Index{threadIdx.y}; r < R; r += in_backward) sum += f(r, c);
  Sum* const sums = block_memory_as<Sum>();
  sums[threadIdx.y * warp_size + threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y > 0 || c >= D) return;
  for (int row = 1; row < in_backward; ++row) sum += sums[row * warp_size + int(threadIdx.x)];
  put(c, sum);
}
/// put(c, Σ_r f(r, c)) for c in [0, D).
template <class F, class Put>
void column_sums(Index R, Index D, const F& f, const Put& put) {
  launch(column_sums_kernel<F, Put>, blocks_of(D, warp_size), dim3(warp_size, most_threads / warp_size),
         most_threads * Index{sizeof(decltype(f(R, D)))}, R, D, f, put);
}

/// A block for a row.
template <class F, class Put>
__global__ void __launch_bounds__(most_threads) row_sums_kernel(Index D, F f, Put put) {
  using Sum = decltype(f(D, D));
  const Index r = Index{blockIdx.x};
  Sum sum = 0;
  for (Index c = Index{threadIdx.x}; c < D; c += Index{blockDim.x}) sum += f(r, c);
  sum = block_sum(sum, block_memory_as<Sum>());
  if (threadIdx.x == 0) put(r, sum);
}
/// put(r, Σ_c f(r, c)) for r in [0, R).
template <class F, class Put>
void row_sums(Index R, Index D, const F& f, const Put& put) {
  const unsigned threads = D < most_threads ? blocks_of(D, warp_size) * warp_size : most_threads;
  launch(row_sums_kernel<F, Put>, static_cast<unsigned>(R), threads,
         warp_size * Index{sizeof(decltype(f(R, D)))}, D, f, put);
}

}  // namespace mae::cuda
