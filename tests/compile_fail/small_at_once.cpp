// A small model's samples are shared out among shards, whose gradients are added up before anything is updated.
// expect-error: mae: a small model is worked in shards, each with a gradient of its own
#include <mae/autograd/run/batch_step.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/linear.hpp>
#include <mae/ops/patch_error.hpp>
#include <mae/optim/in_backward.hpp>

#ifdef MAE_FIXED
constexpr mae::Index width = 1600;
#else
constexpr mae::Index width = 8;
#endif
using Tokens = mae::Shape<mae::dyn, 3, width>;
using Policy = mae::Reference<float>;
struct Model {
  mae::Linear<width, width> layer;
  MAE_MODULE(layer)
  using Inputs = mae::Inputs<mae::Input<Tokens>, mae::Input<Tokens>>;
  constexpr auto operator()(const mae::Expression auto& x, const mae::Expression auto& target) const {
    return mae::patch_error(layer(x), target);  // [B]
  }
};

double step(mae::BatchStep<mae::Program<Model, Policy>>& all, const mae::Weights<Model, Policy>& weights,
            mae::OptimizerInBackward<Model, Policy>& update, const mae::Tensor<float, Tokens>& x) {
  return all.step_scaled(1, weights, update, x, x);
}
