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
#include <mae/backend/cpu/math.hpp>
#include <mae/backend/cpu/matmul.hpp>
#include <mae/backend/kernels.hpp>
#include <mae/core/math.hpp>

MAE_PRECISE_BEGIN
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

/// One head on one thread, of numbers stored and multiplied as T; scores and sums are of type A. `scratch` holds two
/// blocks of scores, perhaps the gradients of k and v, and then packing memory.
template <class T, class Isa>
class AttentionHead {
 public:
  using A = typename Packed<T>::Sum;
  /// Whether the gradients of k and v are added up where they go. In bf16 every sum would be rounded there.
  static constexpr bool sums_in_place = std::is_same_v<T, A>;
  /// Numbers of type A in scratch for one of them.
  static constexpr Index sums(Index keys, Index width) { return sums_in_place ? 0 : round_up(keys * width, 16); }

  static void forward(const HeadLayout& h, const T* q, const T* k, const T* v, T* y, A* lse, A* scratch) {
    const Index M = h.queries, N = h.keys, d = h.width, y_stride = h.y_stride(), stride = score_stride(N);
    A *p = scratch, *packing = scratch + 2 * query_block * stride;
    for (Index i = 0; i < M; i += query_block) {
      const Index rows = smaller(query_block, M - i);
      Multiply::run(rows, N, d, Stored{q + i * h.query_stride, h.query_stride, 1}, Stored{k, h.key_stride, 1},
                    scores(p, stride), nullptr, packing);
      softmax(rows, N, d, p, lse + i);
      Multiply::run(rows, d, N, Scores{p, stride, 1}, Stored{v, 1, h.key_stride},
                    ToStored{y + i * y_stride, y_stride}, nullptr, packing);
    }
  }

  static void backward(const HeadLayout& h, const T* q, const T* k, const T* v, const T* y, const A* lse, const T* dy,
                       const AttentionGradient<T>& dx, A* scratch) {
    const Index M = h.queries, N = h.keys, d = h.width, y_stride = h.y_stride(), stride = score_stride(N);
    A *p = scratch, *g = p + query_block * stride;
    A *dk = g + query_block * stride, *dv = dk + sums(N, d), *packing = dv + sums(N, d);
    for (Index i = 0; i < M; i += query_block) {
      const Index rows = smaller(query_block, M - i);
      const T *q_i = q + i * h.query_stride, *y_i = y + i * y_stride, *dy_i = dy + i * y_stride;
      const Stored query{q_i, h.query_stride, 1}, gradient{dy_i, y_stride, 1};
      Multiply::run(rows, N, d, query, Stored{k, h.key_stride, 1}, scores(p, stride), nullptr, packing);
      Multiply::run(rows, N, d, gradient, Stored{v, h.key_stride, 1}, scores(g, stride), nullptr, packing);
      score_gradient(rows, h, p, g, lse + i, y_i, dy_i);
      if (dx.v) add_up(h, rows, p, Stored{dy_i, 1, y_stride}, dx.v, dv, dx.accumulate_kv, i == 0, packing);
      if (dx.k) add_up(h, rows, g, Stored{q_i, 1, h.query_stride}, dx.k, dk, dx.accumulate_kv, i == 0, packing);
      if (T* const dq = dx.q ? dx.q + i * h.query_stride : nullptr)
        Multiply::run(rows, d, N, Scores{g, stride, 1}, Stored{k, 1, h.key_stride},
                      ToStored{dq, h.query_stride, nullptr, dx.accumulate_q ? dq : nullptr}, nullptr, packing);
    }
    if constexpr (!sums_in_place) {
      if (dx.v) give(h, dv, dx.v, dx.accumulate_kv);
      if (dx.k) give(h, dk, dx.k, dx.accumulate_kv);
    }
  }

 private:
  using S = Simd<A, Isa>;
  using Vector = typename S::Vector;
  using Multiply = Product<T, Isa>;
  using Stored = Operand<T>;
  using Scores = Operand<A>;
  using ToStored = Output<T, A>;
  using ToScores = Output<A, A>;
  static constexpr Index lanes = S::lanes;

  static ToScores scores(A* to, Index stride) { return {to, stride, nullptr, nullptr, {}, stride}; }

