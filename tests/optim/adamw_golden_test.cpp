#include <mae/backend/cpu/kernels.hpp>

#include "optim/adamw_golden.hpp"

TEST_CASE("twenty updates follow PyTorch's in float") { test::check_steps<mae::Cpu<float>>(1e-6, 1e-5); }
