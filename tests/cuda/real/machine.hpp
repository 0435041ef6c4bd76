// What tests may change of a real GPU: nothing. And the processor beside it, as its compiler can translate it (mae.cuh).
// Beside this stands tests/cuda/emulation/machine.hpp.
#pragma once
#include <mae/backend/policy.hpp>

namespace test {
inline void vary_order(int) {}
using Processor = mae::Reference<float>;
}  // namespace test
