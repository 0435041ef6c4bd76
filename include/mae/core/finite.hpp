// Whether a number is finite, asked of its bits.
//
// std::isfinite(x) and x != x are constants to a compiler that was told -ffinite-math-only (-ffast-math), and a number
// that travels by value is taken for finite by such a clang. So these functions look at bits, where they lie.
#pragma once
#include <bit>
#include <cstdint>

#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Whether `value` is neither infinite nor NaN.
MAE_HOST_DEVICE constexpr bool is_finite(const float& value) {
  return (std::bit_cast<std::uint32_t>(value) & 0x7f800000u) != 0x7f800000u;
}
MAE_HOST_DEVICE constexpr bool is_finite(const double& value) {
  return (std::bit_cast<std::uint64_t>(value) & 0x7ff0000000000000u) != 0x7ff0000000000000u;
}

}  // namespace mae
MAE_PRECISE_END
