// Both factors must agree in the axis that is summed over.
// expect-error: mae::matmul: x must be [B, .., M, K] and y [B, .., K, N]
// expect-text: Shape<-1, 3, 5>
// expect-text: Shape<-1, 4, 6>
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/matmul.hpp>

#ifdef MAE_FIXED
using Y = mae::Shape<mae::dyn, 5, 6>;
#else
using Y = mae::Shape<mae::dyn, 4, 6>;
#endif
struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 3, 5>>, mae::Input<Y>>;
  constexpr auto operator()(const mae::Expression auto& x, const mae::Expression auto& y) const {
    return mae::matmul(x, y);
  }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
