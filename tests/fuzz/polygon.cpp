// Polygons: height and width, up to 255, then corners as float, in one polygon or two.
#include <mae/data/polygon.hpp>

#include <cstring>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const mae::Index height = data[0], width = data[1];
  const std::size_t first = data[2];
  std::vector<std::vector<double>> polygons(1);
  for (std::size_t at = 3; at + 4 <= size; at += 4) {
    float number = 0;
    std::memcpy(&number, data + at, 4);
    if (polygons[0].size() == first && first > 0) polygons.emplace_back();
    polygons.back().push_back(number);
  }
  fuzz::accepts([&] {
    const mae::RunLengthMask mask = mae::polygons_mask(height, width, polygons);
    fuzz::require(mask.height() == height && mask.width() == width, "size");
    mae::Index sum = 0;
    for (std::size_t i = 0; i < mask.counts().size(); ++i) {
      sum += mask.counts()[i];
      fuzz::require(i == 0 || mask.counts()[i] > 0, "no run of nothing but the first");
    }
    fuzz::require(sum == mask.size(), "counts add up");
  });
  return 0;
}
