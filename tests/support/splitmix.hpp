// Random cases that C++ and the generators in tests/golden make alike, so that a golden file need hold results alone;
// tests/golden/splitmix.py is its twin. The numbers are SplitMix64 (Steele, Lea and Flood, "Fast splittable
// pseudorandom number generators", OOPSLA 2014), the checksums FNV-1a.
#pragma once
#include <bit>
#include <cstdint>
#include <string>

namespace test {

class SplitMix {
 public:
  explicit SplitMix(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() { return mixed(state_ += step); }
  /// In [0, count), of the upper 32 bits.
  std::int64_t below(std::int64_t count) {
    return static_cast<std::int64_t>((next() >> 32) * static_cast<std::uint64_t>(count) >> 32);
  }
  /// In [low, high].
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low + 1); }

  static constexpr std::uint64_t step = 0x9E3779B97F4A7C15u;
  static std::uint64_t mixed(std::uint64_t z) {
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }

 private:
  std::uint64_t state_;
};

class Checksum {
 public:
  void add(const std::string& text) {
    for (const char c : text) value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  }
  /// The bits of a number, as 16 digits.
  void add(double number) {
    const auto bits = std::bit_cast<std::uint64_t>(number);
    for (int i = 60; i >= 0; i -= 4) add(std::string(1, "0123456789abcdef"[bits >> i & 15]));
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xCBF29CE484222325u;
};

/// Of many numbers, by their bits and places.
class NumberChecksum {
 public:
  void add(double number) {
    value_ += SplitMix::mixed(std::bit_cast<std::uint64_t>(number) + ++count_ * SplitMix::step);
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0, count_ = 0;
};

}  // namespace test
