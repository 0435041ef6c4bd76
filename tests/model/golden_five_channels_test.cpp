// ViTMAE of PyTorch: five channels, half of the patches kept.
#include <mae/backend/cpu/kernels.hpp>

#include "golden_models.hpp"

using namespace test;

TEST_CASE_TEMPLATE("as in PyTorch", Policy, Cpu<float>, Cpu<double>) { golden::check_model<golden::FiveChannels, Policy>(); }
TEST_CASE("sizes and position tables") { golden::check_sizes_and_tables<golden::FiveChannels>(); }
