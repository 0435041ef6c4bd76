// Which colour is which class: what stands under images with classes drawn on them (overlay.hpp).
#pragma once
#include <algorithm>

#include <mae/plot/overlay.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A square in its colour and the name of each of `classes`, which must not be negative, in lines of at most `width`
/// pixels, or of one entry. names[class], or the number of a class without a name.
inline Image class_legend(const std::vector<Index>& classes, const std::vector<std::string>& names, Index width,
                          Index dot = 1) {
  const Index gap = 8, square = text_height(dot) + 2 * dot, line = square + gap / 2;
  Index entry = 0;
  for (const Index c : classes)
    entry = (std::max)(entry, square + text_width(" " + detail::class_name(names, c), dot) + gap);
  const Index count = static_cast<Index>(classes.size());
  const Index each = entry > 0 ? (std::max)(Index{1}, (width - gap) / entry) : 1;
  Image legend = blank_image(3, (count + each - 1) / each * line + gap, (std::max)(width, gap + entry));
  for (Index i = 0; i < count; ++i) {
    const Index top = i / each * line, left = gap + i % each * entry;
    const Index c = classes[static_cast<std::size_t>(i)];
    fill_rectangle(legend, top, left, top + square, left + square, class_colour(c));
    draw_text(legend, " " + detail::class_name(names, c), top + dot, left + square, {40, 40, 40}, dot);
  }
  return legend;
}

}  // namespace mae
MAE_PRECISE_END
