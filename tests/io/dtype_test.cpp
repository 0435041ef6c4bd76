#include <mae/io/tensors/dtype.hpp>

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <support/temporary.hpp>

using mae::Index;

namespace {
// Converts a vector as if it lay in a file.
template <class To, class From>
std::vector<To> converted(const std::vector<From>& from) {
  std::vector<To> to(from.size());
  mae::convert_elements(mae::dtype_of<From>(), static_cast<Index>(from.size()), to.data(), "x",
                        [&](Index offset, void* out, Index bytes) {
                          const std::string file(reinterpret_cast<const char*>(from.data()), from.size() * sizeof(From));
                          file.copy(static_cast<char*>(out), static_cast<std::size_t>(bytes),
                                    static_cast<std::size_t>(offset));
                        });
  return to;
}
}  // namespace

TEST_CASE("every half-precision number is the float that IEEE 754 says") {
  int wrong = 0;
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const float value = mae::f16{static_cast<std::uint16_t>(bits)};
    const int exponent = static_cast<int>(bits >> 10 & 31);
    const float mantissa = static_cast<float>(bits & 1023), sign = bits >> 15 != 0 ? -1.f : 1.f;
    const bool special = exponent == 31;
    const float expected = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    const bool good = special && mantissa > 0 ? std::isnan(value)
                      : special               ? std::isinf(value) && std::signbit(value) == (sign < 0)
                                              : value == sign * expected && std::signbit(value) == (sign < 0);
    wrong += good ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("real numbers convert by rounding, whole numbers exactly, in pieces of any length") {
  CHECK(converted<float>(std::vector<double>{0.1, -2}) == std::vector<float>{0.1f, -2});
  CHECK(converted<double>(std::vector<float>{0.1f}) == std::vector<double>{0.1f});
  CHECK(converted<mae::bf16>(std::vector<double>{1.0040})[0].bits == 0x3f81);
  CHECK(converted<float>(std::vector<mae::bf16>{mae::bf16(1.5f)})[0] == 1.5f);
  std::vector<std::int64_t> many(5000);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<std::int64_t>(i) - 2500;
  const auto narrow = converted<std::int32_t>(many);
  CHECK(std::equal(many.begin(), many.end(), narrow.begin()));
}

TEST_CASE("what does not convert is named") {
  using test::error_of;
  CHECK(error_of([] { converted<float>(std::vector<std::int64_t>{1}); }) ==
        "mae: x: found dtype I64, expected one that converts to F32");
  CHECK(error_of([] { converted<std::int32_t>(std::vector<float>{1}); }) ==
        "mae: x: found dtype F32, expected one that converts to I32");
  CHECK(error_of([] { converted<std::uint8_t>(std::vector<std::int32_t>{255, 256}); }) ==
        "mae: x: found the value 256, expected values that fit U8");
  CHECK(error_of([] { converted<std::uint8_t>(std::vector<std::int64_t>{-1}); }) ==
        "mae: x: found the value -1, expected values that fit U8");
}
