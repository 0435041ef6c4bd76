// Numbers as colours: a map of patches, and the bar that says which colour is how much.
//
// The colours are those of matplotlib's "viridis" (S. van der Walt and N. Smith, 2015), nine of them with straight
// lines between: from dark blue to yellow, evenly in lightness, so that they mean the same in print and to people with
// any kind of colour vision.
#pragma once
#include <algorithm>
#include <cmath>

#include <mae/plot/font.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The colour of `share` of the scale; below 0 and above 1 the ends.
inline Colour heat_colour(double share) {
  constexpr Colour stops[9] = {{68, 1, 84},    {71, 44, 122}, {59, 81, 139},  {44, 113, 142}, {33, 144, 141},
                               {39, 173, 129}, {92, 200, 99}, {170, 220, 50}, {253, 231, 37}};
  const double at = 8 * std::fmin(std::fmax(share, 0), 1);
  const auto below = (std::min)(static_cast<std::size_t>(at), std::size_t{7});
  Colour colour{};
  for (std::size_t c = 0; c < 3; ++c) {
    const double value = stops[below][c] + (at - double(below)) * (stops[below + 1][c] - stops[below][c]);
    colour[c] = static_cast<std::uint8_t>(std::lround(value));
  }
  return colour;
}

/// Values in rows of `columns` as an image, a pixel each (`upscale` makes them squares); `most` ends the scale.
inline Image heat_map(const std::vector<double>& values, Index columns, double most) {
  Image map = blank_image(3, static_cast<Index>(values.size()) / columns, columns);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Colour colour = heat_colour(values[i] / most);
    for (std::size_t c = 0; c < 3; ++c) map.row(static_cast<Index>(c), 0)[i] = colour[c];
  }
  return map;
}

/// The scale of a heat map, from left to right.
inline Image heat_bar(Index height, Index width) {
  std::vector<double> shares;
  for (Index i = 0; i < height * width; ++i) shares.push_back((double(i % width) + 0.5) / double(width));
  return heat_map(shares, width, 1);
}

}  // namespace mae
MAE_PRECISE_END
