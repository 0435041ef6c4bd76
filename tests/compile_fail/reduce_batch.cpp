// Samples are not summed up.
// expect-error: mae::mean: the axis must be one of x's, and not the batch
// expect-text: AxisOfSample<0,
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/gelu.hpp>
#include <mae/ops/reduce.hpp>

struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 3, 5>>>;
  constexpr auto operator()(const mae::Expression auto& x) const {
#ifdef MAE_FIXED
    auto y = mae::mean<1>(x);
#else
    auto y = mae::mean<0>(x);
#endif
    return mae::gelu(y);
  }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
