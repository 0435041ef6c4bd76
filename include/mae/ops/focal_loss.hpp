// The loss of classes at places, most of which hold nothing (Lin et al., "Focal Loss for Dense Object Detection", ICCV
// 2017, section 3).
//
// logits [B, N, K], classes [B, N] → [B]. Each of the K logits of a place is a question of its own: is this class here?
// A class in [0, K) answers yes to one and no to the others, -1 (`nothing_here`) no to all; a place of any other class,
// by custom -2, takes no part. With p = σ(x), s = -x where the answer is yes and s = x where it is no, q = σ(s) is how
// wrong the model is, and
//
//     L_b = Σ a q² log(1 + eˢ),   ∂L_b/∂s = a q² (q + 2 (1 - q) log(1 + eˢ)),   a = 1/4 for yes, 3/4 for no.
//
// Without a q² that is cross-entropy; q² takes from the thousands of easy places what would drown the few with an
// object. It is a sum, not a mean: who trains weighs it by how many objects there are (model/detector.hpp). Sums run in
// double; no logit overflows.
#pragma once
#include <mae/core/math.hpp>
#include <mae/core/rules.hpp>
#include <mae/ops/error_placeholder.hpp>
#include <mae/ops/loss.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// What the class of a place says when it is none of [0, K).
inline constexpr std::int32_t nothing_here = -1, ignored_here = -2;

namespace detail {
/// σ(x) and log(1 + eˣ), to full relative precision for any x (the logarithm by Kahan's quotient, near 1 + eˣ = 1).
struct Logistic {
  double sigmoid, softplus;
  MAE_HOST_DEVICE explicit Logistic(double x) {
    const double e = math::exp(-math::fabs(x)), sum = 1 + e;
    sigmoid = (x < 0 ? e : 1) / sum;
    softplus = (x > 0 ? x : 0) + (sum == 1 ? e : math::log(sum) * (e / (sum - 1)));
  }
};
}  // namespace detail

struct FocalLossOperation : LossOperation {
  static constexpr const char* name = "focal loss";
  static constexpr double yes = 0.25, no = 0.75;  ///< a
  template <class M, class X, class>
  static constexpr Index flops = 12 * X::count;

  template <class Call>
  static void forward(const Call& f) {
    using Logits = typename Call::template Operand<0>::Shape;
    constexpr Index N = Logits::extent(1), K = Logits::extent(2);
    const auto x = f.x(first);
    const auto classes = f.x(second);
    const auto y = f.y();
    Call::Kernels::row_sums(
        f.batch(), N,
        [=] MAE_HOST_DEVICE(Index b, Index n) {
          const Index c = classes[b * N + n];
          double sum = 0;
          if (c < nothing_here || c >= K) return sum;
          for (Index k = 0; k < K; ++k) {
            const double value = double(x[(b * N + n) * K + k]);
            const detail::Logistic wrong(k == c ? -value : value);
            sum += (k == c ? yes : no) * wrong.sigmoid * wrong.sigmoid * wrong.softplus;
          }
          return sum;
        },
        [=] MAE_HOST_DEVICE(Index b, double sum) { y[b] = typename Call::T(sum); });
  }
  template <class Call>
  static void backward(const Call& f) {
    using Logits = typename Call::template Operand<0>::Shape;
    constexpr Index N = Logits::extent(1), K = Logits::extent(2);
    using A = typename Call::A;
    const auto x = f.x(first);
    const auto classes = f.x(second);
    const auto dy = f.dy();
    if (const auto dx = f.dx(first); dx.wanted())
      Call::Kernels::each(f.batch() * N, [=] MAE_HOST_DEVICE(Index p) {
        const Index c = classes[p];
        const bool counts = c >= nothing_here && c < K;
        for (Index k = 0; k < K; ++k) {
          double slope = 0;
          if (counts) {
            const double sign = k == c ? -1 : 1;
            const detail::Logistic wrong(sign * double(x[p * K + k]));
            const double q = wrong.sigmoid;
            slope = double(dy[p / N]) * sign * (k == c ? yes : no) * q * q * (q + 2 * (1 - q) * wrong.softplus);
          }
          dx.add(p * K + k, A(slope));
        }
      });
  }
};

/// The sum of the focal losses of each sample's places; logits [B, N, K], classes Indices [B, N].
template <Expression X, Expression Classes>
constexpr auto focal_loss(const X& logits, const Classes& classes) {
  constexpr bool shapes =
      ShapeOf<X>::rank == 3 && ShapeOf<Classes>::rank == 2 && rows_of<ShapeOf<X>> == ShapeOf<Classes>::count;
  using Element = rule::IndexElement<typename std::remove_cvref_t<decltype(classes.eval())>::Element>;
  static_assert(shapes, "mae::focal_loss: logits must be [B, N, K] and classes [B, N]");
  static_assert(Element::holds, "mae::focal_loss: classes must be Indices");
  if constexpr (shapes && Element::holds) return apply<FocalLossOperation>(logits, classes);
  else return detail::error_placeholder<Shape<dyn>>(logits);
}

}  // namespace mae
MAE_PRECISE_END
