// A vector an image has no tokens to pool.
// expect-error: mae::pool: the tokens must be [B, N, D]
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/pool.hpp>

#ifdef MAE_FIXED
using Tokens = mae::Shape<mae::dyn, 5, 8>;
#else
using Tokens = mae::Shape<mae::dyn, 8>;
#endif
struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<Tokens>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return mae::pool<mae::Pool::mean>(x); }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
