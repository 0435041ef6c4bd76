// A map of one row has no squares of 2 × 2.
// expect-error: mae::max_pool<Map>: a map has at least two rows and two columns
// expect-text: PoolableGrid<1, 16>
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/gelu.hpp>
#include <mae/ops/max_pool.hpp>

#ifdef MAE_FIXED
using Map = mae::Grid<2, 8, 8>;
#else
using Map = mae::Grid<1, 16, 8>;
#endif
struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 16, 6>>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return mae::gelu(mae::max_pool<Map>(x)); }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
