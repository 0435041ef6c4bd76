// Random numbers without state: the n-th number of a stream is a pure function of the stream's name.
//
// A stream is named by (seed, purpose, epoch, sample). Masks, crops and initial weights therefore do not depend on the
// number of threads, on how a batch is cut, or on whether the run was interrupted: resuming needs no generator state.
// The generator is Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): ten rounds
// of multiply and exclusive-or turn a 128-bit counter and a 64-bit key into four 32-bit numbers.
#pragma once
#include <cstdint>

#include <mae/core/config.hpp>
#include <mae/core/math.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Four 32-bit random numbers for one counter and key.
struct Philox {
  std::uint32_t word[4];

  MAE_HOST_DEVICE constexpr Philox(std::uint32_t c0, std::uint32_t c1, std::uint32_t c2, std::uint32_t c3,
                                   std::uint64_t key)
      : word{c0, c1, c2, c3} {
    std::uint32_t k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53u} * word[0], p1 = std::uint64_t{0xCD9E8D57u} * word[2];
      const std::uint32_t w1 = word[1], w3 = word[3];
      word[0] = static_cast<std::uint32_t>(p1 >> 32) ^ w1 ^ k0;
      word[1] = static_cast<std::uint32_t>(p1);
      word[2] = static_cast<std::uint32_t>(p0 >> 32) ^ w3 ^ k1;
      word[3] = static_cast<std::uint32_t>(p0);
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
  }
};

/// What a stream is for. Two purposes never share numbers.
enum class Purpose : std::uint32_t { initialise, shuffle, augment, mask, drop_path, probe, mix };

/// The numbers of one (seed, purpose, epoch, sample). `bits(n)` may be asked in any order.
class RandomStream {
 public:
  MAE_HOST_DEVICE constexpr RandomStream(std::uint64_t seed, Purpose purpose, std::uint64_t epoch = 0,
                                         std::uint64_t sample = 0)
      : key_(seed ^ epoch * 0x9E3779B97F4A7C15u),
        purpose_(static_cast<std::uint32_t>(purpose)),
        low_(static_cast<std::uint32_t>(sample)),
        high_(static_cast<std::uint32_t>(sample >> 32)) {}

  /// The n-th 32 random bits.
  MAE_HOST_DEVICE constexpr std::uint32_t bits(std::uint32_t n) const {
    return Philox(n / 4, low_, high_, purpose_, key_).word[n % 4];
  }
  /// The n-th number, uniform in [0, 1), a multiple of 2^-24: exact in float.
  MAE_HOST_DEVICE constexpr float uniform(std::uint32_t n) const {
    return static_cast<float>(bits(n) >> 8) * 0x1p-24f;
  }
  /// The n-th number, uniform in [low, high).
  MAE_HOST_DEVICE constexpr float uniform(std::uint32_t n, float low, float high) const {
    return low + (high - low) * uniform(n);
  }
  /// The n-th whole number, uniform in [0, count); the bias is below count / 2^32.
  MAE_HOST_DEVICE constexpr std::uint32_t below(std::uint32_t n, std::uint32_t count) const {
    return static_cast<std::uint32_t>(std::uint64_t{bits(n)} * count >> 32);
  }
  /// The n-th normal number (Box and Muller, 1958), mean 0, deviation 1.
  double normal(std::uint32_t n) const { return normal_of(bits(2 * n), bits(2 * n + 1)); }
  /// The normal number that two words of 32 random bits make.
  static double normal_of(std::uint32_t first, std::uint32_t second) {
    const double u = (static_cast<double>(first) + 1) * 0x1p-32, v = static_cast<double>(second) * 0x1p-32;
    return math::sqrt(-2 * math::log(u)) * math::cos(6.283185307179586 * v);
  }

 private:
  std::uint64_t key_;
  std::uint32_t purpose_, low_, high_;
};

}  // namespace mae
MAE_PRECISE_END
