#include <mae/core/option.hpp>

#include <cmath>
#include <cstdint>

#include <doctest/doctest.h>

#include "support/error_of.hpp"

using namespace mae;
using test::error_of;

TEST_CASE("ranges of options, at their ends") {
  const double inf = HUGE_VAL;
  CHECK((OptionRange::from_zero().has(0.0) && OptionRange::from_zero().has(1e300)));
  CHECK_FALSE((OptionRange::from_zero().has(-1e-300) || OptionRange::from_zero().has(inf)));
  CHECK(OptionRange::above_zero().has(1e-300));
  CHECK_FALSE((OptionRange::above_zero().has(0.0) || OptionRange::above_zero().has(double(NAN))));
  CHECK((OptionRange::below_one().has(0.0) && OptionRange::below_one().has(0.999)));
  CHECK_FALSE((OptionRange::below_one().has(1.0) || OptionRange::below_one().has(-0.1)));
  CHECK((OptionRange::from_one().has(std::int64_t{1}) && OptionRange::from_one().has(INT64_MAX)));
  CHECK_FALSE((OptionRange::from_one().has(std::int64_t{0}) || OptionRange::from_one().has(INT64_MIN)));
  CHECK((OptionRange{}.has(true) && OptionRange{}.has(UINT64_MAX) && OptionRange{}.has(-1e300)));
  CHECK_FALSE((OptionRange{}.has(-inf) || OptionRange{}.has(double(NAN))));
}

TEST_CASE("an option out of its range is named") {
  CHECK(error_of([] { CheckOption{}("clip", -1.0, OptionRange::from_zero()); }) ==
        "mae: clip: found -1.000000, expected a finite number from 0");
  CHECK(error_of([] { CheckOption{}("rate", double(NAN)); }) == "mae: rate: found nan, expected a finite number");
  CHECK(error_of([] { CheckOption{}("nesterov", true); }) == "");
}
