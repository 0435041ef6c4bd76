// ViTMAE of PyTorch: grey images, 9 of 100 patches kept (not 10: int(100 * (1 - 0.9)) in double), 2 × 2 patches.
#include <mae/backend/cpu/kernels.hpp>

#include "golden_mae.hpp"

using namespace test;

namespace {
using Model = MaskedAutoencoder<ImageShape<1, 20, 20, 2>, Transformer<36, 4, 3, 1>, Transformer<12, 3, 2, 1>,
                                MaskRatio<90>>;
}

TEST_CASE_TEMPLATE("as in PyTorch", Policy, Cpu<float>, Cpu<double>) {
  const SafetensorsFile file = golden_file("mae_grey");
  INFO(oracle_of(file));
  check_training<Model, Policy>(file);
  check_encoder<Model, Policy>(file);
}
TEST_CASE("sizes and position tables") {
  const SafetensorsFile file = golden_file("mae_grey");
  check_sizes<Model>(file);
  check_position_tables<Model>(file);
}
