// The kernel contract in plain loops: the textbook, and the oracle that faster backends are tested against.
//
// Nothing here is clever. Sums run in the accumulator type A from first to last; every formula stands as it is written
// in the papers. Read `linear` to learn what a linear layer and its two gradients are, `attention` for the softmax
// that is recomputed from one number a row (Dao et al., FlashAttention, 2022, section 3.1).
#pragma once
#include <tuple>

#include <mae/backend/activation.hpp>
#include <mae/backend/kernels.hpp>
#include <mae/core/math.hpp>
#include <mae/core/shape.hpp>

MAE_PRECISE_BEGIN
namespace mae {

template <class Element>
struct Kernels<Reference<Element>> {
  using T = typename Reference<Element>::Activation;
  using W = typename Reference<Element>::Parameter;
  using A = typename Reference<Element>::Accumulator;
  static constexpr bool available = true;

  static constexpr WorkspaceSize linear_workspace(Index, Index) { return {}; }
  static constexpr WorkspaceSize layer_norm_workspace(Index) { return {}; }
  static constexpr WorkspaceSize attention_workspace(Index keys, Index, Index width) {
    return {align_up(Index{sizeof(A)} * (2 * keys + 1) * width), 0};
  }
  static constexpr WorkspaceSize sum_workspace() { return {}; }

  /// to[i] (+)= gradient, where it is wanted.
  template <class X>
  static void give(X* to, Index i, A gradient, bool accumulate) {
    if (to) to[i] = X(accumulate ? A(to[i]) + gradient : gradient);
  }
  /// Σ_i x[r, i] w[o, i] + b[o].
  template <class X>
  static A product(Index r, Index o, Index in, const X* x, const W* w, const W* b) {
    A sum = A(b[o]);
    for (Index i = 0; i < in; ++i) sum += A(x[r * in + i]) * A(w[o * in + i]);
    return sum;
  }
  template <class X, class Y>
  static void linear(Index R, Index in, Index out, const X* x, const W* w, const W* b, Y* y, Workspace) {
    for (Index r = 0; r < R; ++r)
      for (Index o = 0; o < out; ++o) y[r * out + o] = Y(product(r, o, in, x, w, b));
  }
  template <class Activation, class X>
  static void linear_activated(Index R, Index in, Index out, const X* x, const W* w, const W* b, T* h, T* y,
                               Workspace) {
    for (Index r = 0; r < R; ++r)
      for (Index o = 0; o < out; ++o) {
        const A sum = product(r, o, in, x, w, b);
        h[r * out + o] = T(sum);
        y[r * out + o] = T(activation_value<Activation>(A(h[r * out + o])));
      }
  }
  template <class X, class Residual, class Y>
  static void linear_add(Index R, Index in, Index out, const X* x, const W* w, const W* b, const Residual* residual,
                         Y* y, Workspace) {
    for (Index r = 0; r < R; ++r)
      for (Index o = 0; o < out; ++o) y[r * out + o] = Y(A(residual[r * out + o]) + product(r, o, in, x, w, b));
  }
  template <class Y, class X>
  static void linear_input_gradient(Index R, Index in, Index out, const Y* dy, const W* w, X* dx, bool accumulate,
                                    Workspace) {
    for (Index r = 0; r < R; ++r)
      for (Index i = 0; i < in; ++i) {
        A sum = accumulate ? A(dx[r * in + i]) : A(0);
        for (Index o = 0; o < out; ++o) sum += A(dy[r * out + o]) * A(w[o * in + i]);
        dx[r * in + i] = X(sum);
      }
  }
  template <class Y, class X>
  static void linear_weight_gradient(Index R, Index in, Index out, const Y* dy, const X* x, W* dw, W* db, Workspace) {
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
  template <class Activation>
  static void activation(Index n, const T* h, T* y) {
    for (Index i = 0; i < n; ++i) y[i] = T(activation_value<Activation>(A(h[i])));
  }
  template <class Activation>
  static void activation_gradient(Index n, const T* dy, const T* h, T* dh) {
    for (Index i = 0; i < n; ++i) dh[i] = T(A(dy[i]) * activation_slope<Activation>(A(h[i])));
  }

  template <class X>
  static void layer_norm(Index R, Index D, const X* x, const W* w, const W* b, double eps, T* y, A* stats) {
    for (Index r = 0; r < R; ++r) {
      const X* row = x + r * D;
      A mean = 0, variance = 0;
      for (Index i = 0; i < D; ++i) mean += A(row[i]);
      mean /= A(D);
      for (Index i = 0; i < D; ++i) variance += (A(row[i]) - mean) * (A(row[i]) - mean);
      const A scale = A(1) / math::sqrt(variance / A(D) + A(eps));
      for (Index i = 0; i < D; ++i) y[r * D + i] = T((A(row[i]) - mean) * scale * A(w[i]) + A(b[i]));
      stats[2 * r] = mean;
      stats[2 * r + 1] = scale;
    }
  }
  /// With n = (x - mean) scale and g = dy w: dx = scale (g - mean(g) - n mean(g n)), dw += Σ dy n, db += Σ dy.
  template <class X>
  static void layer_norm_gradient(Index R, Index D, const X* x, const W* w, const A* stats, const T* dy, X* dx,
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
        dx[r * D + i] = X(accumulate ? A(dx[r * D + i]) + gradient : gradient);
      }
    }
  }

