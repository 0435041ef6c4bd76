// ViTMAE of PyTorch: one head of width 80, as in ViT-H, one block; pixels as targets, 2 of 8 patches kept.
#include <mae/backend/cpu/kernels.hpp>

#include "golden_mae.hpp"

using namespace test;

namespace {
using Model = MaskedAutoencoder<ImageShape<1, 10, 20, 5>, Transformer<80, 1, 1, 2>, Transformer<8, 1, 4, 2>,
                                MaskRatio<75>, Target::pixels>;
}

TEST_CASE_TEMPLATE("as in PyTorch", Policy, Cpu<float>, Cpu<double>) {
  const SafetensorsFile file = golden_file("mae_head_width_80");
  INFO(oracle_of(file));
  check_training<Model, Policy>(file);
  check_encoder<Model, Policy>(file);
}
TEST_CASE("sizes and position tables") {
  const SafetensorsFile file = golden_file("mae_head_width_80");
  check_sizes<Model>(file);
  check_position_tables<Model>(file);
}
