// The kernel contract in plain loops: the textbook, and the oracle that faster backends are tested against.
//
// Nothing here is clever. Sums run in the accumulator type A from first to last; every formula stands as it is written
// in the papers. Read `linear` to learn what a linear layer and its two gradients are, `attention` for the softmax
// that is recomputed from one number a row (Dao et al., FlashAttention, 2022, section 3.1).
#pragma once
#include <cmath>

#include <mae/backend/kernels.hpp>
#include <mae/backend/scalar.hpp>

namespace mae {

template <class Element>
struct Kernels<Reference<Element>> {
  using T = typename Reference<Element>::Activation;
  using W = typename Reference<Element>::Parameter;
  using A = typename Reference<Element>::Accumulator;
  static constexpr bool available = true;

  static constexpr WorkspaceSize linear_workspace(Index, Index) { return {}; }
  static constexpr WorkspaceSize layer_norm_workspace(Index) { return {}; }
  static constexpr WorkspaceSize attention_workspace(Index, Index, Index) { return {}; }
  static constexpr WorkspaceSize sum_workspace() { return {}; }

  /// Σ_i x[r, i] w[o, i] + b[o].
  static A product(Index r, Index o, Index in, const T* x, const W* w, const W* b) {
    A sum = A(b[o]);
    for (Index i = 0; i < in; ++i) sum += A(x[r * in + i]) * A(w[o * in + i]);
    return sum;
  }
  static void linear(Index R, Index in, Index out, const T* x, const W* w, const W* b, T* y, Workspace) {
    for (Index r = 0; r < R; ++r)
      for (Index o = 0; o < out; ++o) y[r * out + o] = T(product(r, o, in, x, w, b));
  }
  static void linear_gelu(Index R, Index in, Index out, const T* x, const W* w, const W* b, T* h, T* y, Workspace) {
    for (Index r = 0; r < R; ++r)
      for (Index o = 0; o < out; ++o) {
        const A sum = product(r, o, in, x, w, b);
        h[r * out + o] = T(sum);
        y[r * out + o] = T(gelu_value(sum));
      }
  }
  static void linear_add(Index R, Index in, Index out, const T* x, const W* w, const W* b, const T* residual, T* y,
                         Workspace) {
    for (Index r = 0; r < R; ++r)
      for (Index o = 0; o < out; ++o) y[r * out + o] = T(A(residual[r * out + o]) + product(r, o, in, x, w, b));
  }
  static void linear_input_gradient(Index R, Index in, Index out, const T* dy, const W* w, T* dx, bool accumulate,
                                    Workspace) {
    for (Index r = 0; r < R; ++r)
      for (Index i = 0; i < in; ++i) {
        A sum = accumulate ? A(dx[r * in + i]) : A(0);
        for (Index o = 0; o < out; ++o) sum += A(dy[r * out + o]) * A(w[o * in + i]);
        dx[r * in + i] = T(sum);
      }
  }
  static void linear_weight_gradient(Index R, Index in, Index out, const T* dy, const T* x, W* dw, W* db, Workspace) {
    for (Index o = 0; o < out; ++o) {
      for (Index i = 0; i < in; ++i) {
        A sum = 0;
        for (Index r = 0; r < R; ++r) sum += A(dy[r * out + o]) * A(x[r * in + i]);
        dw[o * in + i] += W(sum);
      }
      A sum = 0;
      for (Index r = 0; r < R; ++r) sum += A(dy[r * out + o]);
      if (db) db[o] += W(sum);
    }
  }
  static void gelu(Index n, const T* h, T* y) {
    for (Index i = 0; i < n; ++i) y[i] = T(gelu_value(A(h[i])));
  }
  static void gelu_gradient(Index n, const T* dy, const T* h, T* dh) {
    for (Index i = 0; i < n; ++i) dh[i] = T(A(dy[i]) * gelu_slope(A(h[i])));
  }

