#include <mae/core/config.hpp>

#include <doctest/doctest.h>

#include <string>

TEST_CASE("one version, as numbers and as text") {
  static_assert(MAE_VERSION == MAE_VERSION_MAJOR * 10000 + MAE_VERSION_MINOR * 100 + MAE_VERSION_PATCH);
  static_assert(MAE_VERSION_MINOR < 100 && MAE_VERSION_PATCH < 100);
#if MAE_VERSION < 100
  FAIL("0.1.0 was the first");
#endif
  CHECK(std::string(mae::version) == std::to_string(MAE_VERSION_MAJOR) + "." + std::to_string(MAE_VERSION_MINOR) + "." +
                                         std::to_string(MAE_VERSION_PATCH));
}
