// A checksum of a file's content: tells a damaged file from a whole one.
//
// The header of a safetensors file gives away a truncated file, but not a flipped bit among billions of weights. For
// each word of eight bytes, h ← rotate(h xor word) · odd. Every step is one-to-one in h and in the word, so a change
// within one word is found for certain, others but for a chance of about 2^-64. It finds accidents, not forgers. Cost:
// five processor cycles a word, far less than reading it.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

#include <mae/core/config.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The checksum of the pieces added, in their order; where one piece ends and the next begins counts too.
class Checksum {
 public:
  void add(const void* data, Index bytes) {
    const auto* at = static_cast<const char*>(data);
    for (Index left = bytes; left > 0; left -= 8, at += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, at, static_cast<std::size_t>(left < 8 ? left : 8));
      mix(word);
    }
    mix(static_cast<std::uint64_t>(bytes));
  }
  void add(const std::string& text) { add(text.data(), static_cast<Index>(text.size())); }

  /// 16 hexadecimal digits.
  std::string text() const {
    std::string digits;
    for (int shift = 60; shift >= 0; shift -= 4) digits += "0123456789abcdef"[state_ >> shift & 15];
    return digits;
  }

 private:
  void mix(std::uint64_t word) { state_ = std::rotl(state_ ^ word, 29) * 0x9E3779B97F4A7C15u; }

  std::uint64_t state_ = 0;
};

}  // namespace mae
MAE_PRECISE_END
