// The kernels of `Cuda<bf16>` against `Reference<bf16>`.
#include <mae/backend/cuda/kernels.cuh>

#include "backend/contract.hpp"

TEST_CASE("bf16") { mae::contract::check_all<mae::Cuda<mae::bf16>>(); }
