#include <mae/backend/cpu/planes.hpp>

#include <doctest/doctest.h>

#include <vector>

namespace {

using namespace mae;

template <class Set>
void check_planes(Index count) {
  if (!Set::supported()) return;
  std::vector<std::uint8_t> pixels, planes(static_cast<std::size_t>(3 * count) + 5, 99);
  for (Index i = 0; i < 3 * count; ++i) pixels.push_back(static_cast<std::uint8_t>(31 * i + i / 256));
  cpu::SplitColours<Set>::run(pixels.data(), count, planes.data(), count + 2);
  INFO(Set::name, ", ", count, " pixels");
  for (Index i = 0; i < count; ++i)
    for (Index c = 0; c < 3; ++c)
      REQUIRE(planes[static_cast<std::size_t>(c * (count + 2) + i)] == pixels[static_cast<std::size_t>(3 * i + c)]);
  for (const Index between : {count, count + 1, 2 * count + 2, 2 * count + 3, 3 * count + 4})
    CHECK(planes[static_cast<std::size_t>(between)] == 99);
}

}  // namespace

TEST_CASE("the colours of pixels become planes, whatever their number") {
  for (const Index count : {0, 1, 15, 16, 17, 31, 32, 100, 1000}) {
    check_planes<isa::Baseline>(count);
    check_planes<isa::Avx2>(count);
    check_planes<isa::Avx512>(count);
  }
}