  static void layer_norm(Index R, Index D, const T* x, const W* w, const W* b, double eps, T* y, A* stats) {
    for (Index r = 0; r < R; ++r) {
      const T* row = x + r * D;
      A mean = 0, variance = 0;
      for (Index i = 0; i < D; ++i) mean += A(row[i]);
      mean /= A(D);
      for (Index i = 0; i < D; ++i) variance += (A(row[i]) - mean) * (A(row[i]) - mean);
      const A scale = A(1) / std::sqrt(variance / A(D) + A(eps));
      for (Index i = 0; i < D; ++i) y[r * D + i] = T((A(row[i]) - mean) * scale * A(w[i]) + A(b[i]));
      stats[2 * r] = mean;
      stats[2 * r + 1] = scale;
    }
  }
  /// With n = (x - mean) scale and g = dy w: dx = scale (g - mean(g) - n mean(g n)), dw += Σ dy n, db += Σ dy.
  static void layer_norm_gradient(Index R, Index D, const T* x, const W* w, const A* stats, const T* dy, T* dx,
                                  bool accumulate, W* dw, W* db, Workspace) {
    for (Index i = 0; i < D && dw; ++i) {
      A sum_w = 0, sum_b = 0;
      for (Index r = 0; r < R; ++r) {
        sum_w += A(dy[r * D + i]) * (A(x[r * D + i]) - stats[2 * r]) * stats[2 * r + 1];
        sum_b += A(dy[r * D + i]);
      }
      dw[i] += W(sum_w);
      db[i] += W(sum_b);
    }
    for (Index r = 0; r < R && dx; ++r) {
      const A mean = stats[2 * r], scale = stats[2 * r + 1];
      A mean_g = 0, mean_gn = 0;
      for (Index i = 0; i < D; ++i) {
        const A g = A(dy[r * D + i]) * A(w[i]);
        mean_g += g;
        mean_gn += g * (A(x[r * D + i]) - mean) * scale;
      }
      mean_g /= A(D);
      mean_gn /= A(D);
      for (Index i = 0; i < D; ++i) {
        const A n = (A(x[r * D + i]) - mean) * scale;
        const A gradient = scale * (A(dy[r * D + i]) * A(w[i]) - mean_g - n * mean_gn);
        dx[r * D + i] = T(accumulate ? A(dx[r * D + i]) + gradient : gradient);
      }
    }
  }

