// A plain image of curves: title, axes with numbers, grid, legend. Made for losses and accuracies over a run.
//
// A header-only library cannot ask its users for a plotting library, yet the first thing anyone wants to see of a run
// is its loss curve. So this file draws just that, into an `Image` for `write_png`; for anything more, print the
// numbers and use a real plotting tool.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>

#include <mae/core/finite.hpp>
#include <mae/core/number_text.hpp>
#include <mae/plot/font.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A line through the points (x[i], y[i]) in the given order. A point that is not finite leaves a gap.
struct Curve {
  std::string label;
  std::vector<double> x, y;
};

/// What to draw. Both axes are linear; their ranges follow from the points.
struct Plot {
  std::string title, x_label, y_label;
  std::vector<Curve> curves;
  Index height = 480, width = 800;  // of the image, in pixels
};

namespace detail {

inline constexpr Colour ink{40, 40, 40}, grid_grey{225, 225, 225};
/// Colours that people with any kind of colour vision can tell apart (M. Okabe and K. Ito, 2008).
inline constexpr Colour curve_colours[] = {{0, 114, 178}, {213, 94, 0},   {0, 158, 115}, {204, 121, 167},
                                           {230, 159, 0}, {86, 180, 233}, {0, 0, 0}};

inline Colour curve_colour(std::size_t number) { return curve_colours[number % std::size(curve_colours)]; }

/// One axis: values [low, high] lie over pixels [begin, end].
struct PlotAxis {
  double low = 0, high = 1, begin = 0, end = 1;

