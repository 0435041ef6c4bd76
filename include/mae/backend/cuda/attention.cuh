// Attention of all heads on a GPU, and its gradients, without a matrix of scores in memory (Dao et al., 2022).
//
// Formulas and derivation: ops/attention.hpp. A block owns 64 rows of one head and keeps them in shared memory; 32
// others at a time pass by. Forward and for dq the rows are queries and the others keys; for dk and dv the roles are
// turned. So every sum has one owner and a fixed order.
//
// Two products of tiles do the work, both on registers: `scores`, 4 x 4 a thread, and `add_product`, 4 rows of some
// columns. Tiles lie transposed, [column][row], so that four neighbours of a row or of a sum over others are one load.
// Rows that do not exist are zero; they reach nothing that is written.
#pragma once
#include <mae/backend/cuda/launch.cuh>
#include <mae/backend/cuda/vectors.cuh>
#include <mae/backend/kernels.hpp>

namespace mae::cuda {

inline constexpr int attention_rows = 64, attention_others = 32;  ///< of a tile
inline constexpr int attention_threads = 128;                     ///< 16 by 8, four rows and four others each
/// From a column of a tile to the next: four more than there are rows, so that columns begin in different banks.
inline constexpr int row_pitch = attention_rows + 4, other_pitch = attention_others + 4;

/// What a thread works on: head h of sample b; the rows from `first` + `row`, of the tiles 4 rows from `row`, 4 others
/// from `other`, and the columns `column`, `column` + 8, ...
struct AttentionPlace {
  Index b, h, first;
  int row, other, column;
};
template <int columns>
__device__ AttentionPlace attention_place(const AttentionShape& s) {
  const Index pair = Index{blockIdx.x}, first = Index{blockIdx.y} * attention_rows;
  const int thread = static_cast<int>(threadIdx.x), part = static_cast<int>(blockIdx.z) * 8 * columns;
  return {pair / s.heads, pair % s.heads, first, thread / 8 * 4, thread % 8 * 4, part + thread % 8};
}
/// Where things of query i or key j of (b, h) begin, in q (y, lse) or in k and v.
__device__ inline Index query_at(const AttentionShape& s, Index b, Index i, Index h) {
  return (b * s.queries + i) * s.query_stride + h * s.width;
}
__device__ inline Index result_at(const AttentionShape& s, Index b, Index i, Index h) {
  return ((b * s.queries + i) * s.heads + h) * s.width;
}
__device__ inline Index lse_at(const AttentionShape& s, Index b, Index i, Index h) {
  return (b * s.heads + h) * s.queries + i;
}
__device__ inline Index key_at(const AttentionShape& s, Index b, Index j, Index h) {
  return (b * s.keys + j) * s.key_stride + h * s.width;
}
/// Columns of a tile: those of a head, and zeros up to a multiple of 8.
constexpr Index tile_columns(Index width) { return (width + 7) / 8 * 8; }

/// Copies `rows` rows from `first` on, `stride` apart in `from`, into a tile. A warp takes 8 rows by 16 columns.
template <int rows, class T>
__device__ void load_tile(float* tile, const T* from, Index stride, Index first, Index count, Index width) {
  constexpr int pitch = rows + 4;
  const bool fours = in_fours(stride, from) && width % 4 == 0;
  const int groups = static_cast<int>(tile_columns(width)) / 4;  // of four columns
  for (int i = static_cast<int>(threadIdx.x); i < rows * groups; i += attention_threads) {
    const int row = i % 8 + i / (8 * groups) * 8, column = i / 8 % groups * 4;
    const T* const source = from + (first + row) * stride + column;
    float values[4] = {};
    if (first + row < count) {
      if (fours && column < width) {
        const Four<T> loaded = four(source);
        for (int c = 0; c < 4; ++c) values[c] = float(loaded.at[c]);
      } else {
        for (int c = 0; c < 4; ++c) values[c] = column + c < width ? float(source[c]) : 0.0f;
      }
    }
    for (int c = 0; c < 4; ++c) tile[(column + c) * pitch + row] = values[c];
  }
}
/// score[i][j] = Σ_c rows[c][i] others[c][j], for the thread's rows and others.
__device__ inline void scores(float (&score)[4][4], const float* rows, const float* others, Index width) {
  for (auto& row : score)
    for (float& value : row) value = 0;
  for (Index c = 0; c < width; ++c) {
    const Four<float> x = four(rows + c * row_pitch), y = four(others + c * other_pitch);
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j) score[i][j] += x.at[i] * y.at[j];
  }
}
/// sum[i][m] += Σ_j weights[j][i] others[column m][j]; `last`: columns of the tile.
template <int columns>
__device__ void add_product(float (&sum)[4][columns], const float* weights, const float* others, int column,
                            Index last) {
  for (int j = 0; j < attention_others; j += 4) {
    Four<float> weight[4];
    for (int k = 0; k < 4; ++k) weight[k] = four(weights + (j + k) * row_pitch);
    for (int m = 0; m < columns; ++m)
      if (column + 8 * m < last) {
        const Four<float> other = four(others + (column + 8 * m) * other_pitch + j);
        for (int k = 0; k < 4; ++k)
          for (int i = 0; i < 4; ++i) sum[i][m] += weight[k].at[i] * other.at[k];
      }
  }
}
/// The thread's 4 x 4 numbers into [other][row], for `add_product` of all threads.
__device__ inline void share(float* to, const float (&values)[4][4], const AttentionPlace& at) {
  for (int j = 0; j < 4; ++j)
    put(to + (at.other + j) * row_pitch + at.row,
        Four<float>{{values[0][j], values[1][j], values[2][j], values[3][j]}});
}
/// to[r] = Σ_c dy_r[c] y_r[c] and lse[r], for `rows` queries from `first` on.
template <int rows, class T>
__device__ void load_constants(float* along, float* lse_tile, const AttentionShape& s, const AttentionPlace& at,
                               Index first, const T* y, const T* dy, const float* lse) {
  constexpr int parts = attention_threads / rows;
  const int row = static_cast<int>(threadIdx.x) / parts, part = static_cast<int>(threadIdx.x) % parts;
  const bool exists = first + row < s.queries;
  const Index here = result_at(s, at.b, exists ? first + row : 0, at.h);
  float sum = 0;
  for (Index c = part; c < s.width; c += parts) sum += float(dy[here + c]) * float(y[here + c]);
  for (int step = parts / 2; step > 0; step /= 2) sum += __shfl_xor_sync(all_lanes, sum, step);
  if (part > 0) return;
  along[row] = exists ? sum : 0.0f;
  lse_tile[row] = exists ? lse[lse_at(s, at.b, first + row, at.h)] : 0.0f;
}
/// Writes the thread's sums to rows `stride` apart.
template <int columns, class T>
__device__ void store(T* to, Index stride, Index count, const AttentionPlace& at, Index width,
                      const float (&sum)[4][columns], bool accumulate) {
  for (int i = 0; i < 4; ++i) {
    const Index row = at.first + at.row + i;
    if (row >= count) return;
    for (int m = 0; m < columns; ++m)
      if (const Index c = at.column + 8 * m; c < width) {
        T& place = to[row * stride + c];
        place = stored<T>(accumulate ? float(place) + sum[i][m] : sum[i][m]);
      }
  }
}
/// The sum or the largest of a number over the eight threads that share four rows.
__device__ inline float eight_sum(float value) {
  for (int step = 4; step > 0; step /= 2) value += __shfl_xor_sync(all_lanes, value, step);
  return value;
}
__device__ inline float eight_largest(float value) {
  for (int step = 4; step > 0; step /= 2) value = std::fmax(value, __shfl_xor_sync(all_lanes, value, step));
  return value;
}

