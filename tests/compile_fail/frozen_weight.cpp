// The gradient of the bias is computed with that of the weight: a frozen weight has no trained bias.
// expect-error: mae: weight and bias are trained or frozen together
// expect-text: false, true
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/init.hpp>
#include <mae/ops/linear.hpp>

#ifdef MAE_FIXED
constexpr auto bias_training = mae::Trainable::no;
#else
constexpr auto bias_training = mae::Trainable::yes;
#endif
struct Model {
  mae::Parameter<mae::Shape<4, 6>, mae::init::XavierUniform, mae::Trainable::no> weight;
  mae::Parameter<mae::Shape<4>, mae::init::Zeros, bias_training> bias;
  MAE_MODULE(weight, bias)
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 5, 6>>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return mae::linear(x, weight, bias); }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
