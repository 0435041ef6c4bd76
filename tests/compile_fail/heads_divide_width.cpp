// Seven heads cannot share a width of 64.
// expect-error: mae::Attention<D, Heads>: the width D must be a multiple of Heads
// expect-text: 64, 7
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/attention.hpp>

#ifdef MAE_FIXED
constexpr mae::Index heads = 8;
#else
constexpr mae::Index heads = 7;
#endif
struct Model {
  mae::Attention<64, heads> attention;
  MAE_MODULE(attention)
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 5, 64>>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return attention(x); }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
