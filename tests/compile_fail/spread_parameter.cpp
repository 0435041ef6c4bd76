// The shape of a parameter must be the end of what it is spread over.
// expect-error: mae: x * p needs a parameter p whose shape is the end of x's
// expect-text: TrailingShape<mae::Shape<-1, 3, 5>, mae::Shape<3>
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/init.hpp>
#include <mae/ops/broadcast.hpp>

struct Model {
#ifdef MAE_FIXED
  mae::Parameter<mae::Shape<5>, mae::init::Ones> gamma;
#else
  mae::Parameter<mae::Shape<3>, mae::init::Ones> gamma;
#endif
  MAE_MODULE(gamma)
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 3, 5>>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return x * gamma; }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
