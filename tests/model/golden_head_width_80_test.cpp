// ViTMAE of PyTorch: one head as wide as those of ViT-H.
#include <mae/backend/cpu/kernels.hpp>

#include "golden_models.hpp"

using namespace test;

TEST_CASE_TEMPLATE("as in PyTorch", Policy, Cpu<float>, Cpu<double>) { golden::check_model<golden::HeadWidth80, Policy>(); }
TEST_CASE("sizes and position tables") { golden::check_sizes_and_tables<golden::HeadWidth80>(); }
