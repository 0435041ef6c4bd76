// The losses of boxes at places: how far off each box is, and how far off the model's own opinion of it is.
//
// prediction and target [B, N, 5], classes [B, N] → [B], sums over the places of an object (class 0 or more). A place's
// five numbers are its distances l, t, r, b to the sides of its object, in strides of its map, and the quality of the
// place. The model predicts logarithms, p = eᵛ: a distance is positive then, every v has a gradient, and small boxes
// learn as fast as large ones since the loss sees ratios alone. (A ReLU in its place, as torchvision has it, gives none
// where v is negative, which is half of all places at first.)
//
// `box_loss` (generalised IoU; Rezatofighi et al., CVPR 2019): both boxes hold the place, so all that is needed are
// sums of smaller and larger sides. With g the target's distances, A = (l + r)(t + b) and A_g the areas, I = (min l +
// min r)(min t + min b) the shared part, U = A + A_g - I and C, as I with max, the enclosing box,
//
//     L = Σ 1 - I/U + (C - U)/C = Σ 2 - I/U - U/C,
//     ∂L/∂v = -p ((∂I - I/U ∂U)/U + (∂U - U/C ∂C)/C),   ∂U = ∂A - ∂I,
//     ∂A/∂l = t + b,   ∂I/∂l = [l < l_g] (min t + min b),   ∂C/∂l = [l > l_g] (max t + max b),   t, r, b alike.
//
// Targets are positive, so nothing is divided by zero. |v| counts up to 80, where the loss is at its limit.
//
// `quality_loss`: the target c in [0, 1] is the place's centerness (data/detection_targets.hpp), the prediction a logit
// x; L = Σ log(1 + eˣ) - c x - H(c), ∂L/∂x = σ(x) - c. H(c), the entropy of the target, is what cross-entropy cannot go
// below, about 0.55 a place on average; without it the loss of a perfect model is 0.
#pragma once
#include <mae/ops/focal_loss.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {
/// A predicted box and its target at one place.
struct BoxPair {
  double p[4], g[4];               ///< l, t, r, b
  double common, joint, hull;      ///< areas: shared, of both, enclosing
  double shared[2], enclosing[2];  ///< their widths and heights

  template <class X, class Target>
  MAE_HOST_DEVICE BoxPair(const X* prediction, const Target* target) {
    for (int k = 0; k < 4; ++k) {
      const double v = double(prediction[k]);
      p[k] = math::exp(v < -80 ? -80 : v > 80 ? 80 : v);
      g[k] = double(target[k]);
    }
    for (int k = 0; k < 2; ++k) {
      shared[k] = math::fmin(p[k], g[k]) + math::fmin(p[k + 2], g[k + 2]);
      enclosing[k] = math::fmax(p[k], g[k]) + math::fmax(p[k + 2], g[k + 2]);
    }
    common = shared[0] * shared[1];
    hull = enclosing[0] * enclosing[1];
    joint = (p[0] + p[2]) * (p[1] + p[3]) + (g[0] + g[2]) * (g[1] + g[3]) - common;
  }
  MAE_HOST_DEVICE double loss() const { return 2 - common / joint - joint / hull; }
  /// ∂L/∂v of distance k.
  MAE_HOST_DEVICE double slope(int k) const {
    const int other = 1 - k % 2;  // the axis that the side runs along
    const double d_own = p[other] + p[other + 2];
    const double d_common = p[k] < g[k] ? shared[other] : 0, d_hull = p[k] > g[k] ? enclosing[other] : 0,
                 d_joint = d_own - d_common;
    return -p[k] * ((d_common - common / joint * d_joint) / joint + (d_joint - joint / hull * d_hull) / hull);
  }
};

/// c log c, 0 at 0.
MAE_HOST_DEVICE inline double times_log(double c) { return c > 0 ? c * math::log(c) : 0; }

/// `Op::loss(prediction, target)` of a place, and `Op::slopes(prediction, target, to)`, its derivatives by the five
/// numbers of the prediction, which are zeros before.
template <class Op>
struct PlaceLossOperation : LossOperation {
  static constexpr unsigned keep = keep_input(0) | keep_input(1) | keep_input(2);
  static constexpr unsigned non_differentiable = 6;

