// A confusion matrix as an image: a row for each class, a column for what it was called, colours for shares of the row.
//
// Where there is room, a cell has its count and a row its name; of many classes only some have their numbers. Under it
// stands the scale of colours. A class that does not occur has an empty row.
#pragma once
#include <cmath>
#include <string>

#include <mae/eval/confusion_matrix.hpp>
#include <mae/plot/heat_map.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// names[class], which some or all classes may lack.
inline Image confusion_image(const ConfusionMatrix& matrix, const std::vector<std::string>& names = {}) {
  constexpr Colour ink{40, 40, 40}, light{255, 255, 255};
  constexpr Index gap = 10, line = text_height(1) + 4;
  const Index n = matrix.classes;
  const Index cell = n <= 12 ? 40 : n <= 40 ? 24 : (std::max)(Index{1}, 960 / n);
  const auto fill = [&](Image& canvas, Index top, Index left, Index side, Colour colour) {
    for (Index y = top; y < top + side; ++y)
      for (Index x = left; x < left + side; ++x)
        for (Index c = 0; c < 3; ++c) canvas.row(c, y)[x] = colour[static_cast<std::size_t>(c)];
  };
  // Every so many rows and columns have their numbers.
  const Index row_step = (line + cell - 1) / cell;
  const Index column_step = (text_width(std::to_string(n), 1) + cell - 1) / cell;
  const auto label = [&](Index c) {
    std::string name = c < static_cast<Index>(names.size()) ? names[static_cast<std::size_t>(c)] : "";
    if (name.size() > 24) name = name.substr(0, 21) + "...";
    return std::to_string(c) + (name.empty() ? "" : " " + name);
  };
  Index broad = 0;
  for (Index c = 0; c < n; c += row_step) broad = (std::max)(broad, text_width(label(c), 1));
  const std::string title = "rows: class, columns: prediction", scale = "share of the row";
  const Index left = gap + broad + 4, top = gap + 2 * line, bar = (std::max)(n * cell / 2, Index{60});
  const Index scale_width = text_width("0 ", 1) + bar + text_width(" 1  " + scale, 1);
  const Index width = left + (std::max)({n * cell, text_width(title, 1), scale_width}) + gap;
  Image image = blank_image(3, top + n * cell + gap + line + gap, width);
  draw_text(image, title, gap, left, ink, 1);
  for (Index c = 0; c < n; ++c) {
    const Index at = top + c * cell, all = matrix.truths(c);
    if (c % row_step == 0)
      draw_text(image, label(c), at + (std::max)((cell - text_height(1)) / 2, Index{0}), gap, ink, 1);
    if (c % column_step == 0) {
      const std::string number = std::to_string(c);
      const Index inside = (std::max)((cell - text_width(number, 1)) / 2, Index{0});
      draw_text(image, number, top - line, left + c * cell + inside, ink, 1);
    }
    for (Index k = 0; k < n; ++k) {
      if (all == 0) continue;
      const double share = double(matrix.of(c, k)) / double(all);
      fill(image, at, left + k * cell, cell > 4 ? cell - 1 : cell, heat_colour(share));
      const std::string count = std::to_string(matrix.of(c, k));
      if (matrix.of(c, k) > 0 && text_width(count, 1) <= cell)
        draw_text(image, count, at + (cell - text_height(1)) / 2, left + k * cell + (cell - text_width(count, 1)) / 2,
                  share > 0.55 ? ink : light, 1);
    }
  }
  const Index below = top + n * cell + gap;
  draw_text(image, "0", below, left, ink, 1);
  paste(image, heat_bar(text_height(1), bar), below, left + text_width("0 ", 1));
  draw_text(image, " 1  " + scale, below, left + text_width("0 ", 1) + bar, ink, 1);
  return image;
}

}  // namespace mae
MAE_PRECISE_END