  /// Where q (part 0), k (1) or v (2) of token n and head h begins in qkv [B, N, 3, H, d].
  static Index at(Index b, Index n, Index part, Index h, Index N, Index H, Index d) {
    return (((b * N + n) * 3 + part) * H + h) * d;
  }
  /// q·k / sqrt(d), the score of query i for key j.
  static A score(Index b, Index i, Index j, Index h, Index N, Index H, Index d, const T* qkv) {
    const T *q = qkv + at(b, i, 0, h, N, H, d), *k = qkv + at(b, j, 1, h, N, H, d);
    A sum = 0;
    for (Index c = 0; c < d; ++c) sum += A(q[c]) * A(k[c]);
    return sum / std::sqrt(A(d));
  }
  /// y_i = Σ_j p_ij v_j, p_ij = exp(s_ij - lse_i), lse_i = log Σ_j exp(s_ij): the softmax, kept as one number a row.
  static void attention(Index B, Index N, Index H, Index d, const T* qkv, T* y, A* lse, Workspace) {
    for (Index b = 0; b < B; ++b)
      for (Index h = 0; h < H; ++h)
        for (Index i = 0; i < N; ++i) {
          A largest = score(b, i, 0, h, N, H, d, qkv), sum = 0;
          for (Index j = 1; j < N; ++j) largest = std::fmax(largest, score(b, i, j, h, N, H, d, qkv));
          for (Index j = 0; j < N; ++j) sum += std::exp(score(b, i, j, h, N, H, d, qkv) - largest);
          lse[(b * H + h) * N + i] = largest + std::log(sum);
          for (Index c = 0; c < d; ++c) {
            A out = 0;
            for (Index j = 0; j < N; ++j)
              out += std::exp(score(b, i, j, h, N, H, d, qkv) - lse[(b * H + h) * N + i]) *
                     A(qkv[at(b, j, 2, h, N, H, d) + c]);
            y[((b * N + i) * H + h) * d + c] = T(out);
          }
        }
  }
  /// dv_j = Σ_i p_ij dy_i, ds_ij = p_ij (dy_i·v_j - dy_i·y_i) / sqrt(d), dq_i = Σ_j ds_ij k_j, dk_j = Σ_i ds_ij q_i.
  static void attention_gradient(Index B, Index N, Index H, Index d, const T* qkv, const T* y, const A* lse,
                                 const T* dy, T* dqkv, bool accumulate, Workspace) {
    if (!accumulate)
      for (Index i = 0; i < B * N * 3 * H * d; ++i) dqkv[i] = T(A(0));
    auto add = [](T& to, A value) { to = T(A(to) + value); };
    for (Index b = 0; b < B; ++b)
      for (Index h = 0; h < H; ++h)
        for (Index i = 0; i < N; ++i) {
          const Index row = ((b * N + i) * H + h) * d;
          A dot = 0;
          for (Index c = 0; c < d; ++c) dot += A(dy[row + c]) * A(y[row + c]);
          for (Index j = 0; j < N; ++j) {
            const Index q = at(b, i, 0, h, N, H, d), k = at(b, j, 1, h, N, H, d), v = at(b, j, 2, h, N, H, d);
            const A p = std::exp(score(b, i, j, h, N, H, d, qkv) - lse[(b * H + h) * N + i]);
            A dp = 0;
            for (Index c = 0; c < d; ++c) dp += A(dy[row + c]) * A(qkv[v + c]);
            const A ds = p * (dp - dot) / std::sqrt(A(d));
            for (Index c = 0; c < d; ++c) {
              add(dqkv[v + c], p * A(dy[row + c]));
              add(dqkv[q + c], ds * A(qkv[k + c]));
              add(dqkv[k + c], ds * A(qkv[q + c]));
            }
          }
        }
  }

  template <class Form>
  static void map(Index n, const T* const* x, T* y) {
    for (Index i = 0; i < n; ++i) {
      A in[Form::leaves];
      for (int k = 0; k < Form::leaves; ++k) in[k] = A(x[k][i]);
      y[i] = T(Form::value(in));
    }
  }
  template <class Form>
  static void map_gradient(Index n, const T* const* x, const T* dy, T* const* dx, const bool* accumulate) {
    for (Index i = 0; i < n; ++i) {
      A in[Form::leaves], gradient[Form::leaves];
      for (int k = 0; k < Form::leaves; ++k) in[k] = Form::reads(k) ? A(x[k][i]) : A(0);
      Form::pull_back(in, A(dy[i]), gradient);
      for (int k = 0; k < Form::leaves; ++k)
        if (dx[k]) dx[k][i] = T(accumulate[k] ? A(dx[k][i]) + gradient[k] : gradient[k]);
    }
  }
  template <class F>
  static void each(Index n, const F& f) {
    for (Index i = 0; i < n; ++i) f(i);
  }
  template <class F>
  static void rows(Index R, Index D, const F& f) {
    for (Index r = 0; r < R; ++r)
      for (Index c = 0; c < D; ++c) f(r, c);
  }

  static double sum_of_squares(Index n, const W* g, Workspace) {
    double sum = 0;
    for (Index i = 0; i < n; ++i) sum += double(g[i]) * double(g[i]);
    return sum;
  }
  static void adamw(Index n, W* w, W* g, W* m, W* v, const AdamwStep& s) {
    for (Index i = 0; i < n; ++i) {
      const double gradient = double(g[i]) * s.gradient_scale;
      m[i] = W(s.beta1 * double(m[i]) + (1 - s.beta1) * gradient);
      v[i] = W(s.beta2 * double(v[i]) + (1 - s.beta2) * gradient * gradient);
      const double root = std::sqrt(double(v[i]) / s.correction2) + s.epsilon;
      w[i] = W(double(w[i]) * (1 - s.rate * s.decay) - s.rate * (double(m[i]) / s.correction1) / root);
      g[i] = W(0);
    }
  }
};

}  // namespace mae
