// Softmax attention of every head, y = softmax(q kᵀ / sqrt(d)) v, and its gradient, with one number a row kept
// between.
//
// The scores of a block of queries lie in the second cache and are never written to memory; backward computes them
// again from lse = log Σ exp(score) (Dao et al., FlashAttention, 2022). With P the softmax and · element-wise:
//
//    forward    S = q kᵀ       P = exp(S / sqrt d - lse)                       y = P v
//    backward   G = dy vᵀ      dS = P · (G - dy·y) / sqrt d        dv = Pᵀ dy    dq = dS k    dk = dSᵀ q
//
// These are products, so `Product` computes them, straight out of and into qkv's layout. One task is one head of one
// sample. Cost: 2 (forward) and 5 (backward) times N² d fused multiply-adds a head, and N² exponentials each.
#pragma once
#include <cmath>

#include <mae/backend/cpu/matmul.hpp>
#include <mae/backend/policy.hpp>

namespace mae::cpu {

/// Sizes and strides of one head, and its place in qkv [B, N, 3, H, d] and y [B, N, H, d].
struct HeadLayout {
  Index N, H, d;
  Index qkv_stride() const { return 3 * H * d; }  ///< from a token to the next
  Index y_stride() const { return H * d; }
  Index qkv_at(Index task) const { return task / H * N * qkv_stride() + task % H * d; }
  Index y_at(Index task) const { return task / H * N * y_stride() + task % H * d; }
};

/// Attention has its scores in blocks of this many queries: a multiple of every tile's height.
inline constexpr Index query_block = 168;
/// The length of a row of scores: padded, so that it is made of whole vectors.
constexpr Index score_stride(Index N) { return round_up(N, 16); }

/// One head on one thread. `scratch` holds two blocks of scores and then packing memory.
template <class T, class Isa>
class AttentionHead {
 public:
  static void forward(const HeadLayout& h, const T* q, T* y, T* lse, T* scratch) {
    const Index qkv_stride = h.qkv_stride(), stride = score_stride(h.N);
    const T *k = q + h.H * h.d, *v = k + h.H * h.d;
    T *p = scratch, *packing = scratch + 2 * query_block * stride;
    for (Index i = 0; i < h.N; i += query_block) {
      const Index rows = smaller(query_block, h.N - i);
      Multiply::run(rows, h.N, h.d, {q + i * qkv_stride, qkv_stride, 1}, {k, qkv_stride, 1}, {p, stride}, nullptr,
                    packing);
      softmax(rows, h.N, h.d, p, lse + i);
      Multiply::run(rows, h.d, h.N, {p, stride, 1}, {v, 1, qkv_stride}, {y + i * h.y_stride(), h.y_stride()}, nullptr,
                    packing);
    }
  }

  static void backward(const HeadLayout& h, const T* q, const T* y, const T* lse, const T* dy, T* dq, bool accumulate,
                       T* scratch) {
    const Index qkv_stride = h.qkv_stride(), y_stride = h.y_stride(), stride = score_stride(h.N);
    const T *k = q + h.H * h.d, *v = k + h.H * h.d;
    T *dk = dq + h.H * h.d, *dv = dk + h.H * h.d;
    T *p = scratch, *g = p + query_block * stride, *packing = g + query_block * stride;
    for (Index i = 0; i < h.N; i += query_block) {
      const Index rows = smaller(query_block, h.N - i);
      const T *q_i = q + i * qkv_stride, *y_i = y + i * y_stride, *dy_i = dy + i * y_stride;
      T* dq_i = dq + i * qkv_stride;
      const bool add = accumulate || i > 0;  // every block of queries adds to the gradients of all keys and values
      Multiply::run(rows, h.N, h.d, {q_i, qkv_stride, 1}, {k, qkv_stride, 1}, {p, stride}, nullptr, packing);
      Multiply::run(rows, h.N, h.d, {dy_i, y_stride, 1}, {v, qkv_stride, 1}, {g, stride}, nullptr, packing);
      score_gradient(rows, h, p, g, lse + i, y_i, dy_i);
      Multiply::run(h.N, h.d, rows, {p, 1, stride}, {dy_i, 1, y_stride}, {dv, qkv_stride, nullptr, add ? dv : nullptr},
                    nullptr, packing);
      Multiply::run(h.N, h.d, rows, {g, 1, stride}, {q_i, 1, qkv_stride}, {dk, qkv_stride, nullptr, add ? dk : nullptr},
                    nullptr, packing);
      Multiply::run(rows, h.d, h.N, {g, stride, 1}, {k, 1, qkv_stride},
                    {dq_i, qkv_stride, nullptr, accumulate ? dq_i : nullptr}, nullptr, packing);
    }
  }

 private:
  using S = Simd<T, Isa>;
  using Vector = typename S::Vector;
  using Multiply = Product<T, Isa>;
  static constexpr Index lanes = S::lanes;

  /// Rows of scores become rows of the softmax; lse is what backward needs to find them again.
  [[gnu::noinline]] static void softmax(Index rows, Index N, Index d, T* p, T* lse) {
    const T scale = T(1) / std::sqrt(T(d)), lowest = T(-1e30);
    const Index stride = score_stride(N);
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index i = 0; i < rows; ++i, p += stride) {
        for (Index j = N; j < stride; ++j) p[j] = lowest;  // whose exp is 0
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
    const T scale = T(1) / std::sqrt(T(h.d));
    const Index stride = score_stride(h.N), y_stride = h.y_stride();
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index i = 0; i < rows; ++i, p += stride, g += stride, y += y_stride, dy += y_stride) {
        Vector dots = {};
        for (Index c = 0; c < h.d; c += lanes) {
          Vector a, b;
          S::load(a, y + c, h.d - c), S::load(b, dy + c, h.d - c);
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

  static void attention(Index B, Index N, Index H, Index d, const T* qkv, T* y, T* lse, Workspace ws) {
    const HeadLayout h{N, H, d};
    each_head(B, h, ws, [&](auto head, Index task, T* scratch) {
      decltype(head)::forward(h, qkv + h.qkv_at(task), y + h.y_at(task), lse + task * N, scratch);
    });
  }
  static void attention_gradient(Index B, Index N, Index H, Index d, const T* qkv, const T* y, const T* lse,
                                 const T* dy, T* dqkv, bool accumulate, Workspace ws) {
    const HeadLayout h{N, H, d};
    each_head(B, h, ws, [&](auto head, Index task, T* scratch) {
      decltype(head)::backward(h, qkv + h.qkv_at(task), y + h.y_at(task), lse + task * N, dy + h.y_at(task),
                               dqkv + h.qkv_at(task), accumulate, scratch);
    });
  }

 private:
  template <class Work>
  static void each_head(Index B, const HeadLayout& h, const Workspace& ws, const Work& work) {
    const Index least = ceil_divide(Index{1} << 18, h.N * h.N * h.d);
    isa::dispatch<IsaChoice>([&](auto set) {
      share<Threads>(B * h.H, least, ws.threads, [&](Index begin, Index end, int thread) {
        for (Index task = begin; task < end; ++task)
          work(AttentionHead<T, decltype(set)>{}, task, ws.template mine<T>(thread));
      });
    });
  }
};

}  // namespace mae::cpu
