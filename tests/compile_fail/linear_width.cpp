// A layer for rows of 8 gets rows of 6.
// expect-error: mae::Linear<In, Out>: the last extent of the input must be In
// expect-text: 6, 8
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/linear.hpp>

#ifdef MAE_FIXED
constexpr mae::Index width = 6;
#else
constexpr mae::Index width = 8;
#endif
struct Model {
  mae::Linear<width, 4> layer;
  MAE_MODULE(layer)
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 5, 6>>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return layer(x); }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
