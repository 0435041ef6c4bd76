// A piece lies inside its axis.
// expect-error: mae::slice<Axis, First, Count>: the piece must lie inside the axis
// expect-text: InsideAxis<2, 4, 5>
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/gelu.hpp>
#include <mae/ops/slice.hpp>

struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 3, 5>>>;
  constexpr auto operator()(const mae::Expression auto& x) const {
#ifdef MAE_FIXED
    auto y = mae::slice<-1, 2, 3>(x);
#else
    auto y = mae::slice<-1, 2, 4>(x);
#endif
    return mae::gelu(y);
  }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
