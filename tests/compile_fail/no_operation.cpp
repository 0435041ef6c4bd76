// A model that computes nothing.
// expect-error: mae: operator() returns one of its inputs unchanged
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/gelu.hpp>

struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 5, 8>>>;
  constexpr auto operator()(const mae::Expression auto& x) const {
#ifdef MAE_FIXED
    return mae::gelu(x);
#else
    return x;
#endif
  }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
