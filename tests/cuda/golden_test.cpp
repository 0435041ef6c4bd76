// ViTMAE of PyTorch on a GPU: one of the models that tests/model checks for the processor. `golden_others` has the rest.
#include <mae/mae.cuh>

#include "model/golden_models.hpp"

TEST_CASE("as in PyTorch") { test::golden::check_model<test::golden::Square, mae::Cuda<float>>(); }
