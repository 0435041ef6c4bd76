// Columns shifted and scaled by fixed statistics: y = (x - mean) / sqrt(variance + 1e-6), parameters that no gradient
// changes; ∂L/∂x = ∂L/∂y / sqrt(variance + 1e-6). It is batch normalisation (Ioffe and Szegedy, 2015) as it stands when
// a model is used, before the linear probe of He et al., 2021, appendix A.1.
#pragma once
#include <mae/autograd/trace/operation.hpp>
#include <mae/core/math.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct StandardizeOperation : Operation {
  static constexpr const char* name = "standardize";
  template <class X>
  using Output = X;
  template <class Call>
  static void forward(const Call& f) {
    constexpr Index D = width_of<typename Call::Result>;
    using A = typename Call::A;
    const auto *const mean = f.parameter(0), *const variance = f.parameter(1);
    const Index rows = f.batch() * rows_of<typename Call::Result>;
    const auto x = f.x(first);
    const auto y = f.y();
    Call::Kernels::rows(rows, D, [=] MAE_HOST_DEVICE(Index r, Index c) {
      const A deviation = math::sqrt(A(variance[c]) + A(1e-6));
      y[r * D + c] = typename Call::T((A(x[r * D + c]) - A(mean[c])) / deviation);
    });
  }
  template <class Call>
  static void backward(const Call& f) {
    constexpr Index D = width_of<typename Call::Result>;
    using A = typename Call::A;
    const auto dy = f.dy();
    const auto variance = f.parameter(1);
    if (const auto dx = f.dx(first); dx.wanted())
      Call::Kernels::rows(f.batch() * rows_of<typename Call::Result>, D, [=] MAE_HOST_DEVICE(Index r, Index c) {
        dx.add(r * D + c, A(dy[r * D + c]) / math::sqrt(A(variance[c]) + A(1e-6)));
      });
  }
};

/// Columns of x [..., D] shifted and scaled by the fixed statistics mean [D] and variance [D].
template <Expression X, ParameterLike MeanParameter, ParameterLike VarianceParameter>
constexpr auto standardize(const X& x, const MeanParameter& mean, const VarianceParameter& variance) {
  static_assert(!MeanParameter::trained && !VarianceParameter::trained,
                "mae::standardize: the statistics are fixed; declare them Trainable::no");
  static_assert(MeanParameter::Shape::count == width_of<ShapeOf<X>> &&
                    VarianceParameter::Shape::count == width_of<ShapeOf<X>>,
                "mae::standardize: mean and variance must have the width of x");
  return apply<StandardizeOperation>(x, mean, variance);
}

}  // namespace mae
MAE_PRECISE_END
