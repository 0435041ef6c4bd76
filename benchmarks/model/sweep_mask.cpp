// What hiding saves (He et al., 2021, table 2: ViT-L trains 2.8 times as fast with 75 % hidden as with none, 3.7 times
// with a decoder of one block). A model hides at least one patch, so 1 % stands for none: 194 of 196 patches are kept.
#include "sweep.hpp"

namespace {

using namespace mae;

template <class Encoder, int DecoderDepth, Index Hidden>
using Vit =
    MaskedAutoencoder<ImageShape<3, 224, 224, 16>, Encoder, Transformer<512, DecoderDepth, 16>, MaskRatio<Hidden>>;

}  // namespace

int main(int argc, char** argv) {
  const benchmark::Sweep hidden("hidden percent", argc, argv);
  const char* base = "ViT-B, decoder of 8 blocks";
  hidden.point<Vit<presets::BaseEncoder, 8, 1>>(base, 1, 4);
  hidden.point<Vit<presets::BaseEncoder, 8, 50>>(base, 50, 4);
  hidden.point<Vit<presets::BaseEncoder, 8, 75>>(base, 75, 4);
  hidden.point<Vit<presets::BaseEncoder, 8, 90>>(base, 90, 4);
  const char* large = "ViT-L, decoder of 8 blocks";
  hidden.point<Vit<presets::LargeEncoder, 8, 1>>(large, 1, 4);
  hidden.point<Vit<presets::LargeEncoder, 8, 75>>(large, 75, 4);
  const char* shallow = "ViT-L, decoder of 1 block";
  hidden.point<Vit<presets::LargeEncoder, 1, 1>>(shallow, 1, 4);
  hidden.point<Vit<presets::LargeEncoder, 1, 75>>(shallow, 75, 4);
}