  /// Where the query i of head h begins in q, and its result in y and lse; where the key j begins in k and v.
  static Index query_at(const AttentionShape& s, Index b, Index i, Index h) {
    return (b * s.queries + i) * s.query_stride + h * s.width;
  }
  static Index result_at(const AttentionShape& s, Index b, Index i, Index h) {
    return ((b * s.queries + i) * s.heads + h) * s.width;
  }
  static Index lse_at(const AttentionShape& s, Index b, Index i, Index h) {
    return (b * s.heads + h) * s.queries + i;
  }
  static Index key_at(const AttentionShape& s, Index b, Index j, Index h) {
    return (b * s.keys + j) * s.key_stride + h * s.width;
  }
  /// q·k / sqrt(d), the score of query i for key j.
  static A score(const AttentionShape& s, Index b, Index i, Index j, Index h, const T* q, const T* k) {
    q += query_at(s, b, i, h), k += key_at(s, b, j, h);
    A sum = 0;
    for (Index c = 0; c < s.width; ++c) sum += A(q[c]) * A(k[c]);
    return sum / math::sqrt(A(s.width));
  }
  /// y_i = Σ_j p_ij v_j, p_ij = exp(s_ij - lse_i), lse_i = log Σ_j exp(s_ij): the softmax, kept as one number a row.
  static void attention(const AttentionShape& s, const T* q, const T* k, const T* v, T* y, A* lse, Workspace) {
    for (Index b = 0; b < s.batch; ++b)
      for (Index h = 0; h < s.heads; ++h)
        for (Index i = 0; i < s.queries; ++i) {
          A largest = score(s, b, i, 0, h, q, k), sum = 0;
          for (Index j = 1; j < s.keys; ++j) largest = math::fmax(largest, score(s, b, i, j, h, q, k));
          for (Index j = 0; j < s.keys; ++j) sum += math::exp(score(s, b, i, j, h, q, k) - largest);
          const A total = lse[lse_at(s, b, i, h)] = largest + math::log(sum);
          for (Index c = 0; c < s.width; ++c) {
            A out = 0;
            for (Index j = 0; j < s.keys; ++j)
              out += math::exp(score(s, b, i, j, h, q, k) - total) * A(v[key_at(s, b, j, h) + c]);
            y[result_at(s, b, i, h) + c] = T(out);
          }
        }
  }
  /// dv_j = Σ_i p_ij dy_i, ds_ij = p_ij (dy_i·v_j - dy_i·y_i) / sqrt(d), dq_i = Σ_j ds_ij k_j, dk_j = Σ_i ds_ij q_i.
  static void attention_gradient(const AttentionShape& s, const T* q, const T* k, const T* v, const T* y, const A* lse,
                                 const T* dy, const AttentionGradient<T>& dx, Workspace ws) {
    A *const dq = ws.template shared<A>(), *const dk = dq + s.width, *const dv = dk + s.keys * s.width;  // of one head
    for (Index b = 0; b < s.batch; ++b)
      for (Index h = 0; h < s.heads; ++h) {
        for (Index n = 0; n < s.keys * s.width; ++n) dk[n] = dv[n] = 0;
        for (Index i = 0; i < s.queries; ++i) {
          const Index query = query_at(s, b, i, h), row = result_at(s, b, i, h);
          A dot = 0;
          for (Index c = 0; c < s.width; ++c) dot += A(dy[row + c]) * A(y[row + c]);
          for (Index c = 0; c < s.width; ++c) dq[c] = 0;
          for (Index j = 0; j < s.keys; ++j) {
            const Index key = key_at(s, b, j, h);
            const A p = math::exp(score(s, b, i, j, h, q, k) - lse[lse_at(s, b, i, h)]);
            A dp = 0;
            for (Index c = 0; c < s.width; ++c) dp += A(dy[row + c]) * A(v[key + c]);
            const A ds = p * (dp - dot) / math::sqrt(A(s.width));
            for (Index c = 0; c < s.width; ++c) {
              dv[j * s.width + c] += p * A(dy[row + c]);
              dq[c] += ds * A(k[key + c]);
              dk[j * s.width + c] += ds * A(q[query + c]);
            }
          }
          for (Index c = 0; c < s.width; ++c) give(dx.q, query + c, dq[c], dx.accumulate_q);
        }
        for (Index n = 0; n < s.keys * s.width; ++n) {
          const Index at = key_at(s, b, n / s.width, h) + n % s.width;
          give(dx.k, at, dk[n], dx.accumulate_kv);
          give(dx.v, at, dv[n], dx.accumulate_kv);
        }
      }
  }

