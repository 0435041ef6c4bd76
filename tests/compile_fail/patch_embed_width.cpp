// Patches of 2 x 2 pixels and 3 channels have 12 values; these have 10.
// expect-error: mae::PatchEmbed<C, P, D>: the last extent of the patches must be P * P * C
// expect-text: 10, 12
#include <mae/autograd/run/program.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/patch_embed.hpp>

#ifdef MAE_FIXED
constexpr mae::Index values = 12;
#else
constexpr mae::Index values = 10;
#endif
struct Model {
  mae::PatchEmbed<3, 2, 8> patch_embed;
  MAE_MODULE(patch_embed)
  using Inputs = mae::Inputs<mae::Input<mae::Shape<mae::dyn, 5, values>>>;
  constexpr auto operator()(const mae::Expression auto& x) const { return patch_embed(x); }
};

mae::Index memory() { return mae::Program<Model, mae::Reference<float>>::saved_bytes; }