/// The softmax is kept as it goes: when a tile has a larger score than all before, what was summed up is scaled down.
template <int columns, class T>
__global__ void __launch_bounds__(attention_threads)
    attention_kernel(AttentionShape s, const T* q, const T* k, const T* v, T* y, float* lse) {
  const AttentionPlace at = attention_place<columns>(s);
  const Index d = s.width, wide = tile_columns(d);
  float *const queries = block_memory_as<float>(), *const keys = queries + wide * row_pitch;
  float *const values = keys + wide * other_pitch, *const weights = values + wide * other_pitch;
  const float scale = 1 / std::sqrt(float(d));
  float sum[4][columns] = {}, largest[4], total[4] = {};
  for (float& value : largest) value = -INFINITY;
  load_tile<attention_rows>(queries, q + query_at(s, at.b, 0, at.h), s.query_stride, at.first, s.queries, d);
  for (Index first = 0; first < s.keys; first += attention_others) {
    load_tile<attention_others>(keys, k + key_at(s, at.b, 0, at.h), s.key_stride, first, s.keys, d);
    load_tile<attention_others>(values, v + key_at(s, at.b, 0, at.h), s.key_stride, first, s.keys, d);
    __syncthreads();
    float p[4][4];
    scores(p, queries + at.row, keys + at.other, d);
    for (int i = 0; i < 4; ++i) {
      float top = -INFINITY, added = 0;
      for (int j = 0; j < 4; ++j) {
        p[i][j] = first + at.other + j < s.keys ? p[i][j] * scale : -INFINITY;
        top = std::fmax(top, p[i][j]);
      }
      top = std::fmax(largest[i], eight_largest(top));
      const float shrink = std::exp(largest[i] - top);
      for (int j = 0; j < 4; ++j) added += p[i][j] = std::exp(p[i][j] - top);
      total[i] = total[i] * shrink + eight_sum(added);
      largest[i] = top;
      for (int m = 0; m < columns; ++m) sum[i][m] *= shrink;
    }
    share(weights, p, at);
    __syncthreads();
    add_product(sum, weights + at.row, values, at.column, wide);
    __syncthreads();
  }
  for (int i = 0; i < 4; ++i) {
    for (int m = 0; m < columns; ++m) sum[i][m] /= total[i];
    const Index row = at.first + at.row + i;
    if (row < s.queries && at.column == 0) lse[lse_at(s, at.b, row, at.h)] = largest[i] + std::log(total[i]);
  }
  store(y + result_at(s, at.b, 0, at.h), s.heads * d, s.queries, at, d, sum, false);
}

