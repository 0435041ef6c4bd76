// The part of CUDA's bfloat16 that the library uses, in the library's own.
#pragma once
#include <cstdint>

#include <mae/core/bf16.hpp>

struct __nv_bfloat16 {
  std::uint16_t bits;
};
inline __nv_bfloat16 __float2bfloat16_rn(float value) { return {mae::bf16(value).bits}; }
inline unsigned short __bfloat16_as_ushort(__nv_bfloat16 value) { return value.bits; }
