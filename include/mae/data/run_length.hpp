// The pixels of an object as lengths of runs, as COCO writes them.
//
// The pixels of an image are read column by column, each from the top: pixel (row, column) is number
// column · height + row. Counts are the lengths of runs of equal pixels, of zeros and of ones in turn, zeros first; so
// they add up to height · width, and the first may be 0. A count of 0 elsewhere joins its neighbours: others write it,
// nothing here does. As text a count is the difference to the last but one before it (the first three are as they are),
// in groups of five bits, the lowest first: a group is the character 48 + bits, + 32 if more follow, and the highest
// bit of the last one is the sign (pycocotools.mask, rleToString).
//
// What a function here makes of a mask takes time by its runs, not its pixels, but for `pixels`.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mae/core/error.hpp>
#include <mae/data/box.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// The largest height · width of a mask: 46,340 x 46,340.
inline constexpr Index mask_pixel_limit = (Index{1} << 31) - 1;

/// A mask of zeros and ones of an image, whose counts add up.
class RunLengthMask {
 public:
  /// No pixel of an image of height x width is one. Throws mae::Error, about `subject`, if there is no such image.
  RunLengthMask(Index height, Index width, const std::string& subject = "mask") : height_(height), width_(width) {
    if (height < 1 || width < 1 || height > mask_pixel_limit / width)
      throw Error(subject, std::to_string(height) + " x " + std::to_string(width) + " pixels",
                  "from 1 to " + std::to_string(mask_pixel_limit));
    counts_.push_back(static_cast<std::uint32_t>(height * width));
  }

  /// From counts as they are. Throws mae::Error if one is negative or they do not add up.
  static RunLengthMask from_counts(Index height, Index width, std::span<const Index> counts,
                                   const std::string& subject = "mask") {
    RunLengthMask mask(height, width, subject);
    mask.counts_.clear();
    Index sum = 0;
    for (const Index count : counts) {
      if (count < 0) throw Error(subject, "a run of " + std::to_string(count) + " pixels", "0 or more");
      if (count > mask.size() - sum) mask.refuse_sum(subject, "more");
      sum += count;
      mask.counts_.push_back(static_cast<std::uint32_t>(count));
    }
    if (sum != mask.size()) mask.refuse_sum(subject, std::to_string(sum));
    return mask;
  }

  /// From counts as text. Throws mae::Error if it has another character, stops within a number, is longer than any
  /// number here needs, or if a count is negative or they do not add up.
  static RunLengthMask from_text(Index height, Index width, std::string_view text,
                                 const std::string& subject = "mask") {
    std::vector<Index> counts;
    const auto refuse = [&](const std::string& found, const char* expected) {
      throw Error(subject, "run lengths as text with " + found, expected);
    };
    for (std::size_t at = 0; at < text.size();) {
      Index value = 0;
      for (int shift = 0;; shift += 5, ++at) {
        if (at == text.size()) refuse("an end within a number", "a last group without the bit for more");
        if (shift == 60) refuse("a number of more than 12 groups", "at most 12 groups of five bits");
        const int group = text[at] - 48;
        if (group < 0 || group > 63)
          refuse("the character " + std::to_string(static_cast<unsigned char>(text[at])) + " at position " +
                     std::to_string(at),
                 "characters from 48 to 111");
        value |= Index{group & 31} << shift;
        if ((group & 32) != 0) continue;
        if ((group & 16) != 0) value -= Index{32} << shift;
        ++at;
        break;
      }
      counts.push_back(counts.size() > 2 ? value + counts[counts.size() - 2] : value);
      // So none that follows grows beyond an Index either.
      if (counts.back() < 0 || counts.back() > mask_pixel_limit)
        refuse("a run of " + std::to_string(counts.back()) + " pixels", "a number of pixels of the image");
    }
    return from_counts(height, width, counts, subject);
  }

