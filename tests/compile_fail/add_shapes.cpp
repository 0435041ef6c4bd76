// Two expressions of different shapes do not add up.
// expect-error: mae: x + y needs x and y of the same shape
// expect-text: Shape<-1, 5, 8>
// expect-text: Shape<-1, 5, 9>
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/autograd/trace/pointwise.hpp>
#include <mae/ops/gelu.hpp>

struct Model {
  MAE_MODULE()
#ifdef MAE_FIXED
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 5, 8>>, mae::Input<mae::Shape<mae::dyn, 5, 8>>>;
#else
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 5, 8>>, mae::Input<mae::Shape<mae::dyn, 5, 9>>>;
#endif
  constexpr auto operator()(const mae::Expression auto& x, const mae::Expression auto& y) const {
    auto sum = x + y;
    return mae::gelu(sum);
  }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
