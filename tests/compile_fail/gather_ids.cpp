// Rows are named by whole numbers, not by activations.
// expect-error: mae::gather: ids must be Indices
// expect-text: float
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/gather.hpp>

#ifdef MAE_FIXED
using Ids = mae::Indices<mae::Shape<mae::dyn, 6>>;
#else
using Ids = mae::Input<mae::Shape<mae::dyn, 6>>;
#endif
struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 5, 8>>, Ids>;
  constexpr auto operator()(const mae::Expression auto& x, const mae::Expression auto& ids) const {
    return mae::gather(x, ids);
  }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