  double pixel(double value) const { return begin + (value - low) / (high - low) * (end - begin); }
  /// The distance of ticks: 1, 2 or 5 times a power of ten, so that at most `most` of them fit.
  double step(double most) const {
    const double least = (high - low) / most, power = std::pow(10, std::floor(std::log10(least)));
    for (const double factor : {1.0, 2.0, 5.0})
      if (factor * power >= least) return factor * power;
    return 10 * power;
  }
};

using Ticks = std::vector<std::pair<double, std::string>>;

/// The ticks of an axis and their numbers, all with as many decimals as the step needs.
inline Ticks ticks(const PlotAxis& axis, double most) {
  Ticks all;
  const double step = axis.step(most);
  const int decimals = (std::max)(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  const bool plain = decimals <= 5 && (std::max)(std::abs(axis.low), std::abs(axis.high)) < 1e7;
  const double first = std::ceil(axis.low / step - 1e-9);
  for (double n = first; n * step <= axis.high + 1e-9 * step; ++n) {
    const double value = n == 0 ? 0.0 : n * step;
    all.emplace_back(value, plain ? decimal_text(value, decimals) : short_text(value, 4));
  }
  return all;
}

/// The ticks of a horizontal axis, few enough that their numbers do not touch.
inline Ticks horizontal_ticks(const PlotAxis& axis) {
  for (double most = 8; most > 1; --most) {
    Ticks all = ticks(axis, most);
    Index width = 0;
    for (const auto& [value, text] : all) width += text_width(text) + 16;
    if (static_cast<double>(width) <= axis.end - axis.begin) return all;
  }
  return ticks(axis, 1);
}

/// The range of all finite points in x or y, widened a little by `margin` and a lot if it is a single number.
inline PlotAxis range_of(const std::vector<Curve>& curves, std::vector<double> Curve::*values, double margin) {
  PlotAxis axis{(std::numeric_limits<double>::max)(), std::numeric_limits<double>::lowest()};
  for (const Curve& curve : curves)
    for (std::size_t i = 0; i < curve.x.size(); ++i)
      if (is_finite(curve.x[i]) && is_finite(curve.y[i])) {
        axis.low = (std::min)(axis.low, (curve.*values)[i]);
        axis.high = (std::max)(axis.high, (curve.*values)[i]);
      }
  const double extent = axis.high - axis.low, size = (std::max)(std::abs(axis.low), std::abs(axis.high));
  if (extent < 0) throw Error("draw_plot", "no finite point", "at least one");
  if (!(size < 1e300)) throw Error("draw_plot", "values beyond 1e300", "values that can be drawn");
  const bool single = extent <= 1e-9 * size || extent < 1e-300;
  const double widen = single ? (std::max)(size * 0.1, 1e-3) : extent * margin;
  axis.low -= widen;
  axis.high += widen;
  return axis;
}

inline void fill(Image& canvas, Index top, Index left, Index rows, Index columns, Colour colour) {
  for (Index c = 0; c < 3; ++c)
    for (Index y = (std::max)(top, Index{0}); y < (std::min)(top + rows, canvas.height); ++y)
      for (Index x = (std::max)(left, Index{0}); x < (std::min)(left + columns, canvas.width); ++x)
        canvas.row(c, y)[x] = colour[static_cast<std::size_t>(c)];
}

/// Raises `cover` (how much of each pixel the line hides, 0..1) along the segment from (x0, y0) to (x1, y1).
inline void cover_segment(std::vector<float>& cover, const Image& canvas, double x0, double y0, double x1, double y1) {
  constexpr double half_width = 1.1;
  const auto clip = [](double value, Index end) {
    return static_cast<Index>((std::min)((std::max)(value, 0.0), static_cast<double>(end)));
  };
  const double dx = x1 - x0, dy = y1 - y0, square = dx * dx + dy * dy;
  for (Index y = clip((std::min)(y0, y1) - 2, canvas.height); y < clip((std::max)(y0, y1) + 3, canvas.height); ++y)
    for (Index x = clip((std::min)(x0, x1) - 2, canvas.width); x < clip((std::max)(x0, x1) + 3, canvas.width); ++x) {
      const double px = static_cast<double>(x) - x0, py = static_cast<double>(y) - y0;
      const double along = square > 0 ? (std::min)((std::max)((px * dx + py * dy) / square, 0.0), 1.0) : 0.0;
      const double distance = std::hypot(px - along * dx, py - along * dy);
      float& here = cover[static_cast<std::size_t>(y * canvas.width + x)];
      here = (std::max)(here, static_cast<float>((std::min)((std::max)(half_width + 0.5 - distance, 0.0), 1.0)));
    }
}

inline void draw_curve(Image& canvas, const Curve& curve, const PlotAxis& x_axis, const PlotAxis& y_axis,
                       Colour colour) {
  std::vector<float> cover(static_cast<std::size_t>(canvas.height * canvas.width));
  bool joined = false;
  double last_x = 0, last_y = 0;
  for (std::size_t i = 0; i < curve.x.size(); ++i) {
    const bool finite = is_finite(curve.x[i]) && is_finite(curve.y[i]);
    if (finite) {
      const double x = x_axis.pixel(curve.x[i]), y = y_axis.pixel(curve.y[i]);
      cover_segment(cover, canvas, joined ? last_x : x, joined ? last_y : y, x, y);
      last_x = x;
      last_y = y;
    }
    joined = finite;
  }
  for (Index c = 0; c < 3; ++c)
    for (std::size_t i = 0; i < cover.size(); ++i) {
      std::uint8_t& pixel = canvas.row(c, 0)[i];
      const float old = pixel;
      const float full = colour[static_cast<std::size_t>(c)];
      pixel = static_cast<std::uint8_t>(std::lround(old + cover[i] * (full - old)));
    }
}

/// Draws the labels of the curves in lines of at most `width` pixels from (top, left); returns where the text ends.
inline Index draw_legend(Image& canvas, const std::vector<Curve>& curves, Index top, Index left, Index width) {
  constexpr Index dash = 28, line = 24;
  Index x = left;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    if (curves[i].label.empty()) continue;
    const Index entry = dash + 8 + text_width(curves[i].label) + 12;
    if (x > left && x + entry > left + width) {
      x = left;
      top += line;
    }
    fill(canvas, top + 6, x, 3, dash, curve_colour(i));
    draw_text(canvas, curves[i].label, top, x + dash + 8, ink);
    x += entry;
  }
  return x > left ? top + line : top;
}

/// Grid, ticks and numbers of both axes around the area that the axes' pixels span.
inline void draw_axes(Image& canvas, const PlotAxis& x_axis, const PlotAxis& y_axis, const Ticks& y_ticks) {
  const Index left = std::lround(x_axis.begin), right = std::lround(x_axis.end);
  const Index top = std::lround(y_axis.end), bottom = std::lround(y_axis.begin);
  for (const auto& [value, text] : y_ticks) {
    const Index y = std::lround(y_axis.pixel(value));
    fill(canvas, y, left, 1, right - left, grid_grey);
    draw_text(canvas, text, y - 7, left - 6 - text_width(text), ink);
  }
  for (const auto& [value, text] : horizontal_ticks(x_axis)) {
    const Index x = std::lround(x_axis.pixel(value)), width = text_width(text);
    fill(canvas, bottom, x, 6, 1, ink);
    draw_text(canvas, text, bottom + 10, (std::min)(x - width / 2 + 1, canvas.width - width - 4), ink);
  }
  fill(canvas, bottom, left, 1, right - left, ink);
  fill(canvas, top, left, bottom - top + 1, 1, ink);
}

}  // namespace detail

