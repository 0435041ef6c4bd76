// Queries of width 8 look at rows of 16: keys and values of width 8 each. Rows of 24 hold something else.
// expect-error: mae::attention<Heads>: q must be D wide and kv 2 * D, D a multiple of Heads
// expect-text: 8, 24, 2
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/attention.hpp>

#ifdef MAE_FIXED
constexpr mae::Index width = 16;
#else
constexpr mae::Index width = 24;
#endif
struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 3, 8>>, mae::Input<mae::Shape<mae::dyn, 5, width>>>;
  constexpr auto operator()(const mae::Expression auto& q, const mae::Expression auto& kv) const {
    return mae::attention<2>(q, kv);
  }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
