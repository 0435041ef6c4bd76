// ViTMAE of PyTorch: 18 × 9 with five channels, half of 18 patches kept.
#include <mae/backend/cpu/kernels.hpp>

#include "golden_mae.hpp"

using namespace test;

namespace {
using Model = MaskedAutoencoder<ImageShape<5, 18, 9, 3>, Transformer<20, 5, 5, 3>, Transformer<24, 4, 3, 3>,
                                MaskRatio<50>>;
}

TEST_CASE_TEMPLATE("as in PyTorch", Policy, Cpu<float>, Cpu<double>) {
  const SafetensorsFile file = golden_file("mae_five_channels");
  INFO(oracle_of(file));
  check_training<Model, Policy>(file);
  check_encoder<Model, Policy>(file);
}
TEST_CASE("sizes and position tables") {
  const SafetensorsFile file = golden_file("mae_five_channels");
  check_sizes<Model>(file);
  check_position_tables<Model>(file);
}
