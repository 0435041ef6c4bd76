// ViTMAE of PyTorch on a GPU: the smallest of the geometries that tests/model checks for the processor.
#include <mae/mae.cuh>

#include "model/golden_mae.hpp"

using namespace test;

namespace {
using Model = MaskedAutoencoder<ImageShape<3, 16, 16, 4>, Transformer<32, 2, 4>, Transformer<16, 5, 1>>;
}

TEST_CASE("as in PyTorch") {
  const SafetensorsFile file = golden_file("mae_square");
  INFO(oracle_of(file));
  check_training<Model, Cuda<float>>(file);
  check_encoder<Model, Cuda<float>>(file);
}