  template <class Call>
  static void forward(const Call& f) {
    constexpr Index N = Call::template Operand<0>::Shape::extent(1);
    const auto x = f.x(first);
    const auto target = f.x(second);
    const auto classes = f.x(third);
    const auto y = f.y();
    Call::Kernels::row_sums(
        f.batch(), N,
        [=] MAE_HOST_DEVICE(Index b, Index n) {
          const Index place = b * N + n;
          return classes[place] >= 0 ? Op::loss(x + 5 * place, target + 5 * place) : 0.0;
        },
        [=] MAE_HOST_DEVICE(Index b, double sum) { y[b] = typename Call::T(sum); });
  }
  template <class Call>
  static void backward(const Call& f) {
    constexpr Index N = Call::template Operand<0>::Shape::extent(1);
    using A = typename Call::A;
    const auto x = f.x(first);
    const auto target = f.x(second);
    const auto classes = f.x(third);
    const auto dy = f.dy();
    if (const auto dx = f.dx(first); dx.wanted())
      Call::Kernels::each(f.batch() * N, [=] MAE_HOST_DEVICE(Index place) {
        double slopes[5] = {};
        if (classes[place] >= 0) Op::slopes(x + 5 * place, target + 5 * place, slopes);
        for (Index k = 0; k < 5; ++k) dx.add(5 * place + k, A(double(dy[place / N]) * slopes[k]));
      });
  }
};
}  // namespace detail

struct BoxLossOperation : detail::PlaceLossOperation<BoxLossOperation> {
  static constexpr const char* name = "box loss";
  template <class X, class Target>
  MAE_HOST_DEVICE static double loss(const X* prediction, const Target* target) {
    return detail::BoxPair(prediction, target).loss();
  }
  template <class X, class Target>
  MAE_HOST_DEVICE static void slopes(const X* prediction, const Target* target, double* to) {
    const detail::BoxPair pair(prediction, target);
    for (int k = 0; k < 4; ++k) to[k] = pair.slope(k);
  }
};

struct QualityLossOperation : detail::PlaceLossOperation<QualityLossOperation> {
  static constexpr const char* name = "quality loss";
  template <class X, class Target>
  MAE_HOST_DEVICE static double loss(const X* prediction, const Target* target) {
    const double x = double(prediction[4]), c = double(target[4]);
    return detail::Logistic(x).softplus - c * x + detail::times_log(c) + detail::times_log(1 - c);
  }
  template <class X, class Target>
  MAE_HOST_DEVICE static void slopes(const X* prediction, const Target* target, double* to) {
    to[4] = detail::Logistic(double(prediction[4])).sigmoid - double(target[4]);
  }
};

namespace detail {
template <class Op, Expression X, Expression Y, Expression Classes>
constexpr auto place_loss(const X& prediction, const Y& target, const Classes& classes) {
  constexpr bool shapes = std::is_same_v<ShapeOf<X>, ShapeOf<Y>> && ShapeOf<X>::rank == 3 &&
                          width_of<ShapeOf<X>> == 5 && ShapeOf<Classes>::rank == 2 &&
                          rows_of<ShapeOf<X>> == ShapeOf<Classes>::count;
  using Element = rule::IndexElement<typename std::remove_cvref_t<decltype(classes.eval())>::Element>;
  static_assert(shapes, "mae: a loss of boxes takes prediction and target [B, N, 5] and classes [B, N]");
  static_assert(Element::holds, "mae: a loss of boxes takes classes as Indices");
  if constexpr (shapes && Element::holds) return apply<Op>(prediction, target, classes);
  else return error_placeholder<Shape<dyn>>(prediction);
}
}  // namespace detail

/// The sum of 1 - GIoU over each sample's places of objects; prediction [B, N, 5] logarithms of distances and a logit,
/// target [B, N, 5] distances and a quality, classes Indices [B, N].
template <Expression X, Expression Y, Expression Classes>
constexpr auto box_loss(const X& prediction, const Y& target, const Classes& classes) {
  return detail::place_loss<BoxLossOperation>(prediction, target, classes);
}
/// The sum of binary cross-entropies of the qualities, less the targets' entropies; operands as `box_loss` has them.
template <Expression X, Expression Y, Expression Classes>
constexpr auto quality_loss(const X& prediction, const Y& target, const Classes& classes) {
  return detail::place_loss<QualityLossOperation>(prediction, target, classes);
}

}  // namespace mae
MAE_PRECISE_END
