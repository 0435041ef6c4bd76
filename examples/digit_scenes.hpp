// Digits in photographs: small grey scenes with boxes and class maps, made of the data that ship.
//
// A scene is a crop of a photograph, paler than it was, with one to six handwritten digits on it, 8 to 20 pixels tall,
// light on dark or dark on light. An object's box is the extent of its ink; the class map says 1 + digit where there is
// ink, 0 elsewhere. Strokes and photographs are real, the scenes are composed. Everything follows from (seed, scene).
#pragma once
#include <mae/data/boxes.hpp>
#include <mae/data/class_map.hpp>
#include <mae/io/images/image_file.hpp>
#include <mae/io/images/png.hpp>

#include <algorithm>
#include <array>
#include <cmath>

#include "digits.hpp"

namespace digit_scenes {

using mae::Index;
inline constexpr Index side = 48, most_digits = 6;

/// What scenes are made of: digits, and for their background the left 60 % of the photographs or the rest.
struct Material {
  mae::Dataset digits;
  std::vector<mae::Image> photographs;
};
inline Material material(const mae::Dataset& digits, bool left) {
  Material result{digits, {}};
  for (const char* const name : {"astronaut", "chelsea", "coffee"}) {
    const mae::Image grey = mae::with_channels(mae::read_png(std::string(MAE_EXAMPLE_DATA) + "/" + name + ".png"), 1);
    const Index cut = grey.width * 3 / 5;
    result.photographs.push_back(left ? mae::crop(grey, 0, 0, grey.height, cut)
                                      : mae::crop(grey, 0, cut, grey.height, grey.width - cut));
  }
  return result;
}

struct Scene {
  std::array<float, side * side> pixels{};      // 0 to 255
  std::array<std::uint8_t, side * side> map{};  // 1 + digit, or 0
  std::vector<mae::LabelledBox> boxes{};        // label: the digit
};

/// The random numbers of a scene, one after the other.
class Numbers {
 public:
  Numbers(std::uint64_t seed, std::uint64_t scene) : random_(seed, mae::Purpose::probe, 0, scene) {}
  Index below(Index most) { return Index{random_.below(next_++, static_cast<std::uint32_t>(most))}; }
  double between(double low, double high) { return low + (high - low) * double(random_.uniform(next_++)); }

 private:
  mae::RandomStream random_;
  std::uint32_t next_ = 0;
};

/// Tall x tall shares of ink, from 0 to 1, and the box of all above a quarter.
struct Ink {
  Index tall;
  std::vector<float> shares;
  mae::Box box{};

  static constexpr float least = 0.25f;
  Ink(const std::uint8_t* digit, Index to) : tall(to), shares(static_cast<std::size_t>(to * to)) {
    mae::resize(digit, 1, 8, 8, {0, 0, 8, 8}, shares.data(), tall, tall);
    box = {double(tall), double(tall), 0, 0};
    for (Index i = 0; i < tall * tall; ++i) {
      float& share = shares[static_cast<std::size_t>(i)];
      share = std::clamp(share / 255, 0.f, 1.f);
      const double y = double(i / tall), x = double(i % tall);
      if (share > least)
        box = {std::min(box.x0, x), std::min(box.y0, y), std::max(box.x1, x + 1), std::max(box.y1, y + 1)};
    }
  }
};

/// Draws one digit where it hardly meets the others, if twenty tries find such a place.
inline void add_digit(Scene& scene, const std::uint8_t* digit, std::int32_t label, Numbers& random) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    const Ink ink(digit, 8 + random.below(13));
    const Index top = random.below(side - ink.tall + 1), left = random.below(side - ink.tall + 1);
    const mae::Box box{ink.box.x0 + double(left), ink.box.y0 + double(top), ink.box.x1 + double(left),
                       ink.box.y1 + double(top)};
    const auto meets = [&](const mae::LabelledBox& other) {
      const double shared = intersection(box, other.box).area();
      return shared > 0.15 * (box.area() + other.box.area() - shared);
    };
    if (std::any_of(scene.boxes.begin(), scene.boxes.end(), meets)) continue;
    double ground = 0;
    for (Index y = 0; y < ink.tall; ++y)
      for (Index x = 0; x < ink.tall; ++x) ground += double(scene.pixels[std::size_t((top + y) * side + left + x)]);
    const bool light = ground / double(ink.tall * ink.tall) < 128;
    const float colour = float(light ? random.between(190, 255) : random.between(0, 65));
    for (Index y = 0; y < ink.tall; ++y)
      for (Index x = 0; x < ink.tall; ++x) {
        const auto at = static_cast<std::size_t>((top + y) * side + left + x);
        const float share = ink.shares[static_cast<std::size_t>(y * ink.tall + x)];
        scene.pixels[at] += share * (colour - scene.pixels[at]);
        if (share > Ink::least) scene.map[at] = static_cast<std::uint8_t>(1 + label);
      }
    scene.boxes.push_back({box, label});
    return;
  }
}

/// Scene number `number` of `seed`.
inline Scene scene(const Material& material, std::uint64_t seed, std::uint64_t number) {
  Numbers random(seed, number);
  Scene result;
  const mae::Image& photograph = material.photographs[static_cast<std::size_t>(random.below(3))];
  const Index size = side + random.below(side + 1);  // of the crop that becomes the background
  const mae::CropBox crop{double(random.below(photograph.height - size + 1)),
                          double(random.below(photograph.width - size + 1)), double(size), double(size)};
  mae::resize(photograph.pixels.data(), 1, photograph.height, photograph.width, crop, result.pixels.data(), side, side);
  const double contrast = random.between(0.3, 1);
  for (float& p : result.pixels) p = float(128 + contrast * (double(p) - 128));
  std::vector<Index> used;
  for (Index left = 1 + random.below(most_digits); left > 0; --left) {
    const Index digit = random.below(material.digits.size());
    if (std::find(used.begin(), used.end(), digit) != used.end()) continue;
    used.push_back(digit);
    add_digit(result, material.digits.image(digit).data(), material.digits.label(digit), random);
  }
  return result;
}

/// Scenes, and what is said of them.
struct Scenes {
  mae::Dataset images{1, side, side, {}, {}, 0};
  std::vector<std::uint8_t> maps{};
  std::vector<std::vector<mae::LabelledBox>> boxes{};

  mae::DetectionSet detection() const { return {images, boxes, 10}; }
  mae::SegmentationSet segmentation() const { return {images, maps, 11}; }
};
inline Scenes make(const Material& material, Index count, std::uint64_t seed) {
  Scenes set;
  for (Index i = 0; i < count; ++i) {
    const Scene one = scene(material, seed, static_cast<std::uint64_t>(i));
    for (const float p : one.pixels)
      set.images.pixels.push_back(static_cast<std::uint8_t>(std::clamp(std::round(double(p)), 0., 255.)));
    set.maps.insert(set.maps.end(), one.map.begin(), one.map.end());
    set.boxes.push_back(one.boxes);
  }
  return set;
}

}  // namespace digit_scenes
