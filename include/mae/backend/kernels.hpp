// The contract between operations and backends: what a backend must be able to do, on raw pointers and sizes.
//
// `Kernels<Policy>` is a struct of static functions. Operations call nothing else, so a new backend is one
// specialisation and one more policy in `tests/backend/contract_*_test.cpp`. `backend/reference.hpp` is the contract's
// meaning in plain loops; what follows is its index. T, W and A are the policy's activation, parameter and accumulator
// types. w, b, dw, db are of type W, stats and lse of type A, h, q, k, v and their gradients of type T, everything else
// of T or A: x and dx of one of them, y and dy of one of them. What is stored in T is computed in A and rounded once.
// All matrices are row-major and dense. R rows, B batch, M queries, N keys, D width, H heads, d head width.
//
// `accumulate` says `+=` instead of `=` for an input gradient. Parameter gradients always accumulate. A null `dx` is
// never passed. Every result is a function of the operands alone: it does not depend on the number of threads.
//
//   products   linear(R, in, out, x, w, b, y, ws)                        y = x wᵀ + b          w [out, in], b [out]
//              linear_activated<F>(R, in, out, x, w, b, h, y, ws)        h = x wᵀ + b, y = F(h)         h, y of type T
//              linear_add(R, in, out, x, w, b, r, y, ws)                 y = r + x wᵀ + b      y may be r
//              linear_input_gradient(R, in, out, dy, w, dx, accumulate, ws)            dx (+)= dy w
//              linear_weight_gradient(R, in, out, dy, x, dw, db, ws)     dw += dyᵀ x, db += Σ_r dy     db may be null
//              activation<F>(n, h, y)                                    y = F(h), the same bits as in linear_activated
//              activation_gradient<F>(n, dy, h, dh)                      dh = dy · F'(h)    dh may be dy
//   rows       layer_norm(R, D, x, w, b, eps, y, stats)                  stats [R, 2]: mean, 1/deviation; y of type T
//              layer_norm_gradient(R, D, x, w, stats, dy, dx, accumulate, dw, db, ws)          dx may be null here
//   attention  attention(shape, q, k, v, y, lse, ws)                     y [B,M,H,d] of type T, lse [B,H,M]
//              attention_gradient(shape, q, k, v, y, lse, dy, AttentionGradient, ws)
//   maps       map<Form>(n, x, y)                                        y[i] = Form(x₀[i], x₁[i], ...)
//              map_gradient<Form>(n, x, dy, dx, accumulate)              x, dx: tuples of pointers; null where not
//                                                                        wanted; accumulate: an array
//              each(n, f, numbers = 1)                                   f(i) for i in [0, n), any order, in parallel;
//                                                                        a call handles about so many numbers
//              rows(R, D, f)                                             f(r, c) for all r, c
//              columns_together                                          preferred number of adjacent columns per call
//                                                                        when f itself loops over rows
//              column_sums(R, D, f, put)                                 put(c, Σ_r f(r, c)) for all c, in f's type
//              row_sums(R, D, f, put)                                    put(r, Σ_c f(r, c)) for all r
//   training   sum_of_squares(n, g, ws) -> double                        fixed order
//              check_gradient(n, g, offset, clip, GradientCheck*, ws)    g is of the weights from number `offset` on
//              update(n, UpdateOperands, const Factors<Factor>*, const GradientCheck*)    one step of the optimizer
//                                                                        whose factors they are, in one pass; the
//                                                                        gradient is read and set to zero. Nothing,
//                                                                        once a fault is noted
//              Factor                                                    a type: of what updates multiply by
//
// Sizes of workspace, constant whatever the batch:
//              linear_workspace(in, out), layer_norm_workspace(D), attention_workspace(N, H, d), sum_workspace()
#pragma once
#include <mae/backend/policy.hpp>
#include <mae/backend/update.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Queries [B, M, H, d] look at keys and values [B, N, H, d]. A stride leads from a token to the next: they may lie
/// side by side in one matrix, or each in its own.
struct AttentionShape {
  Index batch, queries, keys, heads, width;
  Index query_stride, key_stride;
};
/// Where the gradients of q, k and v go, in the layout of q, k and v; null where nobody wants them.
template <class T>
struct AttentionGradient {
  T *q, *k, *v;
  bool accumulate_q, accumulate_kv;
};

}  // namespace mae
MAE_PRECISE_END
