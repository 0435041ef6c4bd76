#include <mae/backend/reference.hpp>

#include "optim/adamw_golden.hpp"

TEST_CASE("twenty updates follow PyTorch's in double") { test::check_steps<mae::Reference<double>>(1e-9, 1e-9); }
