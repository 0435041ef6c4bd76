// What is known of an image, drawn on it: boxes with names and scores, class maps as a tint.
//
//   write_png("found.png", with_boxes(image, detections, names, 4));
//   write_png("rows.png", image_grid({"image", "truth", "found"}, {{image, truth, found}, ...}));
//
// A class has one colour everywhere (`class_colour`): twenty that were chosen one after the other, each the farthest
// from all before it in CIELAB, over lightness from 35 to 92; after these they come again, darker.
#pragma once
#include <cmath>
#include <span>
#include <string>

#include <mae/core/number_text.hpp>
#include <mae/data/boxes.hpp>
#include <mae/data/class_map.hpp>
#include <mae/plot/font.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The colour of a class, which must not be negative.
inline Colour class_colour(Index label) {
  constexpr Colour colours[20] = {{240, 60, 45},   {0, 255, 0},    {60, 15, 255},   {0, 210, 255},   {75, 90, 0},
                                  {255, 135, 240}, {255, 225, 0},  {105, 255, 180}, {15, 90, 180},   {255, 180, 150},
                                  {135, 60, 90},   {255, 0, 255},  {105, 180, 15},  {240, 0, 120},   {225, 135, 0},
                                  {60, 150, 120},  {135, 75, 225}, {225, 240, 150}, {180, 180, 255}, {135, 75, 30}};
  Colour colour = colours[label % 20];
  const double darker = 1 / (1 + 0.2 * double(label / 20));
  for (std::uint8_t& part : colour) part = static_cast<std::uint8_t>(std::lround(double(part) * darker));
  return colour;
}

/// Fills the part of the rectangle [top, bottom) x [left, right) that lies on the canvas. On a grey canvas the first
/// number of the colour counts.
inline void fill_rectangle(Image& canvas, Index top, Index left, Index bottom, Index right, Colour colour) {
  for (Index y = (std::max)(top, Index{0}); y < (std::min)(bottom, canvas.height); ++y)
    for (Index x = (std::max)(left, Index{0}); x < (std::min)(right, canvas.width); ++x)
      for (Index c = 0; c < canvas.channels; ++c) canvas.row(c, y)[x] = colour[static_cast<std::size_t>(c % 3)];
}

/// The image in colours, each pixel `scale` x `scale`.
inline Image colour_canvas(const Image& image, Index scale = 1) {
  Image canvas = blank_image(3, image.height * scale, image.width * scale);
  paste(canvas, upscale(image, scale), 0, 0);
  return canvas;
}

/// Draws the frame of a box given in pixels of the canvas, its lines inside of it, and over it a caption if there is
/// one: above the box, or in it where there is no room.
inline void draw_box(Image& canvas, const Box& box, Colour colour, std::string_view caption = {}) {
  const auto whole = [](double at, Index extent) {
    return static_cast<Index>(std::lround(std::fmin(std::fmax(at, 0), double(extent))));
  };
  const Index top = whole(box.y0, canvas.height), left = whole(box.x0, canvas.width);
  const Index bottom = (std::max)(whole(box.y1, canvas.height), top + 1);
  const Index right = (std::max)(whole(box.x1, canvas.width), left + 1);
  const Index line = (std::min)(canvas.height, canvas.width) < 160 ? 1 : 2;
  fill_rectangle(canvas, top, left, (std::min)(top + line, bottom), right, colour);
  fill_rectangle(canvas, (std::max)(bottom - line, top), left, bottom, right, colour);
  fill_rectangle(canvas, top, left, bottom, (std::min)(left + line, right), colour);
  fill_rectangle(canvas, top, (std::max)(right - line, left), bottom, right, colour);
  if (caption.empty()) return;
  const Index dot = (std::min)(canvas.height, canvas.width) < 480 ? 1 : 2;
  const Index tall = text_height(dot) + dot, broad = text_width(caption, dot) + dot;
  const Index at = top >= tall ? top - tall : (std::min)(top, canvas.height - tall);
  const Index from = (std::max)((std::min)(left, canvas.width - broad), Index{0});
  fill_rectangle(canvas, at, from, at + tall, from + broad, colour);
  const double lightness = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2];
  draw_text(canvas, caption, at + dot, from + dot, lightness > 140 ? Colour{0, 0, 0} : Colour{255, 255, 255}, dot);
}

