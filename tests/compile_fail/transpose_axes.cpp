// What changes places are axes.
// expect-error: mae::transpose: both axes must be axes of x, and not the batch
// expect-text: SwappedAxes<1, 3,
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/gelu.hpp>
#include <mae/ops/transpose.hpp>

struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 3, 5>>>;
  constexpr auto operator()(const mae::Expression auto& x) const {
#ifdef MAE_FIXED
    auto y = mae::transpose<1, 2>(x);
#else
    auto y = mae::transpose<1, 3>(x);
#endif
    return mae::gelu(y);
  }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
