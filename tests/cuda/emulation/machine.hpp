// What a test may change of the emulated GPU. tests/cuda/real/machine.hpp stands for a real one.
#pragma once
#include "device.hpp"

namespace test {
/// Runs the threads and blocks of a kernel from the first to the last, or from the last to the first.
inline void vary_order(int number) { emulation::order = number % 2 == 0; }
}  // namespace test
