// The limit of multiply-adds is a number that a machine can reach; how large it is says the machine.
#include <mae/backend/cpu/peak.hpp>

#include <doctest/doctest.h>

#include <mae/core/finite.hpp>

TEST_CASE("the peak of one thread and of two") {
  for (const int threads : {1, 2}) {
    const double peak = mae::cpu::float_peak(threads, 1000);
    CHECK(mae::is_finite(peak));
    CHECK(peak > 0);
  }
}