/// dq of 64 queries.
template <int columns, class T>
__global__ void __launch_bounds__(attention_threads)
    attention_query_gradient_kernel(AttentionShape s, const T* q, const T* k, const T* v, const T* y, const float* lse,
                                    const T* dy, T* dq, bool accumulate) {
  const AttentionPlace at = attention_place<columns>(s);
  const Index d = s.width, wide = tile_columns(d);
  float *const queries = block_memory_as<float>(), *const gradients = queries + wide * row_pitch;
  float *const keys = gradients + wide * row_pitch, *const values = keys + wide * other_pitch;
  float* const slopes = values + wide * other_pitch;
  float *const along = slopes + attention_others * row_pitch, *const normalizer = along + attention_rows;
  const float scale = 1 / std::sqrt(float(d));
  float sum[4][columns] = {};
  load_tile<attention_rows>(queries, q + query_at(s, at.b, 0, at.h), s.query_stride, at.first, s.queries, d);
  load_tile<attention_rows>(gradients, dy + result_at(s, at.b, 0, at.h), s.heads * d, at.first, s.queries, d);
  load_constants<attention_rows>(along, normalizer, s, at, at.first, y, dy, lse);
  for (Index first = 0; first < s.keys; first += attention_others) {
    load_tile<attention_others>(keys, k + key_at(s, at.b, 0, at.h), s.key_stride, first, s.keys, d);
    load_tile<attention_others>(values, v + key_at(s, at.b, 0, at.h), s.key_stride, first, s.keys, d);
    __syncthreads();
    float ds[4][4], p[4][4];
    scores(p, queries + at.row, keys + at.other, d);
    scores(ds, gradients + at.row, values + at.other, d);
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j) {
        p[i][j] = first + at.other + j < s.keys ? std::exp(scale * p[i][j] - normalizer[at.row + i]) : 0.0f;
        ds[i][j] = p[i][j] * (ds[i][j] - along[at.row + i]) * scale;
      }
    share(slopes, ds, at);
    __syncthreads();
    add_product(sum, slopes + at.row, keys, at.column, wide);
    __syncthreads();
  }
  store(dq + query_at(s, at.b, 0, at.h), s.query_stride, s.queries, at, d, sum, accumulate);
}

