// An element-wise expression has at most four operands.
// expect-error: mae: more than 4 operands in one element-wise expression; give a part of it a name
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/autograd/trace/pointwise.hpp>
#include <mae/ops/gelu.hpp>

struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 5, 8>>, mae::Input<mae::Shape<mae::dyn, 5, 8>>>;
  constexpr auto operator()(const mae::Expression auto& x, const mae::Expression auto& y) const {
#ifdef MAE_FIXED
    auto part = x * y + x;
    return mae::gelu(part + y - x);
#else
    return mae::gelu(x * y + x + y - x);
#endif
  }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
