// A program for inference does not train.
// expect-error: mae: a program traced for Inference has no backward; use KeepAll
#include <mae/autograd/run/session.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/gelu.hpp>

struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn>>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return mae::gelu(x); }
};
using Policy = mae::Reference<float>;
#ifdef MAE_FIXED
using Program = mae::Program<Model, Policy, mae::KeepAll>;
#else
using Program = mae::Program<Model, Policy, mae::Inference>;
#endif

double run(mae::Session<Program>& session, mae::Weights<Model, Policy>& weights,
           const mae::Tensor<float, mae::Shape<mae::dyn>>& x) {
  return session.step(weights, weights, x);
}
