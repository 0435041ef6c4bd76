// Width, depth and tokens of the encoder of the 32-pixel model, each alone.
#include "sweep.hpp"

int main(int argc, char** argv) {
  using namespace mae;
  using namespace mae::benchmark;
  const Sweep width("width", argc, argv), depth("depth", argc, argv), tokens("patches", argc, argv);
  width.point<MaskedAutoencoder<Images32, Transformer<96, 12, 3>, Decoder96>>("12 blocks, 64 patches", 96, 64);
  width.point<Tiny32>("12 blocks, 64 patches", 192, 64);
  width.point<MaskedAutoencoder<Images32, Transformer<384, 12, 6>, Decoder96>>("12 blocks, 64 patches", 384, 64);
  width.point<MaskedAutoencoder<Images32, Transformer<768, 12, 12>, Decoder96>>("12 blocks, 64 patches", 768, 64);
  depth.point<MaskedAutoencoder<Images32, Transformer<192, 3, 3>, Decoder96>>("192 wide, 64 patches", 3, 64);
  depth.point<Tiny32>("192 wide, 64 patches", 12, 64);
  depth.point<MaskedAutoencoder<Images32, Transformer<192, 24, 3>, Decoder96>>("192 wide, 64 patches", 24, 64);
  tokens.point<MaskedAutoencoder<ImageShape<3, 16, 16, 4>, Encoder192, Decoder96>>("192 wide, 12 blocks", 16, 64);
  tokens.point<Tiny32>("192 wide, 12 blocks", 64, 64);
  tokens.point<MaskedAutoencoder<ImageShape<3, 64, 64, 4>, Encoder192, Decoder96>>("192 wide, 12 blocks", 256, 16);
  tokens.point<MaskedAutoencoder<ImageShape<3, 128, 128, 4>, Encoder192, Decoder96>>("192 wide, 12 blocks", 1024, 4);
}