  /// pᵀ x, which a block of queries adds to the gradient `to` of all keys, or to its `sum`.
  static void add_up(const HeadLayout& h, Index rows, const A* p, const Stored& x, T* to, A* sum, bool accumulate,
                     bool first, A* packing) {
    ToScores target{sum, h.width};
    if constexpr (sums_in_place) target = {to, h.key_stride};
    if (!first || (sums_in_place && accumulate)) target.start = target.to;
    Multiply::run(h.keys, h.width, rows, Scores{p, 1, score_stride(h.keys)}, x, target, nullptr, packing);
  }
  /// A gradient that was added up goes where it belongs.
  [[gnu::noinline]] static void give(const HeadLayout& h, const A* sum, T* to, bool accumulate) {
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index j = 0; j < h.keys; ++j, sum += h.width, to += h.key_stride)
        for (Index c = 0; c < h.width; c += lanes) {
          Vector total, before = {};
          S::load(total, sum + c, h.width - c);
          if (accumulate) S::load(before, to + c, h.width - c);
          S::store(to + c, before + total, h.width - c);
        }
    });
  }

  /// Rows of scores become rows of the softmax; lse is what backward needs to find them again.
  [[gnu::noinline]] static void softmax(Index rows, Index N, Index d, A* p, A* lse) {
    const A scale = A(1) / A(exact_root(A(d)));
    const Index stride = score_stride(N), last = N / lanes * lanes;
    Isa::run([&]() __attribute__((always_inline)) {
      typename S::Bits beyond;  // the lanes of the vector at `last` that are no scores: they get what has an exp of 0
      Vector lowest;
      S::fill(lowest, A(-1e30));
      for (Index j = 0; j < lanes; ++j) beyond[j] = last + j < N ? 0 : -1;
      for (Index i = 0; i < rows; ++i, p += stride) {
        if (last < stride) S::at(p + last).v = beyond ? lowest : S::at(p + last).v;
        for (Index j = last + lanes; j < stride; j += lanes) S::at(p + j).v = lowest;
        Vector most = S::at(p).v, total = {};
        for (Index j = lanes; j < stride; j += lanes) S::raise(most, S::at(p + j).v);
        const A largest = S::largest(most);
        for (Index j = 0; j < stride; j += lanes) {
          Vector e;
          Math<A, Isa>::exp(e, (S::at(p + j).v - largest) * scale);
          total += e;
          S::at(p + j).v = e;
        }
        const A sum = S::sum(total), inverse = A(1) / sum;
        for (Index j = 0; j < stride; j += lanes) S::at(p + j).v *= inverse;
        lse[i] = largest * scale + math::log(sum);
      }
    });
  }

  /// p: scores become the softmax. g: gradients of the softmax become those of the unscaled scores.
  [[gnu::noinline]] static void score_gradient(Index rows, const HeadLayout& h, A* p, A* g, const A* lse, const T* y,
                                               const T* dy) {
    const A scale = A(1) / A(exact_root(A(h.width)));
    const Index stride = score_stride(h.keys), y_stride = h.y_stride();
    Isa::run([&]() __attribute__((always_inline)) {
      for (Index i = 0; i < rows; ++i, p += stride, g += stride, y += y_stride, dy += y_stride) {
        Vector dots = {};
        for (Index c = 0; c < h.width; c += lanes) {
          Vector a, b;
          S::load(a, y + c, h.width - c), S::load(b, dy + c, h.width - c);
          dots += a * b;
        }
        const A dot = S::sum(dots), offset = lse[i];
        for (Index j = 0; j < stride; j += lanes) {
          Vector e;
          Math<A, Isa>::exp(e, S::at(p + j).v * scale - offset);
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
  using A = typename Packed<T>::Sum;
  static constexpr WorkspaceSize attention_workspace(Index N, Index /*H*/, Index d) {
    const Index most = larger(larger(N, d), query_block);
    const Index numbers = 2 * query_block * score_stride(N) + 2 * AttentionHead<T, isa::Baseline>::sums(N, d);
    return {0, align_up(Index{sizeof(A)} * numbers + product_scratch<T>(most, most, most))};
  }

  static void attention(const AttentionShape& shape, const T* q, const T* k, const T* v, T* y, A* lse, Workspace ws);
  static void attention_gradient(const AttentionShape& shape, const T* q, const T* k, const T* v, const T* y,
                                 const A* lse, const T* dy, const AttentionGradient<T>& dx, Workspace ws);

 private:
  template <class Work>
  static void each_head(const HeadLayout& h, const Workspace& ws, const Work& work) {
    const Index least = ceil_divide(Index{1} << 18, h.queries * h.keys * h.width);
    isa::dispatch_products<IsaChoice, T>([&](auto set) {
      parallel_for<Threads>(h.batch * h.heads, least, ws.threads, [&](Index begin, Index end, int thread) {
        for (Index task = begin; task < end; ++task)
          work(AttentionHead<T, decltype(set)>{}, task, ws.template mine<A>(thread));
      });
    });
  }
};
template <class T, class IsaChoice, class Threads>
void AttentionKernels<T, IsaChoice, Threads>::attention(const AttentionShape& shape, const T* q, const T* k,
                                                        const T* v, T* y, A* lse, Workspace ws) {
  const HeadLayout h{shape};
  each_head(h, ws, [&](auto head, Index task, A* scratch) {
    const Index query = h.query_at(task), key = h.key_at(task);
    decltype(head)::forward(h, q + query, k + key, v + key, y + h.y_at(task), lse + task * h.queries, scratch);
  });
}
template <class T, class IsaChoice, class Threads>
void AttentionKernels<T, IsaChoice, Threads>::attention_gradient(const AttentionShape& shape, const T* q, const T* k,
                                                                 const T* v, const T* y, const A* lse, const T* dy,
                                                                 const AttentionGradient<T>& dx, Workspace ws) {
  const HeadLayout h{shape};
  auto moved = [](T* x, Index by) { return x ? x + by : nullptr; };
  each_head(h, ws, [&](auto head, Index task, A* scratch) {
    const Index query = h.query_at(task), key = h.key_at(task), result = h.y_at(task);
    decltype(head)::backward(h, q + query, k + key, v + key, y + result, lse + task * h.queries, dy + result,
                             {moved(dx.q, query), moved(dx.k, key), moved(dx.v, key), dx.accumulate_q,
                              dx.accumulate_kv},
                             scratch);
  });
}

}  // namespace mae::cpu
MAE_PRECISE_END
