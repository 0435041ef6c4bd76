// Numbers of files that are not finite: told before anything is computed with them.
//
// The bits are asked, not the numbers: with -ffast-math the compiler takes for granted that there are none.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include <mae/core/bf16.hpp>
#include <mae/core/error.hpp>

namespace mae::detail {

/// False for infinities and NaN: the exponent's bits are all ones. `value` is a double, float or bf16 in memory.
template <class T>
bool has_finite_bits(const T& value) {
  using Bits = std::conditional_t<sizeof(T) == 8, std::uint64_t,
                                  std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint16_t>>;
  constexpr int mantissa = std::is_same_v<T, double> ? 52 : std::is_same_v<T, float> ? 23 : 7;
  constexpr auto exponent = static_cast<Bits>((Bits{1} << (8 * sizeof(T) - 1)) - (Bits{1} << mantissa));
  static_assert(std::is_same_v<T, double> || std::is_same_v<T, float> || std::is_same_v<T, bf16>);
  Bits bits;
  std::memcpy(&bits, &value, sizeof bits);
  return (bits & exponent) != exponent;
}

/// Throws mae::Error about `subject` if one of the numbers of a tensor of `shape`, row-major, is not finite: how many,
/// and where the first is.
template <class T>
void require_finite(const T* values, const std::vector<Index>& shape, const std::string& subject) {
  Index count = 1;
  for (const Index extent : shape) count *= extent;
  Index bad = 0;
  for (Index i = 0; i < count; ++i) bad += has_finite_bits(values[i]) ? 0 : 1;
  if (bad == 0) return;
  Index at = 0;
  while (has_finite_bits(values[at])) ++at;
  std::string place;
  Index rest = at, size = count;
  for (const Index extent : shape) {
    size /= extent;
    place += (place.empty() ? "[" : ", ") + std::to_string(rest / size);
    rest %= size;
  }
  throw Error(subject,
              std::to_string(bad) + " of " + std::to_string(count) + " numbers that " + (bad == 1 ? "is" : "are") +
                  " not finite, the first at " + (place.empty() ? "[" : place) + "]",
              "finite numbers");
}

}  // namespace mae::detail
