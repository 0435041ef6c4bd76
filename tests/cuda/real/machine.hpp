// What a test may change of a real GPU: nothing. Beside it stands tests/cuda/emulation/machine.hpp.
#pragma once

namespace test {
inline void vary_order(int) {}
}  // namespace test
