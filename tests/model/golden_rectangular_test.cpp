// ViTMAE of PyTorch: rectangular images, by plain loops too, and under every memory policy.
#include <mae/backend/cpu/kernels.hpp>
#include <mae/backend/reference.hpp>

#include "golden_models.hpp"

using namespace test;

TEST_CASE_TEMPLATE("as in PyTorch", Policy, Cpu<float>, Cpu<double>, Reference<double>) {
  golden::check_model<golden::Rectangular, Policy>();
}
TEST_CASE_TEMPLATE("less memory, the same results", Recompute, RecomputeCheap, CheckpointBlocks) {
  check_training<golden::Rectangular::Model, Cpu<double>, Recompute>(golden_file(golden::Rectangular::file));
}
TEST_CASE("sizes and position tables") { golden::check_sizes_and_tables<golden::Rectangular>(); }
