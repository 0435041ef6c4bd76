// expect-error: mae: an input is a temporary tensor; give it a name, for backward reads it again
#include <mae/autograd/run/session.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/linear.hpp>

struct Model {
  mae::Linear<4, 2> layer;
  MAE_MODULE(layer)
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 4>>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return layer(x); }
};

int main() {
  using Policy = mae::Reference<float>;
  const mae::Weights<Model, Policy> weights;
  mae::Session<mae::Program<Model, Policy>> session(1);
#ifdef MAE_FIXED
  const mae::Tensor<float, mae::Shape<mae::dyn, 4>> x(1);
  session.forward(weights, x);
#else
  session.forward(weights, mae::Tensor<float, mae::Shape<mae::dyn, 4>>(1));
#endif
}
