// A product of its own, for numbers that others compute so, to the last bit.
//
// Compilers make one multiply-add of a product and a sum (config.hpp), which rounds once where two operations round
// twice. Where a result is cut off, or compared with a threshold, that bit can be seen.
#pragma once
#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae::math {

/// A product that no addition is fused with: for numbers that others compute so, to the last bit.
inline double product(double a, double b) {
  volatile double rounded = a * b;
  return rounded;
}

}  // namespace mae::math
MAE_PRECISE_END
