// The element types that files of tensors carry, by their safetensors names, and exact conversion between them.
//
//   F64 F32 F16 BF16   real numbers; any converts to double, float or (by way of float) bf16, rounding to nearest
//   I64 I32 U8         whole numbers; convert to whole numbers that can hold every value found
//
// A real number never becomes a whole one or the reverse: where a file asks for that, something is mixed up.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <mae/core/bf16.hpp>
#include <mae/core/config.hpp>
#include <mae/core/error.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// IEEE binary16 as it lies in files: 1 sign, 5 exponent, 10 mantissa bits. It is only read.
struct f16 {
  std::uint16_t bits = 0;

  /// Exact: every value of f16 is a float.
  constexpr operator float() const {
    // Without a branch: loops over many become vectors.
    const std::uint32_t sign = (bits & 0x8000u) << 16, exponent = (bits >> 10) & 31u, mantissa = bits & 0x3ffu;
    const std::uint32_t wide = exponent + 112 + 112 * (exponent == 31);  // infinity and NaN keep all ones
    const std::uint32_t tiny = 0u - (exponent == 0);                     // zero and subnormal numbers: mantissa * 2^-24
    const auto whole = static_cast<float>(static_cast<std::int32_t>(mantissa));
    const std::uint32_t subnormal = __builtin_bit_cast(std::uint32_t, whole * 0x1p-24f);
    return __builtin_bit_cast(float, sign | (subnormal & tiny) | ((wide << 23 | mantissa << 13) & ~tiny));
  }
};

/// The safetensors name of the C++ element type `T`.
template <class T>
constexpr const char* dtype_of() {
  using std::is_same_v;
  constexpr const char* name = is_same_v<T, double>         ? "F64"
                               : is_same_v<T, float>        ? "F32"
                               : is_same_v<T, f16>          ? "F16"
                               : is_same_v<T, bf16>         ? "BF16"
                               : is_same_v<T, std::int64_t> ? "I64"
                               : is_same_v<T, std::int32_t> ? "I32"
                               : is_same_v<T, std::uint8_t> ? "U8"
                                                            : nullptr;
  static_assert(name != nullptr, "mae::dtype_of: files carry double, float, f16, bf16, int64, int32 and uint8");
  return name;
}

/// Bytes per element of any dtype of the safetensors format; 0 if the name is unknown.
inline Index dtype_bytes(std::string_view dtype) {
  constexpr std::pair<std::string_view, Index> sizes[] = {
      {"F64", 8},  {"F32", 4},     {"F16", 2},     {"BF16", 2},    {"I64", 8}, {"I32", 4},
      {"I16", 2},  {"I8", 1},      {"U64", 8},     {"U32", 4},     {"U16", 2}, {"U8", 1},
      {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"F8_E8M0", 1}, {"C64", 8}};
  for (const auto& [name, bytes] : sizes)
    if (name == dtype) return bytes;
  return 0;
}

namespace detail {

template <class T>
inline constexpr bool is_real = std::is_floating_point_v<T> || std::is_same_v<T, bf16> || std::is_same_v<T, f16>;

template <class To, class From>
inline constexpr bool converts = std::is_same_v<To, From> || (is_real<To> == is_real<From> && !std::is_same_v<To, f16>);

/// Calls `visit(T{})` with the element type `T` named `dtype`, if there is one.
template <class Visit>
void visit_dtype(std::string_view dtype, const Visit& visit) {
  const auto offer = [&](auto zero) {
    if (dtype == dtype_of<decltype(zero)>()) visit(zero);
  };
  offer(float{}), offer(double{}), offer(bf16{}), offer(f16{});
  offer(std::int64_t{}), offer(std::int32_t{}), offer(std::uint8_t{});
}

template <class To, class From>
To convert_element(From value, const std::string& subject) {
  if constexpr (std::is_same_v<To, From>) {
    return value;
  } else if constexpr (is_real<To>) {
    if constexpr (std::is_same_v<To, bf16>) return bf16(static_cast<float>(value));
    else return static_cast<To>(value);
  } else {
    if (!std::in_range<To>(value))
      throw Error(subject, "the value " + std::to_string(value), std::string("values that fit ") + dtype_of<To>());
    return static_cast<To>(value);
  }
}

}  // namespace detail

/// Throws `Error` about `subject` unless elements named `dtype` convert to `T`.
template <class T>
void require_convertible(std::string_view dtype, const std::string& subject) {
  bool convertible = false;
  detail::visit_dtype(dtype, [&](auto zero) { convertible = detail::converts<T, decltype(zero)>; });
  if (!convertible)
    throw Error(subject, "dtype " + std::string(dtype), std::string("one that converts to ") + dtype_of<T>());
}

/// Converts `count` elements of type `dtype`, read by `read(byte_offset, to, bytes)` in small pieces, to `out`. Throws
/// `Error` about `subject` if the types are of different kinds or a value does not fit.
template <class T, class Read>
void convert_elements(std::string_view dtype, Index count, T* out, const std::string& subject, const Read& read) {
  require_convertible<T>(dtype, subject);
  if (dtype == dtype_of<T>()) return read(Index{0}, out, count * Index{sizeof(T)});
  detail::visit_dtype(dtype, [&](auto zero) {
    using From = decltype(zero);
    if constexpr (detail::converts<T, From>) {
      constexpr Index piece = Index{1 << 15} / Index{sizeof(From)};
      From buffer[piece];
      for (Index start = 0; start < count; start += piece) {
        const Index now = (std::min)(piece, count - start);
        read(start * Index{sizeof(From)}, buffer, now * Index{sizeof(From)});
        T* const to = out + start;
        Index i = 0;
        for (constexpr Index block = 256; i + block <= now; i += block)  // of a known length, compiled to vectors
          for (Index k = 0; k < block; ++k) to[i + k] = detail::convert_element<T>(buffer[i + k], subject);
        for (; i < now; ++i) to[i] = detail::convert_element<T>(buffer[i], subject);
      }
    }
  });
}

}  // namespace mae
MAE_PRECISE_END
