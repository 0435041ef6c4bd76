// A step needs one loss a sample.
// expect-error: mae: step needs a model that returns one loss a sample, Shape<dyn>
#include <mae/autograd/run/session.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/gelu.hpp>

#ifdef MAE_FIXED
using S = mae::Shape<mae::dyn>;
#else
using S = mae::Shape<mae::dyn, 5>;
#endif
struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<S>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return mae::gelu(x); }
};
using Policy = mae::Reference<float>;

double run(mae::Session<mae::Program<Model, Policy>>& session, mae::Weights<Model, Policy>& weights,
           const mae::Tensor<float, S>& x) {
  return session.step(weights, weights, x);
}
