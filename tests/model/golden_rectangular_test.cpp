// ViTMAE of PyTorch: 12 × 30 with two channels, pixels as targets, 4 of 10 patches kept; under every memory policy.
#include <mae/backend/cpu/kernels.hpp>
#include <mae/backend/reference.hpp>

#include "golden_mae.hpp"

using namespace test;

namespace {
using Model = MaskedAutoencoder<ImageShape<2, 12, 30, 6>, Transformer<28, 3, 2, 5>, Transformer<20, 2, 5, 5>,
                                MaskRatio<60>, Target::pixels>;
}

TEST_CASE_TEMPLATE("as in PyTorch", Policy, Cpu<float>, Cpu<double>, Reference<double>) {
  const SafetensorsFile file = golden_file("mae_rectangular");
  INFO(oracle_of(file));
  check_training<Model, Policy>(file);
  check_encoder<Model, Policy>(file);
}
TEST_CASE_TEMPLATE("less memory, the same results", Memory, RecomputeCheap, CheckpointBlocks) {
  const SafetensorsFile file = golden_file("mae_rectangular");
  INFO(oracle_of(file));
  check_training<Model, Cpu<double>, Memory>(file);
}
TEST_CASE("sizes and position tables") {
  const SafetensorsFile file = golden_file("mae_rectangular");
  check_sizes<Model>(file);
  check_position_tables<Model>(file);
}
