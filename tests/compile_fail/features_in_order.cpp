// Features are asked for in the order of the blocks.
// expect-error: mae::Repeat::features<...>: name blocks by ascending numbers, from 0 to N - 1
#include <mae/autograd/run/repeat.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/block.hpp>

#ifdef MAE_FIXED
constexpr int last = 3;
#else
constexpr int last = 4;
#endif
struct Model {
  mae::Repeat<4, mae::Block<8, 2>> blocks;
  MAE_MODULE(blocks)
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 5, 8>>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return blocks.template features<1, last>(x)[1]; }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
