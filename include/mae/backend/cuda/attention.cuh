// Attention of all heads on a GPU, and its gradients, without a matrix of scores in memory (Dao et al., 2022).
//
// Formulas and derivation: ops/attention.hpp. Forward: a warp has a query; the block's warps share tiles of 32 keys and
// values, one key a lane. The softmax is kept as it goes: when a tile has a larger score than all before, what was
// summed up is scaled down. Backward runs twice: for dq like forward, and for dk and dv with the roles turned, a warp
// having a key and a lane a query. So every sum has one owner and a fixed order.
#pragma once
#include <mae/backend/cuda/launch.cuh>
#include <mae/backend/kernels.hpp>

namespace mae::cuda {

inline constexpr int attention_warps = 8;     ///< queries (or keys) of a block
inline constexpr int attention_tile = 32;     ///< keys (or queries) in shared memory: one a lane

/// What a block of the attention kernels works on: head h of sample b, rows from `first`; `row` is the calling warp's.
struct AttentionPlace {
  Index b, h, row;
  int lane, warp;
};
__device__ inline AttentionPlace attention_place(const AttentionShape& s) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size, warp = static_cast<int>(threadIdx.x) / warp_size;
  const Index pair = Index{blockIdx.x};
  return {pair / s.heads, pair % s.heads, Index{blockIdx.y} * attention_warps + warp, lane, warp};
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
/// A row of a tile is one number longer than it need be, so that lanes that read a column meet different banks.
constexpr Index padded(Index width) { return width + 1; }

/// Copies rows from `first` of `count`, `stride` apart in `from`, into a tile; rows from `count` on become zero.
template <class T>
__device__ void load_tile(float* tile, const T* from, Index stride, Index first, Index count, Index width) {
  for (Index i = threadIdx.x; i < attention_tile * width; i += attention_warps * warp_size) {
    const Index row = i / width, c = i % width;
    tile[row * padded(width) + c] = first + row < count ? float(from[(first + row) * stride + c]) : 0.0f;
  }
}
/// Copies one row into the memory of a warp.
template <class T>
__device__ void load_row(float* to, const T* from, int lane, Index width, bool exists) {
  for (Index c = lane; c < width; c += warp_size) to[c] = exists ? float(from[c]) : 0.0f;
}
__device__ inline float dot(const float* x, const float* y, Index width) {
  float sum = 0;
  for (Index c = 0; c < width; ++c) sum += x[c] * y[c];
  return sum;
}
/// Σ_c x[c] y[c] over the lanes of a warp.
template <class T>
__device__ float warp_dot(const T* x, const T* y, int lane, Index width) {
  float sum = 0;
  for (Index c = lane; c < width; c += warp_size) sum += float(x[c]) * float(y[c]);
  return warp_sum(sum);
}

template <class T>
__global__ void attention_kernel(AttentionShape s, const T* q, const T* k, const T* v, T* y, float* lse) {
  const AttentionPlace at = attention_place(s);
  const Index d = s.width, tile = attention_tile * padded(d);
  float *const keys = block_memory_as<float>(), *const values = keys + tile;
  float* const mine = values + tile + at.warp * (2 * d + attention_tile);  // query, sum, probabilities
  float *const query = mine, *const sum = mine + d, *const p = sum + d;
  const bool exists = at.row < s.queries;
  load_row(query, q + (exists ? query_at(s, at.b, at.row, at.h) : 0), at.lane, d, exists);
  for (Index c = at.lane; c < d; c += warp_size) sum[c] = 0;
  const float scale = 1 / std::sqrt(float(d));
  float largest = -INFINITY, total = 0;
  for (Index first = 0; first < s.keys; first += attention_tile) {
    __syncthreads();
    load_tile(keys, k + key_at(s, at.b, 0, at.h), s.key_stride, first, s.keys, d);
    load_tile(values, v + key_at(s, at.b, 0, at.h), s.key_stride, first, s.keys, d);
    __syncthreads();
    const float score = first + at.lane < s.keys ? scale * dot(query, keys + at.lane * padded(d), d) : -INFINITY;
    const float top = std::fmax(largest, warp_largest(score)), shrink = std::exp(largest - top);
    const float probability = std::exp(score - top);
    total = total * shrink + warp_sum(probability);
    largest = top;
    p[at.lane] = probability;
    __syncwarp();
    for (Index c = at.lane; c < d; c += warp_size) {
      float add = 0;
      for (Index j = 0; j < attention_tile; ++j) add += p[j] * values[j * padded(d) + c];
      sum[c] = sum[c] * shrink + add;
    }
  }
  if (!exists) return;
  T* const result = y + result_at(s, at.b, at.row, at.h);
  for (Index c = at.lane; c < d; c += warp_size) result[c] = T(sum[c] / total);
  if (at.lane == 0) lse[lse_at(s, at.b, at.row, at.h)] = largest + std::log(total);
}

/// dq of one query a warp.
template <class T>
__global__ void attention_query_gradient_kernel(AttentionShape s, const T* q, const T* k, const T* v, const T* y,
                                                const float* lse, const T* dy, T* dq, bool accumulate) {
  const AttentionPlace at = attention_place(s);
  const Index d = s.width, tile = attention_tile * padded(d);
  float *const keys = block_memory_as<float>(), *const values = keys + tile;
  float* const mine = values + tile + at.warp * (3 * d + attention_tile);
  float *const query = mine, *const gradient = mine + d, *const sum = gradient + d, *const ds = sum + d;
  const bool exists = at.row < s.queries;
  const Index row = exists ? at.row : 0, result = result_at(s, at.b, row, at.h);
  load_row(query, q + query_at(s, at.b, row, at.h), at.lane, d, exists);
  load_row(gradient, dy + result, at.lane, d, exists);
  for (Index c = at.lane; c < d; c += warp_size) sum[c] = 0;
  const float scale = 1 / std::sqrt(float(d));
  const float normalizer = lse[lse_at(s, at.b, row, at.h)], along = warp_dot(dy + result, y + result, at.lane, d);
  for (Index first = 0; first < s.keys; first += attention_tile) {
    __syncthreads();
    load_tile(keys, k + key_at(s, at.b, 0, at.h), s.key_stride, first, s.keys, d);
    load_tile(values, v + key_at(s, at.b, 0, at.h), s.key_stride, first, s.keys, d);
    __syncthreads();
    const Index mine_at = at.lane * padded(d);
    const float p = first + at.lane < s.keys ? std::exp(scale * dot(query, keys + mine_at, d) - normalizer) : 0.0f;
    ds[at.lane] = p * (dot(gradient, values + mine_at, d) - along) * scale;
    __syncwarp();
    for (Index c = at.lane; c < d; c += warp_size)
      for (Index j = 0; j < attention_tile; ++j) sum[c] += ds[j] * keys[j * padded(d) + c];
  }
  if (!exists) return;
  T* const to = dq + query_at(s, at.b, at.row, at.h);
  for (Index c = at.lane; c < d; c += warp_size) to[c] = T(accumulate ? float(to[c]) + sum[c] : sum[c]);
}

/// dk and dv of one key a warp.
template <class T>
__global__ void attention_key_gradient_kernel(AttentionShape s, const T* q, const T* k, const T* v, const T* y,
                                              const float* lse, const T* dy, T* dk, T* dv, bool accumulate) {
  const AttentionPlace at = attention_place(s);
  const Index d = s.width, tile = attention_tile * padded(d);
  float *const queries = block_memory_as<float>(), *const gradients = queries + tile;
  float* const mine = gradients + tile + at.warp * (4 * d + 2 * attention_tile);
  float *const key = mine, *const value = key + d, *const sum_k = value + d, *const sum_v = sum_k + d;
  float *const p = sum_v + d, *const ds = p + attention_tile;
  const bool exists = at.row < s.keys;
  const Index here = key_at(s, at.b, exists ? at.row : 0, at.h);
  load_row(key, k + here, at.lane, d, exists);
  load_row(value, v + here, at.lane, d, exists);
  for (Index c = at.lane; c < d; c += warp_size) sum_k[c] = sum_v[c] = 0;
  const float scale = 1 / std::sqrt(float(d));
  for (Index first = 0; first < s.queries; first += attention_tile) {
    __syncthreads();
    load_tile(queries, q + query_at(s, at.b, 0, at.h), s.query_stride, first, s.queries, d);
    load_tile(gradients, dy + result_at(s, at.b, 0, at.h), s.heads * d, first, s.queries, d);
    __syncthreads();
    const Index i = first + at.lane, mine_at = at.lane * padded(d);
    float probability = 0, slope = 0;
    if (i < s.queries) {
      const T* const result = y + result_at(s, at.b, i, at.h);
      float along = 0;
      for (Index c = 0; c < d; ++c) along += gradients[mine_at + c] * float(result[c]);
      probability = std::exp(scale * dot(queries + mine_at, key, d) - lse[lse_at(s, at.b, i, at.h)]);
      slope = probability * (dot(gradients + mine_at, value, d) - along) * scale;
    }
    p[at.lane] = probability, ds[at.lane] = slope;
    __syncwarp();
    for (Index c = at.lane; c < d; c += warp_size)
      for (Index j = 0; j < attention_tile; ++j) {
        sum_v[c] += p[j] * gradients[j * padded(d) + c];
        sum_k[c] += ds[j] * queries[j * padded(d) + c];
      }
  }
  if (!exists) return;
  for (Index c = at.lane; c < d; c += warp_size) {
    dk[here + c] = T(accumulate ? float(dk[here + c]) + sum_k[c] : sum_k[c]);
    dv[here + c] = T(accumulate ? float(dv[here + c]) + sum_v[c] : sum_v[c]);
  }
}

/// Shared memory of a block whose warps have `rows` rows and `tiles` lanes' numbers each beside the two tiles.
constexpr Index attention_shared(Index width, Index rows, Index tiles) {
  return Index{sizeof(float)} *
         (2 * attention_tile * padded(width) + attention_warps * (rows * width + tiles * attention_tile));
}
inline dim3 attention_grid(const AttentionShape& s, Index rows) {
  return dim3(static_cast<unsigned>(s.batch * s.heads), blocks_of(rows, attention_warps));
}

template <class T>
void attention(const AttentionShape& s, const T* q, const T* k, const T* v, T* y, float* lse) {
  launch(attention_kernel<T>, attention_grid(s, s.queries), attention_warps * warp_size,
         attention_shared(s.width, 2, 1), s, q, k, v, y, lse);
}
template <class T>
void attention_gradient(const AttentionShape& s, const T* q, const T* k, const T* v, const T* y, const float* lse,
                        const T* dy, const AttentionGradient<T>& dx) {
  if (dx.q)
    launch(attention_query_gradient_kernel<T>, attention_grid(s, s.queries), attention_warps * warp_size,
           attention_shared(s.width, 3, 1), s, q, k, v, y, lse, dy, dx.q, dx.accumulate_q);
  if (dx.k)
    launch(attention_key_gradient_kernel<T>, attention_grid(s, s.keys), attention_warps * warp_size,
           attention_shared(s.width, 4, 2), s, q, k, v, y, lse, dy, dx.k, dx.v, dx.accumulate_kv);
}

}  // namespace mae::cuda
