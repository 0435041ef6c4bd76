// One input too few.
// expect-error: mae: the program takes another number of inputs
#include <mae/autograd/run/session.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/gelu.hpp>

struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 5, 8>>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return mae::gelu(x); }
};
using Policy = mae::Reference<float>;
using Images = mae::Tensor<float, mae::Shape<mae::dyn, 5, 8>>;

void run(mae::Session<mae::Program<Model, Policy>>& session, const mae::Weights<Model, Policy>& weights,
         [[maybe_unused]] const Images& images) {
#ifdef MAE_FIXED
  session.forward(weights, images);
#else
  session.forward(weights);
#endif
}
