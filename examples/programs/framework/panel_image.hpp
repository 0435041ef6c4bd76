// Images in panels, and scores in words.
#pragma once
#include <algorithm>
#include <cmath>

#include <mae/data/canvas.hpp>
#include <mae/data/resize.hpp>

#include "display.hpp"

namespace program {

/// The image, made `height` pixels high, or less where it would be more than four times as wide as that.
inline mae::Image panel_image(const mae::ImageView& image, mae::Index height) {
  const auto down = static_cast<double>(image.height), across = static_cast<double>(image.width);
  const double scale = static_cast<double>(height) * std::min(1 / down, 4 / across);
  const auto rows = std::max<mae::Index>(1, std::llround(scale * down)),
             columns = std::max<mae::Index>(1, std::llround(scale * across));
  mae::Image shown = mae::blank_image(image.channels, rows, columns);
  mae::resize(image.pixels, image.channels, image.height, image.width, {0, 0, down, across}, shown.pixels.data(), rows,
              columns);
  return shown;
}

/// A share in percent.
inline std::string percent(double value) { return decimal(100 * value, 1) + " %"; }

}  // namespace program
