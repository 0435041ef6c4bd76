// bfloat16: every value is a float; conversion rounds to nearest, ties to even.
#include <mae/core/bf16.hpp>

#include <doctest/doctest.h>
#include <cmath>
#include <limits>

using mae::bf16;

static_assert(sizeof(bf16) == 2);
static_assert(bf16(1.0f).bits == 0x3f80 && float(bf16(-2.5f)) == -2.5f);

TEST_CASE("every bfloat16 survives the way through float") {
  int wrong = 0;
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    bf16 x;
    x.bits = static_cast<std::uint16_t>(bits);
    const bool nan = std::isnan(float(x));
    wrong += nan ? !std::isnan(float(bf16(float(x)))) : bf16(float(x)).bits != bits;
  }
  CHECK(wrong == 0);
}

TEST_CASE("rounding goes to the nearest, ties to even") {
  auto from = [](std::uint32_t bits) { return bf16(__builtin_bit_cast(float, bits)).bits; };
  CHECK(from(0x3f807fff) == 0x3f80);
  CHECK(from(0x3f808000) == 0x3f80);  // a tie: to the even one below
  CHECK(from(0x3f808001) == 0x3f81);
  CHECK(from(0x3f818000) == 0x3f82);  // a tie: to the even one above
  CHECK(from(0xbf818000) == 0xbf82);
  CHECK(from(0x7f7fffff) == 0x7f80);  // the largest float is nearer to infinity
  CHECK(from(0x00000001) == 0x0000);
}

TEST_CASE("infinity stays infinite, not a number stays so") {
  CHECK(std::isinf(float(bf16(std::numeric_limits<float>::infinity()))));
  CHECK(std::isnan(float(bf16(std::numeric_limits<float>::quiet_NaN()))));
  CHECK(std::isnan(float(bf16(__builtin_bit_cast(float, 0x7f800001u)))));  // whose upper half alone would be infinity
  CHECK(std::signbit(float(bf16(-0.0f))));
}
