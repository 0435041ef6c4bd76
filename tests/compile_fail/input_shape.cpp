// A tensor of another shape than the program's input.
// expect-error: mae: an input has another shape than the program's
// expect-text: Shape<-1, 5, 9>
// expect-text: Shape<-1, 5, 8>
#include <mae/autograd/run/session.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/gelu.hpp>

struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 5, 8>>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return mae::gelu(x); }
};
using Policy = mae::Reference<float>;
#ifdef MAE_FIXED
using Images = mae::Tensor<float, mae::Shape<mae::dyn, 5, 8>>;
#else
using Images = mae::Tensor<float, mae::Shape<mae::dyn, 5, 9>>;
#endif

void run(mae::Session<mae::Program<Model, Policy>>& session, const mae::Weights<Model, Policy>& weights,
         const Images& images) {
  session.forward(weights, images);
}
