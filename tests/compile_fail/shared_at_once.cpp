// A layer used twice has its whole gradient only when both uses are through.
// expect-error: mae: two operations use one parameter, whose gradient is whole only after the backward pass
#include <mae/autograd/run/session.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/linear.hpp>
#include <mae/ops/patch_error.hpp>
#include <mae/optim/in_backward.hpp>

using Tokens = mae::Shape<mae::dyn, 3, 8>;
using Policy = mae::Reference<float>;
struct Model {
  mae::Linear<8, 8> one, two;
  MAE_MODULE(one, two)
  using Inputs = mae::Inputs<mae::Input<Tokens>, mae::Input<Tokens>>;
  constexpr auto operator()(const mae::Expression auto& x, const mae::Expression auto& target) const {
#ifdef MAE_FIXED
    return mae::patch_error(two(one(x)), target);  // [B]
#else
    return mae::patch_error(one(one(x)), target);  // [B]
#endif
  }
};

void step(mae::Session<mae::Program<Model, Policy>>& session, mae::OptimizerInBackward<Model, Policy>& update) {
  session.backward(update);
}