  /// From height · width pixels, row by row: those that are not 0 are ones.
  static RunLengthMask from_pixels(Index height, Index width, std::span<const std::uint8_t> pixels,
                                   const std::string& subject = "mask") {
    RunLengthMask mask(height, width, subject);
    if (static_cast<Index>(pixels.size()) != mask.size())
      throw Error(subject, std::to_string(pixels.size()) + " pixels", std::to_string(mask.size()));
    std::vector<Index> changes;
    bool one = false;
    for (Index x = 0; x < width; ++x)
      for (Index y = 0; y < height; ++y)
        if ((pixels[static_cast<std::size_t>(y * width + x)] != 0) != one) {
          changes.push_back(x * height + y);
          one = !one;
        }
    mask.set_changes(changes);
    return mask;
  }

  /// From the numbers of the pixels at which zeros and ones change, from 0 to height · width; two equal ones are none.
  /// Throws mae::Error if they do not ascend.
  static RunLengthMask from_changes(Index height, Index width, std::span<const Index> changes,
                                    const std::string& subject = "mask") {
    RunLengthMask mask(height, width, subject);
    Index before = 0;
    for (const Index change : changes) {
      if (change < before || change > mask.size())
        throw Error(subject, "a change at pixel " + std::to_string(change),
                    "from " + std::to_string(before) + " to " + std::to_string(mask.size()));
      before = change;
    }
    mask.set_changes(changes);
    return mask;
  }

  Index height() const { return height_; }
  Index width() const { return width_; }
  Index size() const { return height_ * width_; }
  std::span<const std::uint32_t> counts() const { return counts_; }

  /// Pixels that are ones.
  Index area() const {
    Index sum = 0;
    for (std::size_t i = 1; i < counts_.size(); i += 2) sum += counts_[i];
    return sum;
  }

  /// The counts as text.
  std::string text() const {
    std::string text;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      Index rest = i > 2 ? Index{counts_[i]} - Index{counts_[i - 2]} : Index{counts_[i]};
      for (bool more = true; more;) {
        const int group = static_cast<int>(rest & 31);
        rest >>= 5;
        more = rest != ((group & 16) != 0 ? -1 : 0);
        text += static_cast<char>(48 + group + (more ? 32 : 0));
      }
    }
    return text;
  }

  /// height · width zeros and ones, row by row.
  std::vector<std::uint8_t> pixels() const {
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(size()));
    for_each_run([&](Index begin, Index end) {
      for (Index x = begin / height_, y = begin % height_; begin < end; ++begin) {
        pixels[static_cast<std::size_t>(y * width_ + x)] = 1;
        if (++y == height_) y = 0, ++x;
      }
    });
    return pixels;
  }

  /// The smallest box of pixels around the ones: all 0 if there are none.
  Box box() const {
    Index x0 = width_, y0 = height_, x1 = 0, y1 = 0;
    for_each_run([&](Index begin, Index end) {
      const Index left = begin / height_, last = (end - 1) / height_;
      x0 = (std::min)(x0, left);
      x1 = (std::max)(x1, last + 1);
      y0 = (std::min)(y0, left < last ? 0 : begin % height_);
      y1 = (std::max)(y1, left < last ? height_ : (end - 1) % height_ + 1);
    });
    if (x1 == 0) return {};
    return {static_cast<double>(x0), static_cast<double>(y0), static_cast<double>(x1), static_cast<double>(y1)};
  }

  /// Calls use(begin, end) for each run of ones: pixels [begin, end), counted down the columns.
  template <class Use>
  void for_each_run(const Use& use) const {
    Index begin = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      const Index end = begin + counts_[i];
      if (i % 2 == 1 && end > begin) use(begin, end);
      begin = end;
    }
  }

  friend bool operator==(const RunLengthMask&, const RunLengthMask&) = default;

 private:
  Index height_, width_;
  std::vector<std::uint32_t> counts_;

  void set_changes(std::span<const Index> changes) {
    counts_.clear();
    Index begin = 0;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      if (i + 1 < changes.size() && changes[i] == changes[i + 1]) {
        ++i;
        continue;
      }
      if (changes[i] == size()) break;
      counts_.push_back(static_cast<std::uint32_t>(changes[i] - begin));
      begin = changes[i];
    }
    counts_.push_back(static_cast<std::uint32_t>(size() - begin));
  }
  [[noreturn]] void refuse_sum(const std::string& subject, const std::string& found) const {
    throw Error(subject, "runs of " + found + " pixels altogether",
                std::to_string(size()) + ", the pixels of " + std::to_string(height_) + " x " + std::to_string(width_));
  }
};