/// dk and dv of 64 keys.
template <int columns, class T>
__global__ void __launch_bounds__(attention_threads)
    attention_key_gradient_kernel(AttentionShape s, const T* q, const T* k, const T* v, const T* y, const float* lse,
                                  const T* dy, T* dk, T* dv, bool accumulate) {
  const AttentionPlace at = attention_place<columns>(s);
  const Index d = s.width, wide = tile_columns(d);
  float *const keys = block_memory_as<float>(), *const values = keys + wide * row_pitch;
  float *const queries = values + wide * row_pitch, *const gradients = queries + wide * other_pitch;
  float *const weights = gradients + wide * other_pitch, *const slopes = weights + attention_others * row_pitch;
  float *const along = slopes + attention_others * row_pitch, *const normalizer = along + attention_others;
  const float scale = 1 / std::sqrt(float(d));
  float sum_k[4][columns] = {}, sum_v[4][columns] = {};
  load_tile<attention_rows>(keys, k + key_at(s, at.b, 0, at.h), s.key_stride, at.first, s.keys, d);
  load_tile<attention_rows>(values, v + key_at(s, at.b, 0, at.h), s.key_stride, at.first, s.keys, d);
  for (Index first = 0; first < s.queries; first += attention_others) {
    load_tile<attention_others>(queries, q + query_at(s, at.b, 0, at.h), s.query_stride, first, s.queries, d);
    load_tile<attention_others>(gradients, dy + result_at(s, at.b, 0, at.h), s.heads * d, first, s.queries, d);
    load_constants<attention_others>(along, normalizer, s, at, first, y, dy, lse);
    __syncthreads();
    float p[4][4], ds[4][4];
    scores(p, keys + at.row, queries + at.other, d);
    scores(ds, values + at.row, gradients + at.other, d);
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j) {
        const int query = at.other + j;
        p[i][j] = first + query < s.queries ? std::exp(scale * p[i][j] - normalizer[query]) : 0.0f;
        ds[i][j] = p[i][j] * (ds[i][j] - along[query]) * scale;
      }
    share(weights, p, at);
    share(slopes, ds, at);
    __syncthreads();
    add_product(sum_v, weights + at.row, gradients, at.column, wide);
    add_product(sum_k, slopes + at.row, queries, at.column, wide);
    __syncthreads();
  }
  store(dk + key_at(s, at.b, 0, at.h), s.key_stride, s.keys, at, d, sum_k, accumulate);
  store(dv + key_at(s, at.b, 0, at.h), s.key_stride, s.keys, at, d, sum_v, accumulate);
}

/// Bytes of shared memory for so many tiles of rows, of others and of weights, and `more` numbers.
constexpr Index attention_shared(Index width, Index rows, Index others, Index weights, Index more) {
  return Index{sizeof(float)} * (tile_columns(width) * (rows * row_pitch + others * other_pitch) +
                                 weights * attention_others * row_pitch + more);
}
/// Calls `work(columns)` with the columns a thread has, a constant. A wider head is shared out among blocks.
template <class Work>
void for_columns(Index width, const Work& work) {
  if (width <= 32) return work(std::integral_constant<int, 4>{});
  if (width > 64 && width <= 80) return work(std::integral_constant<int, 10>{});
  work(std::integral_constant<int, 8>{});
}
inline dim3 attention_grid(const AttentionShape& s, Index rows, int columns) {
  return dim3(static_cast<unsigned>(s.batch * s.heads), blocks_of(rows, attention_rows),
              blocks_of(s.width, 8 * Index{columns}));
}

template <class T>
void attention(const AttentionShape& s, const T* q, const T* k, const T* v, T* y, float* lse) {
  for_columns(s.width, [&](auto columns) {
    launch(attention_kernel<columns, T>, attention_grid(s, s.queries, columns), attention_threads,
           attention_shared(s.width, 1, 2, 1, 0), s, q, k, v, y, lse);
  });
}
template <class T>
void attention_gradient(const AttentionShape& s, const T* q, const T* k, const T* v, const T* y, const float* lse,
                        const T* dy, const AttentionGradient<T>& dx) {
  for_columns(s.width, [&](auto columns) {
    if (dx.q)
      launch(attention_query_gradient_kernel<columns, T>, attention_grid(s, s.queries, columns), attention_threads,
             attention_shared(s.width, 2, 2, 1, 2 * attention_rows), s, q, k, v, y, lse, dy, dx.q, dx.accumulate_q);
    if (dx.k)
      launch(attention_key_gradient_kernel<columns, T>, attention_grid(s, s.keys, columns), attention_threads,
             attention_shared(s.width, 2, 2, 2, 2 * attention_others), s, q, k, v, y, lse, dy, dx.k, dx.v,
             dx.accumulate_kv);
  });
}

}  // namespace mae::cuda
