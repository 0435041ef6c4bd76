// Digits in photographs: small grey scenes whose every pixel has a class, made of the data that ship.
//
// A scene is a crop of a photograph, paler than it was, with one or two handwritten digits on it, light on dark or
// dark on light, 14 to 24 pixels tall. Its class map says 1 + digit where there is ink, 0 elsewhere, 255 where a stroke
// fades out. Strokes and photographs are real, the scenes are composed. Everything follows from (seed, scene).
#pragma once
#include "digit_scenes.hpp"

namespace scenes {

using mae::Index;
inline constexpr Index side = 32, classes = 11;

using digit_scenes::Material, digit_scenes::material;

/// Scene number `scene` of `seed`, added to `set`.
inline void add_scene(mae::SegmentationSet& set, const Material& material, std::uint64_t seed, std::uint64_t scene) {
  const mae::RandomStream random(seed, mae::Purpose::probe, 0, scene);
  std::uint32_t next = 0;
  const auto below = [&](Index most) { return Index{random.below(next++, static_cast<std::uint32_t>(most))}; };
  const auto between = [&](double low, double high) { return low + (high - low) * double(random.uniform(next++)); };
  const mae::Image& photograph = material.photographs[static_cast<std::size_t>(below(3))];
  const Index size = 48 + below(49);  // of the crop that becomes the background
  const Index top = below(photograph.height - size + 1), left = below(photograph.width - size + 1);
  const mae::CropBox box{double(top), double(left), double(size), double(size)};
  std::vector<float> pixels(side * side);
  mae::resize(photograph.pixels.data(), 1, photograph.height, photograph.width, box, pixels.data(), side, side);
  const double contrast = between(0.2, 0.6), grey = between(60, 190);
  for (float& p : pixels) p = float(grey + contrast * (double(p) - 128));
  std::vector<std::uint8_t> map(side * side, 0);
  const Index digits = 1 + below(2);
  for (Index k = 0; k < digits; ++k) {
    const Index number = below(material.digits.size()), tall = 14 + below(11);
    const Index y0 = below(side - tall + 1), x0 = below(side - tall + 1);
    const double strength = (grey > 125 ? -1 : 1) * between(90, 150);
    bool free = true;
    for (Index y = 0; y < tall; ++y)
      for (Index x = 0; x < tall; ++x) free = free && map[static_cast<std::size_t>((y0 + y) * side + x0 + x)] == 0;
    if (!free) continue;
    std::vector<float> ink(static_cast<std::size_t>(tall * tall));
    mae::resize(material.digits.image(number).data(), 1, 8, 8, {0, 0, 8, 8}, ink.data(), tall, tall);
    for (Index i = 0; i < tall * tall; ++i) {
      const double share = std::clamp(double(ink[static_cast<std::size_t>(i)]) / 255, 0., 1.);
      const auto at = static_cast<std::size_t>((y0 + i / tall) * side + x0 + i % tall);
      pixels[at] += float(share * strength);
      if (share > 0.4) map[at] = static_cast<std::uint8_t>(1 + material.digits.label(number));
      else if (share > 0.25) map[at] = mae::ClassMap::ignored;
    }
  }
  for (const float p : pixels)
    set.images.pixels.push_back(static_cast<std::uint8_t>(std::clamp(std::round(double(p)), 0., 255.)));
  set.maps.insert(set.maps.end(), map.begin(), map.end());
}

inline mae::SegmentationSet make(const Material& material, Index count, std::uint64_t seed) {
  mae::SegmentationSet set{{1, side, side, {}, {}, 0}, {}, classes};
  for (Index i = 0; i < count; ++i) add_scene(set, material, seed, static_cast<std::uint64_t>(i));
  return set;
}

/// Scene, truth and prediction side by side for the first images: a panel of three rows.
inline mae::Image panel(const mae::SegmentationSet& set, const std::vector<std::vector<std::uint8_t>>& predictions,
                        Index scale = 3) {
  constexpr std::uint8_t colours[classes][3] = {{40, 40, 40},   {230, 25, 75},  {60, 180, 75},  {255, 225, 25},
                                                {0, 130, 200},  {245, 130, 48}, {145, 30, 180}, {70, 240, 240},
                                                {240, 50, 230}, {210, 245, 60}, {250, 190, 212}};
  const Index count = static_cast<Index>(predictions.size()), step = side * scale + 4;
  mae::Image out = mae::blank_image(3, 3 * step - 4, count * step - 4);
  for (Index i = 0; i < count; ++i)
    for (Index row = 0; row < 3; ++row)
      for (Index y = 0; y < side * scale; ++y)
        for (Index x = 0; x < side * scale; ++x) {
          const auto p = static_cast<std::size_t>(y / scale * side + x / scale);
          const std::size_t in_set = static_cast<std::size_t>(i * side * side) + p;
          const std::uint8_t c = row == 2 ? predictions[static_cast<std::size_t>(i)][p] : set.maps[in_set];
          for (Index channel = 0; channel < 3; ++channel)
            out.row(channel, row * step + y)[i * step + x] =
                row == 0 ? set.images.pixels[in_set] : c < classes ? colours[c][channel] : std::uint8_t{128};
        }
  return out;
}

}  // namespace scenes