namespace detail {
inline void ensure_same_image(const RunLengthMask& a, const RunLengthMask& b) {
  if (a.height() == b.height() && a.width() == b.width()) return;
  throw Error("masks", std::to_string(b.height()) + " x " + std::to_string(b.width()) + " pixels",
              std::to_string(a.height()) + " x " + std::to_string(a.width()) + " as the first");
}
/// The pixels that are ones in at least `least` of the masks.
inline RunLengthMask merged(std::span<const RunLengthMask> masks, Index least) {
  if (masks.empty()) throw Error("masks", "none", "at least one");
  struct Border {
    Index at;
    int step;
  };
  std::vector<Border> borders;
  for (const RunLengthMask& mask : masks) {
    ensure_same_image(masks[0], mask);
    mask.for_each_run([&](Index begin, Index end) { borders.insert(borders.end(), {{begin, 1}, {end, -1}}); });
  }
  std::sort(borders.begin(), borders.end(), [](const Border& a, const Border& b) { return a.at < b.at; });
  std::vector<Index> changes;
  Index depth = 0;
  for (std::size_t i = 0; i < borders.size();) {
    const Index before = depth, at = borders[i].at;
    for (; i < borders.size() && borders[i].at == at; ++i) depth += borders[i].step;
    if ((before >= least) != (depth >= least)) changes.push_back(at);
  }
  return RunLengthMask::from_changes(masks[0].height(), masks[0].width(), changes);
}
}  // namespace detail

/// The pixels of any of the masks. Throws mae::Error if there are none, or of images of several sizes.
inline RunLengthMask union_of(std::span<const RunLengthMask> masks) { return detail::merged(masks, 1); }
/// The pixels that all masks share. Throws mae::Error as `union_of` does.
inline RunLengthMask intersection_of(std::span<const RunLengthMask> masks) {
  return detail::merged(masks, static_cast<Index>(masks.size()));
}

/// How many pixels two masks share. Throws mae::Error if their images have other sizes.
inline Index shared_area(const RunLengthMask& a, const RunLengthMask& b) {
  detail::ensure_same_image(a, b);
  const std::span<const std::uint32_t> p = a.counts(), q = b.counts();
  Index shared = 0, p_end = p[0], q_end = q[0], at = 0;
  for (std::size_t i = 0, j = 0; i < p.size() && j < q.size();) {
    const Index end = (std::min)(p_end, q_end);
    if (i % 2 == 1 && j % 2 == 1) shared += end - at;
    at = end;
    if (p_end == end && ++i < p.size()) p_end += p[i];
    if (q_end == end && ++j < q.size()) q_end += q[j];
  }
  return shared;
}

/// Intersection over union of two masks; over the area of the detection, if the truth is a crowd. 0 if they share
/// nothing. Throws mae::Error if their images have other sizes.
inline double mask_iou(const RunLengthMask& detection, const RunLengthMask& truth, bool crowd = false) {
  const Index shared = shared_area(detection, truth), area = detection.area();
  return shared == 0 ? 0
                     : static_cast<double>(shared) / static_cast<double>(crowd ? area : area + truth.area() - shared);
}

}  // namespace mae
MAE_PRECISE_END
