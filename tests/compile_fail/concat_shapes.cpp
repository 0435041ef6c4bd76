// Joined tensors differ along the axis alone.
// expect-error: mae::concat<Axis>: the shapes must be the same but for the axis
// expect-text: Shape<-1, 3, 5>
// expect-text: Shape<-1, 2, 6>
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/concat.hpp>

#ifdef MAE_FIXED
using Y = mae::Shape<mae::dyn, 2, 5>;
#else
using Y = mae::Shape<mae::dyn, 2, 6>;
#endif
struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 3, 5>>, mae::Input<Y>>;
  constexpr auto operator()(const mae::Expression auto& x, const mae::Expression auto& y) const {
    return mae::concat<1>(x, y);
  }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
