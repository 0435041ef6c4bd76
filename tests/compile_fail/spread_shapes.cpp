// An operand is spread along one axis, where it has extent 1.
// expect-error: mae: x * y needs x and y of the same shape
// expect-text: Shape<-1, 3, 5>
// expect-text: Shape<-1, 1, 1>
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/broadcast.hpp>
#include <mae/ops/gelu.hpp>

#ifdef MAE_FIXED
using Y = mae::Shape<mae::dyn, 3, 1>;
#else
using Y = mae::Shape<mae::dyn, 1, 1>;
#endif
struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 3, 5>>, mae::Input<Y>>;
  constexpr auto operator()(const mae::Expression auto& x, const mae::Expression auto& y) const {
    auto product = x * y;
    return mae::gelu(product);
  }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
