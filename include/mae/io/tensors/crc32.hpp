// The checksum of ZIP archives, CRC-32: zlib's, and by 512-bit carry-less products where the processor has them.
//
// It is the rest of a message, a polynomial over GF(2), divided by P of degree 32. What is 2048 bits ahead of the end
// counts x^2048 mod P times as much, so 256 bytes at a time are multiplied and added to the next 256: a message of the
// same rest, which zlib divides at last. That takes a sixth of the time to copy the bytes; zlib alone takes twice as
// long as copying them. Source: Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ", 2009.
#pragma once
#include <zlib.h>
#include <algorithm>
#include <cstring>

#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae {

namespace detail {

/// x^n mod P, the lowest power in the highest bit, as factor of a carry-less product.
constexpr long long crc32_power(int n) {
  std::uint32_t rest = 0x80000000u;  // 1
  for (int i = 0; i < n; ++i) rest = rest >> 1 ^ ((rest & 1) != 0 ? 0xEDB88320u : 0);
  return static_cast<long long>(rest) << 1;
}

#if defined(__x86_64__)
struct FoldedCrc32 {
  using Lanes [[gnu::vector_size(64)]] = long long;  // four of 128 bits
  static constexpr Index stride = 256;

  static bool supported() { return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("vpclmulqdq"); }

  /// Folds `strides` times 256 bytes into `rest`, a message that goes on from the checksum `crc`.
  [[gnu::target("avx512f,vpclmulqdq,pclmul"), gnu::noinline]] static void fold(unsigned crc, const unsigned char* bytes,
                                                                               Index strides, unsigned char* rest) {
    constexpr long long early = crc32_power(8 * stride + 32), late = crc32_power(8 * stride - 32);
    const Lanes ahead = {early, late, early, late, early, late, early, late};
    Lanes sums[4], next;
    std::memcpy(sums, bytes, sizeof sums);
    const Lanes begun = {static_cast<long long>(~crc)};
    sums[0] ^= begun;
    for (Index i = 1; i < strides; ++i)
      for (int k = 0; k < 4; ++k) {
        std::memcpy(&next, bytes + i * stride + k * 64, 64);
#if defined(__clang__)
        sums[k] = Lanes(__builtin_ia32_pclmulqdq512(sums[k], ahead, 0x00)) ^
                  Lanes(__builtin_ia32_pclmulqdq512(sums[k], ahead, 0x11)) ^ next;
#else
        sums[k] = Lanes(__builtin_ia32_vpclmulqdq_v8di(sums[k], ahead, 0x00)) ^
                  Lanes(__builtin_ia32_vpclmulqdq_v8di(sums[k], ahead, 0x11)) ^ next;
#endif
      }
    std::memcpy(rest, sums, sizeof sums);
  }
};
#else
struct FoldedCrc32 {
  static constexpr Index stride = 256;
  static bool supported() { return false; }
  static void fold(unsigned, const unsigned char*, Index, unsigned char*) {}
};
#endif

}  // namespace detail

/// The CRC-32 of bytes that `crc` is of and `count` more; 0 is that of none.
inline std::uint32_t crc32_of(std::uint32_t crc, const void* more, Index count) {
  using Folded = detail::FoldedCrc32;
  const auto* bytes = static_cast<const unsigned char*>(more);
  static const bool folds = Folded::supported();
  if (folds && count >= 4 * Folded::stride) {
    unsigned char rest[Folded::stride];
    Folded::fold(crc, bytes, count / Folded::stride, rest);
    crc = static_cast<std::uint32_t>(::crc32(0xffffffffu, rest, sizeof rest));  // ~0: with nothing before it
    bytes += count / Folded::stride * Folded::stride;
    count %= Folded::stride;
  }
  for (constexpr Index most = 1 << 30; count > 0;) {  // zlib counts in unsigned int
    const Index now = (std::min)(most, count);
    crc = static_cast<std::uint32_t>(::crc32(crc, bytes, static_cast<unsigned>(now)));
    bytes += now, count -= now;
  }
  return crc;
}

}  // namespace mae
MAE_PRECISE_END
