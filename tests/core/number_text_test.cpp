// The same text in every locale. The C library's locales with a comma are made here, where the system has what that
// takes; C++ streams get one that is made by hand.
#include <mae/core/number_text.hpp>

#include <doctest/doctest.h>

#include <cstdio>
#include <limits>

#include "support/comma.hpp"

using namespace mae;

namespace {
void check_numbers() {
  CHECK(decimal_text(0.75, 6) == "0.750000");
  CHECK(decimal_text(-1234567.125, 2) == "-1234567.12");
  CHECK(decimal_text(2.5, 0) == "2");
  CHECK(decimal_text(0, 3) == "0.000");
  CHECK(decimal_text(1e300, 0).size() == 301);
  CHECK(decimal_text(std::numeric_limits<double>::infinity(), 2) == "inf");
  CHECK(decimal_text(std::numeric_limits<double>::quiet_NaN(), 2) == "nan");
  CHECK(short_text(1e-7, 4) == "1e-07");
  CHECK(short_text(12345678, 4) == "1.235e+07");
  CHECK(short_text(0.5, 4) == "0.5");
  for (const double value : {0.1, 1. / 3, 5e-324, -1.7976931348623157e308}) CHECK(number_in(shortest_text(value)) == value);
  CHECK(shortest_text(0.1) == "0.1");
  CHECK(shortest_text(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(number_in("0.75") == 0.75);
  CHECK(number_in("-1e-3") == -1e-3);
  for (const char* const text : {"", " 1", "1 ", "0,75", "1.5x", "inf", "nan", "1e999", "0x10", "1.234,5"})
    CHECK_MESSAGE(!number_in(text), text);
  CHECK(number_in<long>("-12") == -12);
  CHECK(!number_in<long>("1.5"));
  CHECK(!number_in<long>("99999999999999999999"));
  CHECK(numbers_in("[0.5,1e-3, -2 ]") == std::vector{0.5, 1e-3, -2.0});
  CHECK(numbers_in("[]") == std::vector<double>{});
  for (const char* const text : {"", "[", "]", "0.5", "[,]", "[1,]", "[,1]", "[1 2]", "[1,x]", "[null]", "{1}", "[0,5x]"})
    CHECK_MESSAGE(!numbers_in(text), text);
}
}  // namespace

TEST_CASE("numbers as text and back") { check_numbers(); }

TEST_CASE("as printf writes them in the C locale") {
  char text[512];
  for (double value = 1e-9; value < 1e12; value *= -7.31) {
    for (int decimals = 0; decimals < 8; ++decimals) {
      std::snprintf(text, sizeof text, "%.*f", decimals, value);
      CHECK(decimal_text(value, decimals) == text);
      std::snprintf(text, sizeof text, "%.*g", decimals, value);
      CHECK(short_text(value, decimals) == text);
    }
  }
}

TEST_CASE("the same where streams group digits and write a comma") {
  const test::CommaStreams comma;
  check_numbers();
}

TEST_CASE("the same where the C library writes a comma, or a point of two bytes") {
  const test::CommaLocale persian("fa_IR");
  check_numbers();
  const test::CommaLocale comma("de_DE");
  if (!comma.set()) {
    MESSAGE("this system has no locale with a comma, and cannot make one: not tried");
    return;
  }
  CHECK(std::to_string(0.75) == "0,750000");  // what is to be kept out of files
  check_numbers();
}
