// An image of any size, segmented by a model of one size: through windows that overlap.
//
// The image is resized, its aspect kept, until it just covers the model's input of [H, W], or `zoom` times that. On the
// result, [h, w], windows of [H, W] stand at 0, s, 2s, … of each axis, s = stride · H or W, the last one moved back to
// the border. The logits of a pixel are the mean of those of all windows that show it. They are interpolated to the
// image's own size, bilinear with corners not aligned (ops/upsample.hpp), and the largest is the pixel's class; of
// equals the smaller class. All of it in an order that does not depend on threads.
// Cost: the model once a window, of which there are about ((h - H) / s + 1)((w - W) / s + 1); 8 operations a class and
// pixel; memory for h · w · classes logits.
#pragma once
#include <algorithm>
#include <vector>

#include <mae/autograd/run/session.hpp>
#include <mae/data/resize.hpp>
#include <mae/data/statistics.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// How an image is looked at.
struct SlidingWindow {
  double zoom = 1;          ///< how far the resized image is larger than what just covers the window; from 1 on
  double stride = 2.0 / 3;  ///< from one window to the next, as a share of its sides; above 0, at most 1
  Index batch = 16;         ///< windows at a time
  Index classes = 0;        ///< the first so many of the model's are told apart; 0: all

  /// Throws mae::Error naming the option that is out of range.
  void ensure_valid() const {
    if (!(zoom >= 1 && zoom <= 64)) throw Error("zoom", std::to_string(zoom), "a number from 1 to 64");
    if (!(stride > 0 && stride <= 1)) throw Error("stride", std::to_string(stride), "a share above 0 and at most 1");
    if (batch < 1) throw Error("batch", std::to_string(batch), "a whole number from 1");
    if (classes < 0) throw Error("classes", std::to_string(classes), "a whole number from 0");
  }
};

namespace detail {
/// Where windows of `window` pixels begin on an axis of `extent`, which is not less.
inline std::vector<Index> window_starts(Index extent, Index window, double stride) {
  const auto rounded = static_cast<Index>(math::round(stride * double(window)));
  const Index step = rounded < 1 ? 1 : rounded, last = extent - window;
  std::vector<Index> starts;
  for (Index at = 0; at < last; at += step) starts.push_back(at);
  starts.push_back(last);
  return starts;
}
/// How many windows show each place of an axis.
inline std::vector<Index> window_counts(const std::vector<Index>& starts, Index window) {
  std::vector<Index> counts(static_cast<std::size_t>(starts.back() + window));
  for (const Index start : starts)
    for (Index i = 0; i < window; ++i) ++counts[static_cast<std::size_t>(start + i)];
  return counts;
}
/// Pixel `at` of `to` lies between places `low` and `high` of `from`, `share` of the way.
struct BetweenPlaces {
  Index low, high;
  double share;
  BetweenPlaces(Index at, Index to, Index from) {
    const double place = math::fmax((double(at) + 0.5) * double(from) / double(to) - 0.5, 0);
    low = static_cast<Index>(place);
    low = low < from ? low : from - 1;
    high = low + 1 < from ? low + 1 : low;
    share = place - double(low);
  }
};
}  // namespace detail

/// Looks at one image after the other. `Model` gives logits of each pixel of its input, [B, H·W, classes].
template <class Model, class Policy>
class SlidingSegmenter {
  using Geometry = typename Model::ImageShape;
  using T = typename Policy::Accumulator;
  static constexpr Index channels = Geometry::channels, H = Geometry::height, W = Geometry::width, K = Model::classes;

 public:
  /// The mean logits of a resized image.
  struct Logits {
    Index height = 0, width = 0;
    std::vector<T> of;  ///< [height, width, classes]
  };

  /// Weights must outlive it. Throws mae::Error if an option or the statistics do not fit.
  SlidingSegmenter(const Weights<Model, Policy>& weights, const Normalization& normalization,
                   const SlidingWindow& options = {})
      : weights_(weights),
        normalization_(normalization),
        options_(checked(options, normalization)),
        session_(options.batch),
        windows_(options.batch) {}

  /// Valid until the next call.
  const Logits& logits(const ImageView& image) {
    const double cover = options_.zoom * math::fmax(double(H) / double(image.height), double(W) / double(image.width));
    logits_.height = (std::max)(H, static_cast<Index>(math::round(cover * double(image.height))));
    logits_.width = (std::max)(W, static_cast<Index>(math::round(cover * double(image.width))));
    const std::vector<float> resized = resized_image(image);
    logits_.of.assign(static_cast<std::size_t>(logits_.height * logits_.width * K), T(0));
    const std::vector<Index> tops = detail::window_starts(logits_.height, H, options_.stride),
                             lefts = detail::window_starts(logits_.width, W, options_.stride);
    const Index count = Index(tops.size() * lefts.size());
    const auto top = [&](Index window) { return tops[static_cast<std::size_t>(window) / lefts.size()]; };
    const auto left = [&](Index window) { return lefts[static_cast<std::size_t>(window) % lefts.size()]; };
    for (Index begin = 0; begin < count; begin += options_.batch) {
      const Index some = (std::min)(options_.batch, count - begin);
      for (Index b = 0; b < some; ++b) cut(resized, top(begin + b), left(begin + b), b);
      const View<const T, typename Geometry::Pixels> filled = windows_.view().slice(0, some);
      const auto found = session_.forward(weights_, filled);  // [some, H·W, K]
      for (Index b = 0; b < some; ++b) add(found, b, top(begin + b), left(begin + b));
    }
    divide(detail::window_counts(tops, H), detail::window_counts(lefts, W));
    return logits_;
  }

