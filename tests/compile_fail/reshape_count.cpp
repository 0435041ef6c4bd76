// Another shape has as many numbers.
// expect-error: mae::reshape<To>: x and To must have the same number of values a sample
// expect-text: Shape<-1, 3, 5>
// expect-text: Shape<-1, 16>
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/gelu.hpp>
#include <mae/ops/reshape.hpp>

struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 3, 5>>>;
  constexpr auto operator()(const mae::Expression auto& x) const {
#ifdef MAE_FIXED
    auto y = mae::reshape<mae::Shape<mae::dyn, 15>>(x);
#else
    auto y = mae::reshape<mae::Shape<mae::dyn, 16>>(x);
#endif
    return mae::gelu(y);
  }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
