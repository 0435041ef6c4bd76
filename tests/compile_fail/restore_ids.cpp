// Places are whole numbers, not activations.
// expect-error: mae::restore: ids must be Indices
// expect-text: float
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/init.hpp>
#include <mae/ops/restore.hpp>

#ifdef MAE_FIXED
using Ids = mae::Indices<mae::Shape<mae::dyn, 6>>;
#else
using Ids = mae::Input<mae::Shape<mae::dyn, 6>>;
#endif
struct Model {
  mae::Parameter<mae::Shape<8>, mae::init::Zeros> mask_token;
  MAE_MODULE(mask_token)
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 5, 8>>, Ids>;
  constexpr auto operator()(const mae::Expression auto& x, const mae::Expression auto& ids) const {
    return mae::restore(x, ids, mask_token);
  }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