  /// The class of each pixel of the image at a size of [height, width]: its own, or that which it had before it was
  /// reduced. `map` becomes [height · width].
  void classes(const ImageView& image, Index height, Index width, std::vector<std::uint8_t>& map) {
    static_assert(K <= 255, "mae::SlidingSegmenter: a class map holds classes up to 254");
    const Logits& from = logits(image);
    const Index told = options_.classes == 0 ? K : (std::min)(options_.classes, K);
    map.resize(static_cast<std::size_t>(height * width));
    parallel_for_each<typename Policy::Threads>(height, Policy::Threads::count(), [&](Index y, int) {
      const detail::BetweenPlaces row(y, height, from.height);
      const T* const above = from.of.data() + row.low * from.width * K;
      const T* const below = from.of.data() + row.high * from.width * K;
      const T down = T(row.share);
      std::vector<T> line(static_cast<std::size_t>(from.width * K));
      for (std::size_t i = 0; i < line.size(); ++i) line[i] = (1 - down) * above[i] + down * below[i];
      for (Index x = 0; x < width; ++x) {
        const detail::BetweenPlaces column(x, width, from.width);
        const T *const l = line.data() + column.low * K, *const r = line.data() + column.high * K;
        const T right = T(column.share);
        Index best = 0;
        T most = (1 - right) * l[0] + right * r[0];
        for (Index k = 1; k < told; ++k)
          if (const T value = (1 - right) * l[k] + right * r[k]; value > most) most = value, best = k;
        map[static_cast<std::size_t>(y * width + x)] = static_cast<std::uint8_t>(best);
      }
    });
  }

 private:
  static const SlidingWindow& checked(const SlidingWindow& options, const Normalization& normalization) {
    options.ensure_valid();
    for (const auto* statistic : {&normalization.mean, &normalization.deviation})
      if (static_cast<Index>(statistic->size()) != channels)
        throw Error("normalization", "statistics of " + std::to_string(statistic->size()) + " channels",
                    "the model's " + std::to_string(channels));
    return options;
  }
  /// Levels 0..255, [C, h, w].
  std::vector<float> resized_image(const ImageView& image) const {
    if (image.channels != channels)
      throw Error("image", std::to_string(image.channels) + " channels", "the model's " + std::to_string(channels));
    const Index h = logits_.height, w = logits_.width;
    std::vector<float> levels(static_cast<std::size_t>(channels * h * w));
    if (h == image.height && w == image.width)
      for (std::size_t i = 0; i < levels.size(); ++i) levels[i] = image.pixels[i];
    else
      resize(image.pixels, channels, image.height, image.width, {0, 0, double(image.height), double(image.width)},
             levels.data(), h, w);
    return levels;
  }
  /// Writes window `b` of the batch, normalised.
  void cut(const std::vector<float>& levels, Index top, Index left, Index b) {
    T* to = windows_.data() + b * Geometry::values;
    for (Index c = 0; c < channels; ++c) {
      const double mean = normalization_.mean[static_cast<std::size_t>(c)];
      const double scale = 1 / normalization_.deviation[static_cast<std::size_t>(c)];
      for (Index y = 0; y < H; ++y) {
        const float* const row = levels.data() + ((c * logits_.height + top + y) * logits_.width + left);
        for (Index x = 0; x < W; ++x) *to++ = T((double(row[x]) / 255 - mean) * scale);
      }
    }
  }
  void add(const auto& found, Index b, Index top, Index left) {
    for (Index y = 0; y < H; ++y) {
      T* const to = logits_.of.data() + ((top + y) * logits_.width + left) * K;
      const auto* const from = &found(b, y * W, 0);
      for (Index i = 0; i < W * K; ++i) to[i] += T(from[i]);
    }
  }
  void divide(const std::vector<Index>& rows, const std::vector<Index>& columns) {
    T* at = logits_.of.data();
    for (const Index down : rows)
      for (const Index along : columns)
        for (Index k = 0; k < K; ++k) *at++ /= T(down * along);
  }

  const Weights<Model, Policy>& weights_;
  Normalization normalization_;
  SlidingWindow options_;
  Session<Program<Model, Policy, Inference>> session_;
  Tensor<T, typename Geometry::Pixels> windows_;
  Logits logits_;
};

}  // namespace mae
MAE_PRECISE_END