namespace detail {
inline std::string class_name(const std::vector<std::string>& names, Index label) {
  return label < static_cast<Index>(names.size()) ? names[static_cast<std::size_t>(label)] : std::to_string(label);
}
inline Box enlarged(const Box& box, Index by) {
  return {box.x0 * double(by), box.y0 * double(by), box.x1 * double(by), box.y1 * double(by)};
}
}  // namespace detail

/// The image with its objects, boxes in its pixels; names[label], or the number of a class without a name. Those that
/// are ignored are grey and have no name.
inline Image with_boxes(const Image& image, std::span<const LabelledBox> boxes,
                        const std::vector<std::string>& names = {}, Index scale = 1) {
  Image canvas = colour_canvas(image, scale);
  for (const LabelledBox& one : boxes)
    draw_box(canvas, detail::enlarged(one.box, scale), one.ignored ? Colour{128, 128, 128} : class_colour(one.label),
             one.ignored ? std::string() : detail::class_name(names, one.label));
  return canvas;
}
/// The image with what was found in it, surest on top.
inline Image with_boxes(const Image& image, std::span<const Detection> found,
                        const std::vector<std::string>& names = {}, Index scale = 1) {
  std::vector<Detection> order(found.begin(), found.end());
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.score < b.score; });
  Image canvas = colour_canvas(image, scale);
  for (const Detection& one : order)
    draw_box(canvas, detail::enlarged(one.box, scale), class_colour(one.label),
             detail::class_name(names, one.label) + " " + decimal_text(one.score, 2));
  return canvas;
}

/// The image, tinted `share` of the way to the colour of each pixel's class. Pixels of class `background`, and those
/// without a class, stay as they are. Throws mae::Error if the map has another size.
inline Image with_classes(const Image& image, const ClassMapView& map, Index background = -1, Index scale = 1,
                          double share = 0.6) {
  if (map.height != image.height || map.width != image.width)
    throw Error("class map", std::to_string(map.height) + " x " + std::to_string(map.width) + " pixels",
                std::to_string(image.height) + " x " + std::to_string(image.width) + ", as the image has");
  Image canvas = colour_canvas(image);
  for (Index p = 0; p < map.height * map.width; ++p) {
    const Index label = map.classes[p];
    if (label == background || label == ClassMap::ignored) continue;
    const Colour colour = class_colour(label);
    for (Index c = 0; c < 3; ++c) {
      std::uint8_t& level = canvas.row(c, 0)[p];
      level = static_cast<std::uint8_t>(std::lround(level + share * (colour[static_cast<std::size_t>(c)] - level)));
    }
  }
  return upscale(canvas, scale);
}

/// Images in rows and columns, with a caption over each column. Throws mae::Error unless every row has as many images
/// as there are captions.
inline Image image_grid(const std::vector<std::string>& captions, const std::vector<std::vector<Image>>& rows) {
  constexpr Index gap = 8;
  std::vector<Index> widths(captions.size()), heights(rows.size());
  for (std::size_t c = 0; c < captions.size(); ++c) widths[c] = text_width(captions[c], 1);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (rows[r].size() != captions.size())
      throw Error("image_grid", std::to_string(rows[r].size()) + " images in row " + std::to_string(r),
                  std::to_string(captions.size()) + ", one for each caption");
    for (std::size_t c = 0; c < captions.size(); ++c) {
      widths[c] = (std::max)(widths[c], rows[r][c].width);
      heights[r] = (std::max)(heights[r], rows[r][c].height);
    }
  }
  Index width = gap, height = 2 * gap + text_height(1);
  for (const Index w : widths) width += w + gap;
  for (const Index h : heights) height += h + gap;
  Image grid = blank_image(3, height, width);
  Index left = gap;
  for (std::size_t c = 0; c < captions.size(); ++c) {
    draw_text(grid, captions[c], gap, left, {40, 40, 40}, 1);
    Index top = 2 * gap + text_height(1);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      paste(grid, rows[r][c], top, left);
      top += heights[r] + gap;
    }
    left += widths[c] + gap;
  }
  return grid;
}

}  // namespace mae
MAE_PRECISE_END
