// A token that becomes a square of 2 × 2 holds a multiple of four numbers.
// expect-error: mae::spread<Side, Map>: x must be [B, Map::places, Side * Side * O]
// expect-text: SquaresInTokens<16, 6, 16, 2>
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/gelu.hpp>
#include <mae/ops/spread.hpp>

#ifdef MAE_FIXED
constexpr mae::Index width = 8;
#else
constexpr mae::Index width = 6;
#endif
struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 16, width>>>;
  constexpr auto operator()(const mae::Expression auto& x) const {
    return mae::gelu(mae::spread<2, mae::Grid<4, 4, 8>>(x));
  }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
