// The kernels of `Cuda<float>` against `Reference<float>`.
#include <mae/backend/cuda/kernels.cuh>

#include "backend/contract.hpp"

TEST_CASE("float") { mae::contract::check_all<mae::Cuda<float>>(); }
