#include <mae/optim/schedule.hpp>

#include <doctest/doctest.h>

using mae::CosineSchedule;

TEST_CASE("warm-up from exactly zero, half a cosine to the minimum") {
  const CosineSchedule schedule{.peak = 2e-3, .minimum = 1e-5, .warmup = 5, .epochs = 45};
  CHECK(schedule.at(0) == 0);
  CHECK(schedule.at(0.5) == doctest::Approx(2e-4));
  CHECK(schedule.at(2.5) == doctest::Approx(1e-3));
  CHECK(schedule.at(5) == 2e-3);
  CHECK(schedule.at(15) == doctest::Approx(1e-5 + (2e-3 - 1e-5) * 0.8535533905932737));  // (1 + cos(π / 4)) / 2
  CHECK(schedule.at(25) == doctest::Approx((2e-3 + 1e-5) / 2));
  CHECK(schedule.at(45) == doctest::Approx(1e-5).epsilon(1e-12));
  for (int step = 1; step <= 450; ++step) {
    INFO("epoch ", step / 10.0);
    if (step <= 50) CHECK(schedule.at(step / 10.0) > schedule.at((step - 1) / 10.0));
    else CHECK(schedule.at(step / 10.0) < schedule.at((step - 1) / 10.0));
  }
}

TEST_CASE("no warm-up, and nothing but warm-up") {
  const CosineSchedule straight{.peak = 1, .minimum = 0, .warmup = 0, .epochs = 10};
  CHECK(straight.at(0) == 1);
  CHECK(straight.at(5) == doctest::Approx(0.5));
  const CosineSchedule rising{.peak = 1, .minimum = 0, .warmup = 10, .epochs = 10};
  CHECK(rising.at(9.9) == doctest::Approx(0.99));
  CHECK(rising.at(10) == 0);
}

TEST_CASE("the rate grows with the batch") {
  CHECK(mae::scaled_rate(1.5e-4, 256) == 1.5e-4);
  CHECK(mae::scaled_rate(1.5e-4, 4096) == doctest::Approx(2.4e-3));  // the published recipe
  CHECK(mae::scaled_rate(1e-3, 64) == doctest::Approx(2.5e-4));
}
