// The kernels of primitive operations of `Cuda` against the plain loops.
#include <mae/backend/cuda/primitives.cuh>

#include "backend/contract_primitives.hpp"

TEST_CASE("float") { mae::contract::check_primitives<mae::Cuda<float>>(); }
TEST_CASE("bf16") { mae::contract::check_primitives<mae::Cuda<mae::bf16>>(); }
