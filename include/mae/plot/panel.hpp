// The panel everyone wants to see: a row for each image, a column for each step of its way through the model.
//
// The columns are those of eval/reconstruct.hpp: original, masked, reconstruction, pasted and, if asked for, whole and
// a map of its errors, all rows on one scale. Under the rows stands what must be known to judge them: where the
// brightness of hidden patches comes from if the model does not predict it, and how the whole image was made.
#pragma once
#include <algorithm>
#include <cmath>
#include <string_view>

#include <mae/core/number_text.hpp>
#include <mae/eval/reconstruct.hpp>
#include <mae/plot/heat_map.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// What a panel is drawn from, whatever the model.
struct PanelSheet {
  std::vector<PanelRow> rows;
  std::vector<std::string> notes;  ///< paragraphs under the rows
  Index patch = 1, columns = 1;    ///< side of a patch, patches in a row
};

namespace detail {
inline constexpr Colour panel_ink{40, 40, 40};

/// The words of `text` in lines of at most `width` pixels. A longer word has a line of its own.
inline std::vector<std::string> wrapped(std::string_view text, Index width, Index dot) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix((std::min)(word.size() + 1, text.size()));
    const std::string longer = lines.back() + (lines.back().empty() ? "" : " ") + std::string(word);
    if (lines.back().empty() || text_width(longer, dot) <= width) lines.back() = longer;
    else lines.emplace_back(word);
  }
  return lines;
}

inline double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// Where everything of a panel stands.
struct PanelLayout {
  static constexpr Index gap = 16, indent = 4;
  Index dot, image_width, image_height, line, row, top, width, height, columns;
  std::vector<std::string> notes;

  PanelLayout(const PanelSheet& sheet, Index scale) {
    const PanelRow& one = sheet.rows.front();
    const bool whole = !one.errors.empty();
    image_width = one.images.original.width * scale;
    image_height = one.images.original.height * scale;
    columns = whole ? 6 : 4;
    dot = image_width >= text_width("reconstruction", 2) ? 2 : 1;
    const Index column = (std::max)(image_width, text_width("reconstruction", dot));
    width = columns * (column + gap) + gap;
    line = text_height(dot) + 4 * dot;
    row = image_height + gap + (whole ? line : 0);
    top = gap + line;
    for (const std::string& note : sheet.notes)
      for (std::string& part : wrapped(note, width - 2 * gap, dot)) notes.push_back(std::move(part));
    const Index below = static_cast<Index>(notes.size()) + (whole ? 1 : 0);
    height = top + static_cast<Index>(sheet.rows.size()) * row + below * line + (below > 0 ? gap / 2 : 0);
  }
  /// Where column k begins.
  Index left(Index k) const { return gap + k * ((width - gap) / columns); }
};

/// The scale of the error maps: a bar from 0 to `most` with its numbers, and what they are.
inline void draw_error_scale(Image& panel, const PanelLayout& at, Index top, double most) {
  const std::string zero = "error: 0";
  const std::string end = decimal_text(most, 0) + " of 255 grey levels, root mean square of each patch";
  const Index space = text_width(" ", at.dot), bar = (std::max)(at.image_width, Index{64});
  draw_text(panel, zero, top, at.gap, panel_ink, at.dot);
  const Index left = at.gap + text_width(zero, at.dot) + space;
  if (left + bar < panel.width) paste(panel, heat_bar(7 * at.dot, bar), top, left);
  draw_text(panel, end, top, left + bar + space, panel_ink, at.dot);
}

inline void draw_row(Image& panel, const PanelLayout& at, const PanelSheet& sheet, const PanelRow& row, Index top,
                     Index scale, double most) {
  const Reconstructed& r = row.images;
  const Image* const images[] = {&r.original, &r.masked, &r.reconstruction, &r.pasted, &row.whole_image};
  const bool whole = !row.errors.empty();
  for (Index k = 0; k < (whole ? 5 : 4); ++k) paste(panel, upscale(*images[k], scale), top, at.left(k));
  if (!whole) return;
  paste(panel, upscale(heat_map(row.errors, sheet.columns, most), sheet.patch * scale), top, at.left(5));
  draw_text(panel, "mean " + decimal_text(mean_of(row.errors), 1), top + at.image_height + 2 * at.dot, at.left(5),
            panel_ink, at.dot);
}
}  // namespace detail

/// Draws a sheet of at least one row; each pixel of its images has `scale` x `scale` on the panel.
inline Image draw_panel(const PanelSheet& sheet, Index scale) {
  const detail::PanelLayout at(sheet, scale);
  Image panel = blank_image(3, at.height, at.width);
  const char* const captions[] = {"original", "masked", "reconstruction", "pasted", "whole", "error"};
  for (Index k = 0; k < at.columns; ++k) draw_text(panel, captions[k], at.gap, at.left(k), detail::panel_ink, at.dot);
  double most = 1;
  for (const PanelRow& row : sheet.rows)
    for (const double error : row.errors) most = (std::max)(most, std::ceil(error));
  Index top = at.top;
  for (const PanelRow& row : sheet.rows) {
    detail::draw_row(panel, at, sheet, row, top, scale, most);
    top += at.row;
  }
  if (at.columns > 4) {
    detail::draw_error_scale(panel, at, top, most);
    top += at.line;
  }
  for (const std::string& note : at.notes) {
    draw_text(panel, note, top, at.gap, detail::panel_ink, at.dot);
    top += at.line;
  }
  return panel;
}

/// What a panel of `Model` says under its rows.
template <class Model>
std::vector<std::string> panel_notes(const PanelOptions& options) {
  std::vector<std::string> notes;
  if (options.whole) {
    const auto masks = std::to_string(ComplementaryMasks<typename Model::Masks>::count);
    notes.push_back("whole: by " + masks + " masks that together hide every patch, each patch from one that hid it.");
  }
  if (options.target.value_or(Model::target) == Target::normalized_pixels)
    notes.push_back(options.statistics == HiddenStatistics::oracle
                        ? "Mean and contrast of every patch, hidden or not, are the original's; the model predicts "
                          "neither."
                        : "Mean and contrast of hidden patches are estimated from visible ones; the model predicts "
                          "neither.");
  return notes;
}

/// The sheet of all `images`. Throws mae::Error if there are none or they do not fit the model.
template <class Model, class Policy>
PanelSheet make_panel(const Weights<Model, Policy>& weights, const Images& images, const Normalization& normalization,
                      const PanelOptions& options = {}) {
  using Geometry = typename Model::ImageShape;
  if (images.size() < 1) throw Error("panel", "no images", "at least one");
  PanelSheet sheet{{}, panel_notes<Model>(options), Geometry::patch, Geometry::columns};
  Rebuilder<Model, Policy> rebuilder(weights, options.statistics, options.target.value_or(Model::target));
  for (Index i = 0; i < images.size(); ++i)
    sheet.rows.push_back(reconstruct(rebuilder, images, i, normalization, options));
  return sheet;
}

/// The panel of all `images`, one row each, with captions.
template <class Model, class Policy>
Image draw_panel(const Weights<Model, Policy>& weights, const Images& images, const Normalization& normalization,
                 const PanelOptions& options = {}) {
  return draw_panel(make_panel(weights, images, normalization, options), options.scale);
}

}  // namespace mae
MAE_PRECISE_END
