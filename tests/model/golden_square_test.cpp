// ViTMAE of PyTorch: 16 × 16 with three channels, normalised targets, 4 of 16 patches kept.
#include <mae/backend/cpu/kernels.hpp>

#include "golden_mae.hpp"

using namespace test;

namespace {
using Model = MaskedAutoencoder<ImageShape<3, 16, 16, 4>, Transformer<32, 2, 4>, Transformer<16, 5, 1>>;
}

TEST_CASE_TEMPLATE("as in PyTorch", Policy, Cpu<float>, Cpu<double>) {
  const SafetensorsFile file = golden_file("mae_square");
  INFO(oracle_of(file));
  check_training<Model, Policy>(file);
  check_encoder<Model, Policy>(file);
}
TEST_CASE("sizes and position tables") {
  const SafetensorsFile file = golden_file("mae_square");
  check_sizes<Model>(file);
  check_position_tables<Model>(file);
}
