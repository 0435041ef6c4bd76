// bfloat16: the upper half of a float. Same range, 8 bits of precision; it stores, `float` computes.
#pragma once
#include <cstdint>

#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A storage type: convert to float, compute, convert back (round to nearest, ties to even; NaN stays NaN).
struct bf16 {
  std::uint16_t bits = 0;

  constexpr bf16() = default;
  MAE_HOST_DEVICE constexpr explicit bf16(float value) {
    const std::uint32_t u = __builtin_bit_cast(std::uint32_t, value);
    const bool nan = (u & 0x7fffffffu) > 0x7f800000u;
    bits = static_cast<std::uint16_t>(nan ? (u >> 16) | 0x40u : (u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
  }
  MAE_HOST_DEVICE constexpr operator float() const {
    return __builtin_bit_cast(float, static_cast<std::uint32_t>(bits) << 16);
  }
};

}  // namespace mae
MAE_PRECISE_END
