// Images with boxes for tests: rectangles, some of which are bright.
#pragma once
#include <mae/data/boxes.hpp>

namespace test {

using namespace mae;

/// Bright and dark rectangles, classes 0 and 1, on a noisy background; up to three, apart from each other.
inline DetectionSet rectangles(Index count, std::uint64_t seed) {
  DetectionSet set{{1, 24, 32, {}, {}, 0}, {}, 2};
  for (Index i = 0; i < count; ++i) {
    const RandomStream stream(seed, Purpose::probe, 0, static_cast<std::uint64_t>(i));
    std::vector<LabelledBox> boxes;
    for (std::uint32_t k = 0; k < 6 && boxes.size() < 3; ++k) {
      const auto number = [&](std::uint32_t n, std::uint32_t below) {
        return double(stream.below(2000 + 8 * k + n, below));
      };
      const double width = 5 + number(0, 8), height = 5 + number(1, 8);
      const Box box{number(2, 32 - 12), number(3, 24 - 12), 0, 0};
      const LabelledBox one{{box.x0, box.y0, box.x0 + width, box.y0 + height}, std::int32_t(number(4, 2)), false};
      bool apart = true;
      for (const LabelledBox& other : boxes) apart = apart && intersection(one.box, other.box).area() == 0;
      if (apart) boxes.push_back(one);
    }
    for (Index y = 0; y < 24; ++y)
      for (Index x = 0; x < 32; ++x) {
        Index level = 100;
        for (const LabelledBox& one : boxes)
          if (double(x) >= one.box.x0 && double(x) < one.box.x1 && double(y) >= one.box.y0 && double(y) < one.box.y1)
            level = one.label == 0 ? 200 : 10;
        set.images.pixels.push_back(
            static_cast<std::uint8_t>(level + stream.below(static_cast<std::uint32_t>(32 * y + x), 30)));
      }
    set.boxes.push_back(boxes);
  }
  return set;
}

}  // namespace test
