// Rows of 24 hold q, k and v of two heads of width 4, but not those of five heads.
// expect-error: mae::attention<Heads>: the width of the input must be a multiple of 3 * Heads
// expect-text: 24, 5
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/ops/attention.hpp>

#ifdef MAE_FIXED
constexpr mae::Index heads = 2;
#else
constexpr mae::Index heads = 5;
#endif
struct Model {
  MAE_MODULE()
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 5, 24>>>;
  constexpr auto operator()(const mae::Expression auto& qkv) const { return mae::attention<heads>(qkv); }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