/// Draws `plot` as an image of three channels. Throws `Error` if a curve has not as many x as y, if no point is
/// finite, or if the image is smaller than 200 x 300 pixels.
inline Image draw_plot(const Plot& plot) {
  for (const Curve& curve : plot.curves)
    if (curve.x.size() != curve.y.size())
      throw Error("draw_plot: curve '" + curve.label + "'",
                  std::to_string(curve.x.size()) + " x for " + std::to_string(curve.y.size()) + " y", "as many");
  if (plot.height < 200 || plot.width < 300)
    throw Error("draw_plot", std::to_string(plot.height) + " x " + std::to_string(plot.width) + " pixels",
                "at least 200 x 300");
  detail::PlotAxis x_axis = detail::range_of(plot.curves, &Curve::x, 0);
  detail::PlotAxis y_axis = detail::range_of(plot.curves, &Curve::y, 0.04);
  Image canvas = blank_image(3, plot.height, plot.width);

  const detail::Ticks y_ticks = detail::ticks(y_axis, static_cast<double>(plot.height) / 60);
  Index numbers = 0;  // width of the numbers left of the y axis
  for (const auto& [value, text] : y_ticks) numbers = (std::max)(numbers, text_width(text));
  const Index left = numbers + 20, right = plot.width - 40;
  Index top = 14;
  draw_text(canvas, plot.title, top, (left + right - text_width(plot.title)) / 2, detail::ink);
  top = detail::draw_legend(canvas, plot.curves, top + (plot.title.empty() ? 0 : 30), left, right - left);
  if (!plot.y_label.empty()) draw_text(canvas, plot.y_label, top, 10, detail::ink);
  draw_text(canvas, plot.x_label, plot.height - 26, (left + right - text_width(plot.x_label)) / 2, detail::ink);

  x_axis.begin = static_cast<double>(left);
  x_axis.end = static_cast<double>(right);
  y_axis.begin = static_cast<double>(plot.height - 60);
  y_axis.end = static_cast<double>((std::min)(top + 26, plot.height - 100));
  detail::draw_axes(canvas, x_axis, y_axis, y_ticks);
  for (std::size_t i = 0; i < plot.curves.size(); ++i)
    detail::draw_curve(canvas, plot.curves[i], x_axis, y_axis, detail::curve_colour(i));
  return canvas;
}

}  // namespace mae
MAE_PRECISE_END
