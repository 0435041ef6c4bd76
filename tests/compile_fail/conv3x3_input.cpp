// A convolution on two maps, of 20 places, gets tokens of 16.
// expect-error: mae::conv3x3<Maps>: x must be [B, Maps::places, C], C that of the weight
// expect-text: ConvolutionInput<16, 6, 20, 6>
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/init.hpp>
#include <mae/ops/conv3x3.hpp>

#ifdef MAE_FIXED
using Maps = mae::Levels<mae::Grid<4, 4, 8>>;
#else
using Maps = mae::Levels<mae::Grid<4, 4, 8>, mae::Grid<2, 2, 16>>;
#endif
struct Model {
  mae::Parameter<mae::Shape<4, 6, 3, 3>, mae::init::XavierUniform> weight;
  mae::Parameter<mae::Shape<4>, mae::init::Zeros> bias;
  MAE_MODULE(weight, bias)
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 16, 6>>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return mae::conv3x3<Maps>(x, weight, bias); }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
