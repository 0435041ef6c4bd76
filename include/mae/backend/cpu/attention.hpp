// Softmax attention of every head, y = softmax(q kᵀ / sqrt(d)) v, and its gradient, with one number a row kept
// between.
//
// The scores of a block of queries lie in the second cache and are never written to memory; backward computes them
// again from lse = log Σ exp(score) (Dao et al., FlashAttention, 2022). With P the softmax and · element-wise:
//
//    forward    S = q kᵀ       P = exp(S / sqrt d - lse)                       y = P v
//    backward   G = dy vᵀ      dS = P · (G - dy·y) / sqrt d        dv = Pᵀ dy    dq = dS k    dk = dSᵀ q
//
// These are products, so `Product` computes them, straight out of and into the layout of q, k and v. One task is one
// head of one sample. Cost: 2 (forward) and 5 (backward) times M N d fused multiply-adds a head, for M queries and N
// keys, and M N exponentials each.
#pragma once
#include <cmath>

#include <mae/backend/cpu/matmul.hpp>
#include <mae/backend/kernels.hpp>

namespace mae::cpu {

/// Where one head of one sample begins in q, in k and v, and in y.
struct HeadLayout : AttentionShape {
  Index y_stride() const { return heads * width; }  ///< from a token to the next
  Index query_at(Index task) const { return task / heads * queries * query_stride + task % heads * width; }
  Index key_at(Index task) const { return task / heads * keys * key_stride + task % heads * width; }
  Index y_at(Index task) const { return task / heads * queries * y_stride() + task % heads * width; }
};

/// Attention has its scores in blocks of this many queries: a multiple of every tile's height.
inline constexpr Index query_block = 168;
/// The length of a row of scores: padded, so that it is made of whole vectors.
constexpr Index score_stride(Index keys) { return round_up(keys, 16); }

/// One head on one thread. `scratch` holds two blocks of scores and then packing memory.
template <class T, class Isa>
class AttentionHead {
 public:
  static void forward(const HeadLayout& h, const T* q, const T* k, const T* v, T* y, T* lse, T* scratch) {
    const Index M = h.queries, N = h.keys, d = h.width, y_stride = h.y_stride(), stride = score_stride(N);
    T *p = scratch, *packing = scratch + 2 * query_block * stride;
    for (Index i = 0; i < M; i += query_block) {
      const Index rows = smaller(query_block, M - i);
      Multiply::run(rows, N, d, {q + i * h.query_stride, h.query_stride, 1}, {k, h.key_stride, 1}, scores(p, stride),
                    nullptr, packing);
      softmax(rows, N, d, p, lse + i);
      Multiply::run(rows, d, N, {p, stride, 1}, {v, 1, h.key_stride}, {y + i * y_stride, y_stride}, nullptr, packing);
    }
  }

  static void backward(const HeadLayout& h, const T* q, const T* k, const T* v, const T* y, const T* lse, const T* dy,
                       const AttentionGradient<T>& dx, T* scratch) {
    const Index M = h.queries, N = h.keys, d = h.width, y_stride = h.y_stride(), stride = score_stride(N);
    T *p = scratch, *g = p + query_block * stride, *packing = g + query_block * stride;
    for (Index i = 0; i < M; i += query_block) {
      const Index rows = smaller(query_block, M - i);
      const T *q_i = q + i * h.query_stride, *y_i = y + i * y_stride, *dy_i = dy + i * y_stride;
      const bool add = dx.accumulate_kv || i > 0;  // every block of queries adds to gradients of all keys and values
      Multiply::run(rows, N, d, {q_i, h.query_stride, 1}, {k, h.key_stride, 1}, scores(p, stride), nullptr, packing);
      Multiply::run(rows, N, d, {dy_i, y_stride, 1}, {v, h.key_stride, 1}, scores(g, stride), nullptr, packing);
      score_gradient(rows, h, p, g, lse + i, y_i, dy_i);
      if (dx.v)
        Multiply::run(N, d, rows, {p, 1, stride}, {dy_i, 1, y_stride},
                      {dx.v, h.key_stride, nullptr, add ? dx.v : nullptr}, nullptr, packing);
      if (dx.k)
        Multiply::run(N, d, rows, {g, 1, stride}, {q_i, 1, h.query_stride},
                      {dx.k, h.key_stride, nullptr, add ? dx.k : nullptr}, nullptr, packing);
      if (T* const dq = dx.q ? dx.q + i * h.query_stride : nullptr)
        Multiply::run(rows, d, N, {g, stride, 1}, {k, 1, h.key_stride},
                      {dq, h.query_stride, nullptr, dx.accumulate_q ? dq : nullptr}, nullptr, packing);
    }
  }

 private:
  using S = Simd<T, Isa>;
  using Vector = typename S::Vector;
  using Multiply = Product<T, Isa>;
  static constexpr Index lanes = S::lanes;

  static Output<T> scores(T* to, Index stride) { return {to, stride, nullptr, nullptr, nullptr, stride}; }

