// What a test may change of the emulated GPU, and the processor beside it. tests/cuda/real/machine.hpp stands for a real
// one.
#pragma once
#include <mae/backend/policy.hpp>

#include "device.hpp"

namespace test {
/// Runs the threads and blocks of a kernel from the first to the last, or from the last to the first.
inline void vary_order(int number) { emulation::order = number % 2 == 0; }
using Processor = mae::Cpu<float>;
}  // namespace test
