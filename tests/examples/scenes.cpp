// The scenes that examples learn detection and segmentation from: examples/digit_scenes.hpp.
#include <digit_scenes.hpp>

#include <doctest/doctest.h>

#include <set>

using mae::Index;
namespace scenes = digit_scenes;

TEST_CASE("a scene follows from its seed and number; others look otherwise") {
  const scenes::Material material = scenes::material(digits::load().test, false);
  const scenes::Scenes few = scenes::make(material, 3, 5), more = scenes::make(material, 6, 5);
  CHECK(std::equal(few.images.pixels.begin(), few.images.pixels.end(), more.images.pixels.begin()));
  CHECK(std::equal(few.maps.begin(), few.maps.end(), more.maps.begin()));
  CHECK(std::equal(few.boxes.begin(), few.boxes.end(), more.boxes.begin()));
  std::set<std::vector<std::uint8_t>> seen;
  for (Index i = 0; i < 6; ++i) seen.insert(more.images.copy(i).pixels);
  for (Index i = 0; i < 3; ++i) seen.insert(scenes::make(material, 3, 6).images.copy(i).pixels);
  CHECK(seen.size() == 9);
}

TEST_CASE("every object lies in its scene, hardly meets others, and its box is the extent of its ink") {
  const scenes::Material material = scenes::material(digits::load().unlabelled, true);
  const scenes::Scenes set = scenes::make(material, 300, 1);
  validate(set.detection(), "scenes");
  validate(set.segmentation(), "scenes");
  Index objects = 0, alone = 0, counts[scenes::most_digits + 1] = {}, classes[10] = {};
  for (std::size_t i = 0; i < 300; ++i) {
    const auto& boxes = set.boxes[i];
    REQUIRE(boxes.size() >= 1);
    REQUIRE(boxes.size() <= scenes::most_digits);
    ++counts[boxes.size()];
    const std::uint8_t* const map = set.maps.data() + i * scenes::side * scenes::side;
    for (const mae::LabelledBox& one : boxes) {
      ++objects, ++classes[one.label];
      CHECK(one.box.width() <= 20);
      CHECK(one.box.height() >= 5);
      CHECK(!one.ignored);
      bool meets = false;
      for (const mae::LabelledBox& other : boxes) {
        if (&other == &one) continue;
        const double shared = intersection(one.box, other.box).area();
        CHECK(shared <= 0.15 * (one.box.area() + other.box.area() - shared) + 1e-9);
        meets = meets || shared > 0;
      }
      if (meets) continue;
      ++alone;
      mae::Box ink{1e9, 1e9, 0, 0};
      for (Index y = Index(one.box.y0); y < Index(one.box.y1); ++y)
        for (Index x = Index(one.box.x0); x < Index(one.box.x1); ++x)
          if (map[y * scenes::side + x] == 1 + one.label)
            ink = {std::min(ink.x0, double(x)), std::min(ink.y0, double(y)), std::max(ink.x1, double(x + 1)),
                   std::max(ink.y1, double(y + 1))};
      CHECK(ink == one.box);
    }
    // No ink outside of boxes.
    for (Index p = 0; p < scenes::side * scenes::side; ++p) {
      if (map[p] == 0) continue;
      const double y = double(p / scenes::side), x = double(p % scenes::side);
      bool inside = false;
      for (const auto& [box, label, ignored] : boxes)
        inside = inside || (x >= box.x0 && x < box.x1 && y >= box.y0 && y < box.y1 && map[p] == 1 + label);
      if (!inside) FAIL("ink of no object in scene ", i);
    }
  }
  CHECK(objects > 900);
  CHECK(alone > 300);
  for (Index k = 1; k <= scenes::most_digits; ++k) CHECK(counts[k] > 20);
  for (const Index c : classes) CHECK(c > 50);
}
