// The function checks its parameters as the layer does.
// expect-error: mae::Linear<In, Out>: the last extent of the input must be In
// expect-text: 6, 8
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/init.hpp>
#include <mae/ops/linear.hpp>

#ifdef MAE_FIXED
constexpr mae::Index width = 6;
#else
constexpr mae::Index width = 8;
#endif
struct Model {
  mae::Parameter<mae::Shape<4, width>, mae::init::XavierUniform> weight;
  mae::Parameter<mae::Shape<4>, mae::init::Zeros> bias;
  MAE_MODULE(weight, bias)
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 5, 6>>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return mae::linear(x, weight, bias); }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