  template <class Form, class... X, class Y>
  static void map(Index n, const std::tuple<const X*...>& x, Y* y) {
    for (Index i = 0; i < n; ++i)
      y[i] = Y(std::apply(
          [i](const X*... leaf) {
            const A in[] = {A(leaf[i])...};
            return Form::value(in);
          },
          x));
  }
  template <class Form, class... X, class Y>
  static void map_gradient(Index n, const std::tuple<const X*...>& x, const Y* dy, const std::tuple<X*...>& dx,
                           const bool* accumulate) {
    for (Index i = 0; i < n; ++i) {
      A gradient[Form::leaves];
      std::apply(
          [&](const X*... leaf) {
            int k = 0;
            const A in[] = {(Form::reads(k++) ? A(leaf[i]) : A(0))...};
            Form::pull_back(in, A(dy[i]), gradient);
          },
          x);
      std::apply(
          [&](X*... leaf) {
            int k = 0;
            ((give(leaf, i, gradient[k], accumulate[k]), ++k), ...);
          },
          dx);
    }
  }
  template <class F>
  static void each(Index n, const F& f, Index = 1) {
    for (Index i = 0; i < n; ++i) f(i);
  }
  template <class F>
  static void rows(Index R, Index D, const F& f) {
    for (Index r = 0; r < R; ++r)
      for (Index c = 0; c < D; ++c) f(r, c);
  }
  static constexpr Index columns_together = 1;
  template <class F, class Put>
  static void column_sums(Index R, Index D, const F& f, const Put& put) {
    row_sums(D, R, [&](Index c, Index r) { return f(r, c); }, put);
  }
  template <class F, class Put>
  static void row_sums(Index R, Index D, const F& f, const Put& put) {
    for (Index r = 0; r < R; ++r) {
      auto sum = f(r, 0);
      for (Index c = 1; c < D; ++c) sum += f(r, c);
      put(r, sum);
    }
  }

  static double sum_of_squares(Index n, const W* g, Workspace) {
    double sum = 0;
    for (Index i = 0; i < n; ++i) sum += double(g[i]) * double(g[i]);
    return sum;
  }
  using Factor = double;
  static void check_gradient(Index n, const W* g, Index offset, double clip, GradientCheck* check, Workspace ws) {
    note_gradient(*check, sum_of_squares(n, g, ws), n, g, offset, clip);
  }
  template <class Factors>
  static void update(Index n, const UpdateOperands<W, Factors::states>& x, const Factors* by,
                     const GradientCheck* check) {
    for (Index i = 0; i < n && check->fault == 0; ++i) {
      double weight = double(x.weights[i]), state[Factors::states];
      for (int k = 0; k < Factors::states; ++k) state[k] = double(x.state[k][i]);
      by->template update<RootOfNumber>(weight, double(x.gradients[i]) * check->scale, state);
      x.weights[i] = W(weight), x.gradients[i] = W(0);
      for (int k = 0; k < Factors::states; ++k) x.state[k][i] = W(state[k]);
    }
  }
};

}  // namespace mae
MAE_PRECISE_END