  /// Rows of scores become rows of the softmax; lse is what backward needs to find them again.
  [[gnu::noinline]] static void softmax(Index rows, Index N, Index d, T* p, T* lse) {
    const T scale = T(1) / std::sqrt(T(d));
    const Index stride = score_stride(N), last = N / lanes * lanes;
    Isa::run([&]() __attribute__((always_inline)) {
      typename S::Bits beyond;  // the lanes of the vector at `last` that are no scores: they get what has an exp of 0
      Vector lowest;
      S::fill(lowest, T(-1e30));
      for (Index j = 0; j < lanes; ++j) beyond[j] = last + j < N ? 0 : -1;
      for (Index i = 0; i < rows; ++i, p += stride) {
        if (last < stride) S::at(p + last).v = beyond ? lowest : S::at(p + last).v;
        for (Index j = last + lanes; j < stride; j += lanes) S::at(p + j).v = lowest;
        Vector most = S::at(p).v, total = {};
        for (Index j = lanes; j < stride; j += lanes) S::raise(most, S::at(p + j).v);
        const T largest = S::largest(most);
        for (Index j = 0; j < stride; j += lanes) {
          Vector e;
          Math<T, Isa>::exp(e, (S::at(p + j).v - largest) * scale);
          total += e;
          S::at(p + j).v = e;
        }
        const T sum = S::sum(total), inverse = T(1) / sum;
        for (Index j = 0; j < stride; j += lanes) S::at(p + j).v *= inverse;
        lse[i] = largest * scale + std::log(sum);
      }
    });
  }

  /// p: scores become the softmax. g: gradients of the softmax become those of the unscaled scores.
  [[gnu::noinline]] static void score_gradient(Index rows, const HeadLayout& h, T* p, T* g, const T* lse, const T* y,
                                               const T* dy) {
    const T scale = T(1) / std::sqrt(T(h.width));
    const Index stride = score_stride(h.keys), y_stride = h.y_stride();
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index i = 0; i < rows; ++i, p += stride, g += stride, y += y_stride, dy += y_stride) {
        Vector dots = {};
        for (Index c = 0; c < h.width; c += lanes) {
          Vector a, b;
          S::load(a, y + c, h.width - c), S::load(b, dy + c, h.width - c);
          dots += a * b;
        }
        const T dot = S::sum(dots), offset = lse[i];
        for (Index j = 0; j < stride; j += lanes) {
          Vector e;
          Math<T, Isa>::exp(e, S::at(p + j).v * scale - offset);
          S::at(p + j).v = e;
          S::at(g + j).v = e * (S::at(g + j).v - dot) * scale;
        }
      }
    });
  }
};

/// The attention of the kernel contract (`backend/kernels.hpp`).
template <class T, class IsaChoice, class Threads>
struct AttentionKernels {
  static constexpr WorkspaceSize attention_workspace(Index N, Index /*H*/, Index d) {
    const Index most = larger(larger(N, d), query_block);
    return {0, align_up(Index{sizeof(T)} * 2 * query_block * score_stride(N) + product_scratch<T>(most, most, most))};
  }

  static void attention(const AttentionShape& shape, const T* q, const T* k, const T* v, T* y, T* lse, Workspace ws) {
    const HeadLayout h{shape};
    each_head(h, ws, [&](auto head, Index task, T* scratch) {
      const Index query = h.query_at(task), key = h.key_at(task);
      decltype(head)::forward(h, q + query, k + key, v + key, y + h.y_at(task), lse + task * h.queries, scratch);
    });
  }
  static void attention_gradient(const AttentionShape& shape, const T* q, const T* k, const T* v, const T* y,
                                 const T* lse, const T* dy, const AttentionGradient<T>& dx, Workspace ws) {
    const HeadLayout h{shape};
    auto moved = [](T* x, Index by) { return x ? x + by : nullptr; };
    each_head(h, ws, [&](auto head, Index task, T* scratch) {
      const Index query = h.query_at(task), key = h.key_at(task), result = h.y_at(task);
      decltype(head)::backward(h, q + query, k + key, v + key, y + result, lse + task * h.queries, dy + result,
                               {moved(dx.q, query), moved(dx.k, key), moved(dx.v, key), dx.accumulate_q,
                                dx.accumulate_kv},
                               scratch);
    });
  }

 private:
  template <class Work>
  static void each_head(const HeadLayout& h, const Workspace& ws, const Work& work) {
    const Index least = ceil_divide(Index{1} << 18, h.queries * h.keys * h.width);
    isa::dispatch<IsaChoice>([&](auto set) {
      share<Threads>(h.batch * h.heads, least, ws.threads, [&](Index begin, Index end, int thread) {
        for (Index task = begin; task < end; ++task)
          work(AttentionHead<T, decltype(set)>{}, task, ws.template mine<T>(thread));
      });
    });
  }
};

}  // namespace mae::cpu
