// The masked autoencoders of tests/golden, each with what it is there for. The sizes are those that generate.py used.
#pragma once
#include "golden_mae.hpp"

namespace test::golden {

/// Three channels, normalised targets, 4 of 16 patches kept.
struct Square {
  static constexpr const char* file = "mae_square";
  using Model = MaskedAutoencoder<ImageShape<3, 16, 16, 4>, Transformer<32, 2, 4>, Transformer<16, 5, 1>>;
};
/// 18 × 9 with five channels, half of 18 patches kept.
struct FiveChannels {
  static constexpr const char* file = "mae_five_channels";
  using Model = MaskedAutoencoder<ImageShape<5, 18, 9, 3>, Transformer<20, 5, 5, 3>, Transformer<24, 4, 3, 3>,
                                  MaskRatio<50>>;
};
/// Grey images, 2 × 2 patches, 9 of 100 kept (not 10: int(100 * (1 - 0.9)) in double).
struct Grey {
  static constexpr const char* file = "mae_grey";
  using Model = MaskedAutoencoder<ImageShape<1, 20, 20, 2>, Transformer<36, 4, 3, 1>, Transformer<12, 3, 2, 1>,
                                  MaskRatio<90>>;
};
/// One head of width 80, as in ViT-H, one block; pixels as targets, 2 of 8 patches kept.
struct HeadWidth80 {
  static constexpr const char* file = "mae_head_width_80";
  using Model = MaskedAutoencoder<ImageShape<1, 10, 20, 5>, Transformer<80, 1, 1, 2>, Transformer<8, 1, 4, 2>,
                                  MaskRatio<75>, Target::pixels>;
};
/// 12 × 30 with two channels, pixels as targets, 4 of 10 patches kept.
struct Rectangular {
  static constexpr const char* file = "mae_rectangular";
  using Model = MaskedAutoencoder<ImageShape<2, 12, 30, 6>, Transformer<28, 3, 2, 5>, Transformer<20, 2, 5, 5>,
                                  MaskRatio<60>, Target::pixels>;
};

/// Mask, loss, gradients, predictions and features of one of them, as PyTorch has them.
template <class Case, class Policy>
void check_model() {
  const SafetensorsFile file = golden_file(Case::file);
  INFO(oracle_of(file));
  check_training<typename Case::Model, Policy>(file);
  check_encoder<typename Case::Model, Policy>(file);
}
template <class Case>
void check_sizes_and_tables() {
  const SafetensorsFile file = golden_file(Case::file);
  check_sizes<typename Case::Model>(file);
  check_position_tables<typename Case::Model>(file);
}

}  // namespace test::golden
