// The loss of segmentation: cross-entropy of each pixel's logits, the mean over the pixels that are labelled.
//
// logits [B, N, K], labels [B, N] → [B]. With M the pixels n of sample b whose label c_n is in [0, K), p = softmax(x),
//
//     L_b = -1/|M| Σ_{n ∈ M} log p[n, c_n],   ∂L_b/∂x[n, k] = (p[n, k] - [k = c_n]) / |M|  for n in M, else 0.
//
// Any other label, by custom 255, takes no part. Where no pixel is labelled the loss is 0 (PyTorch: not a number). The
// mean is over each image's own pixels, so that an image counts the same in whatever batch it stands; PyTorch's
// F.cross_entropy(ignore_index=255) gives this on a batch of one. Forward notes log Σ exp of each pixel. Sums run in
// double.
#pragma once
#include <mae/core/rules.hpp>
#include <mae/ops/cross_entropy.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct PixelCrossEntropyOperation : LossOperation {
  static constexpr const char* name = "pixel cross-entropy";
  /// 1 / |M|, then log Σ exp of each pixel.
  template <class M, class X, class>
  static constexpr Index saved_state = (1 + rows_of<X>)*Index{sizeof(typename M::Policy::Accumulator)};
  template <class M, class X, class>
  static constexpr Index flops = 4 * X::count;

  template <class Call>
  static void forward(const Call& f) {
    using Logits = typename Call::template Operand<0>::Shape;
    constexpr Index N = Logits::extent(1), K = Logits::extent(2);
    using A = typename Call::A;
    const auto x = f.x(first);
    const auto labels = f.x(second);
    const auto y = f.y();
    A* const notes = f.saved_state();
    Call::Kernels::row_sums(
        f.batch(), N,
        [=] MAE_HOST_DEVICE(Index b, Index n) { return double(labels[b * N + n] >= 0 && labels[b * N + n] < K); },
        [=] MAE_HOST_DEVICE(Index b, double count) { notes[b * (N + 1)] = A(count > 0 ? 1 / count : 0); });
    Call::Kernels::row_sums(
        f.batch(), N,
        [=] MAE_HOST_DEVICE(Index b, Index n) {
          const auto* const row = x + (b * N + n) * K;
          const auto label = labels[b * N + n];
          if (label < 0 || label >= K) return 0.0;
          const double normalizer = CrossEntropyOperation::log_sum_exp(row, K);
          notes[b * (N + 1) + 1 + n] = A(normalizer);
          return normalizer - double(row[label]);
        },
        [=] MAE_HOST_DEVICE(Index b, double sum) { y[b] = typename Call::T(sum * double(notes[b * (N + 1)])); });
  }
  template <class Call>
  static void backward(const Call& f) {
    using Logits = typename Call::template Operand<0>::Shape;
    constexpr Index N = Logits::extent(1), K = Logits::extent(2);
    using A = typename Call::A;
    const auto x = f.x(first);
    const auto labels = f.x(second);
    const auto dy = f.dy();
    const A* const notes = f.saved_state();
    if (const auto dx = f.dx(first); dx.wanted())
      Call::Kernels::each(f.batch() * N, [=] MAE_HOST_DEVICE(Index p) {
        const Index b = p / N, label = labels[p];
        const bool counts = label >= 0 && label < K;
        const double scale = counts ? double(dy[b]) * double(notes[b * (N + 1)]) : 0;
        const double normalizer = counts ? double(notes[b * (N + 1) + 1 + p % N]) : 0;
        for (Index k = 0; k < K; ++k) {
          const double slope = scale * (math::exp(double(x[p * K + k]) - normalizer) - double(k == label));
          dx.add(p * K + k, A(counts ? slope : 0));
        }
      });
  }
};

/// The mean cross-entropy of each sample's labelled pixels; logits [B, N, K], labels Indices [B, N].
template <Expression X, Expression Labels>
constexpr auto pixel_cross_entropy(const X& logits, const Labels& labels) {
  constexpr bool shapes =
      ShapeOf<X>::rank == 3 && ShapeOf<Labels>::rank == 2 && rows_of<ShapeOf<X>> == ShapeOf<Labels>::count;
  using Element = rule::IndexElement<typename std::remove_cvref_t<decltype(labels.eval())>::Element>;
  static_assert(shapes, "mae::pixel_cross_entropy: logits must be [B, N, K] and labels [B, N]");
  static_assert(Element::holds, "mae::pixel_cross_entropy: labels must be Indices");
  if constexpr (shapes && Element::holds) return apply<PixelCrossEntropyOperation>(logits, labels);
  else return detail::error_placeholder<Shape<dyn>>(logits);
}

}  // namespace mae
MAE_PRECISE_END
