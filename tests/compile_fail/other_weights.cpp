// expect-error: mae: these weights belong to another model
#include <mae/autograd/run/session.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/linear.hpp>

template <mae::Index Out>
struct Model {
  mae::Linear<4, Out> layer;
  MAE_MODULE(layer)
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 4>>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return layer(x); }
};

int main() {
  using Policy = mae::Reference<float>;
#ifdef MAE_FIXED
  const mae::Weights<Model<2>, Policy> weights;
#else
  const mae::Weights<Model<3>, Policy> weights;
#endif
  mae::Session<mae::Program<Model<2>, Policy>> session(1);
  const mae::Tensor<float, mae::Shape<mae::dyn, 4>> x(1);
  session.forward(weights, x);
}
