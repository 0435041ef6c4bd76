// Augmentation, and from bytes to a model's input: shift or resized crop, flip, normalisation.
//
// MAE needs little: a random resized crop and a horizontal flip (He et al., 2021, table 1e); for small pictures such
// as digits, a shift by a pixel. All random numbers come from (seed, epoch, sample), so a sample looks the same
// whatever the batch or the number of threads. Resizing is bicubic with antialiasing (Keys, 1981, a = -1/2): the
// kernel is widened where the picture shrinks, so that no detail aliases.
#pragma once
#include <cmath>

#include <mae/core/random.hpp>
#include <mae/data/dataset.hpp>

namespace mae {

struct Augmentation {
  Index shift = 0;          ///< up to this many pixels each way, edges repeated; 0: none
  bool flip = false;        ///< left and right, every other time
  double smallest_crop = 1; ///< area of the smallest resized crop, as a share; 1: no crop
  double widest = 4.0 / 3;  ///< aspect ratios from 1/widest to widest
};

/// Throws mae::Error that names the option unless shift is in [0, 2^20], smallest_crop in (0, 1] and widest at least
/// 1.
inline void validate(const Augmentation& options) {
  constexpr Index farthest = 1 << 20;
  if (options.shift < 0 || options.shift > farthest)
    throw Error("shift", std::to_string(options.shift), "pixels from 0 to " + std::to_string(farthest));
  if (!(options.smallest_crop > 0 && options.smallest_crop <= 1))
    throw Error("smallest_crop", std::to_string(options.smallest_crop), "a share above 0 and at most 1");
  if (!(options.widest >= 1 && std::isfinite(options.widest)))
    throw Error("widest", std::to_string(options.widest), "an aspect ratio of at least 1");
}

/// A rectangle of a picture in pixels.
struct CropBox {
  double top = 0, left = 0, height = 0, width = 0;
};

/// The box of a random resized crop of an image of height × width: area uniform in [smallest, 1], aspect log-uniform.
/// If ten tries do not fit, the largest box at the centre whose aspect is in range: the whole image, or what remains
/// of one that is too wide or too tall. Uses numbers 0 … 39 of the stream; `options` must be valid.
inline CropBox random_crop(const RandomStream& stream, Index height, Index width, const Augmentation& options) {
  for (std::uint32_t attempt = 0; attempt < 10; ++attempt) {
    const double area = static_cast<double>(height * width) *
                        (options.smallest_crop + (1 - options.smallest_crop) * double(stream.uniform(4 * attempt)));
    const double aspect =
        std::exp((2 * double(stream.uniform(4 * attempt + 1)) - 1) * std::log(options.widest));
    const double w = std::round(std::sqrt(area * aspect)), h = std::round(std::sqrt(area / aspect));
    if (!(w >= 1 && h >= 1 && w <= double(width) && h <= double(height))) continue;
    return {std::floor(double(stream.uniform(4 * attempt + 2)) * (double(height) - h + 1)),
            std::floor(double(stream.uniform(4 * attempt + 3)) * (double(width) - w + 1)), h, w};
  }
  const double w = std::fmin(double(width), std::round(double(height) * options.widest));
  const double h = std::fmin(double(height), std::round(double(width) * options.widest));
  return {std::floor((double(height) - h) / 2), std::floor((double(width) - w) / 2), h, w};
}

namespace detail {
/// Keys' cubic kernel with a = -1/2.
inline double cubic(double x) {
  x = std::fabs(x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}
/// The sources and weights that make output pixel i of `to` from a run of `from` pixels beginning at `begin`.
struct Taps {
  Index first = 0;
  std::vector<float> weight;
};
inline Taps taps(Index i, Index to, double begin, double from) {
  const double scale = from / static_cast<double>(to), stretch = scale > 1 ? scale : 1;
  const double center = (static_cast<double>(i) + 0.5) * scale;
  const double low = std::fmax(std::floor(center - 2 * stretch + 0.5), 0);
  const double high = std::fmin(std::floor(center + 2 * stretch + 0.5), from);
  Taps result{static_cast<Index>(begin + low), {}};
  double sum = 0;
  for (double x = low; x < high; ++x) sum += cubic((x + 0.5 - center) / stretch);
  for (double x = low; x < high; ++x)
    result.weight.push_back(static_cast<float>(cubic((x + 0.5 - center) / stretch) / sum));
  return result;
}
}  // namespace detail

/// Resizes the box of a plane [in_height, in_width] to [height, width], bicubic with antialiasing; values are not
/// clamped.
template <class T>
void resize(const T* plane, Index in_width, const CropBox& box, float* out, Index height, Index width) {
  std::vector<detail::Taps> columns;
  for (Index x = 0; x < width; ++x) columns.push_back(detail::taps(x, width, box.left, box.width));
  const auto box_top = static_cast<Index>(box.top), box_height = static_cast<Index>(box.height);
  std::vector<float> narrow(static_cast<std::size_t>(box_height * width));
  for (Index y = 0; y < box_height; ++y)
    for (Index x = 0; x < width; ++x) {
      const auto& [begin, weight] = columns[static_cast<std::size_t>(x)];
      float sum = 0;
      for (std::size_t k = 0; k < weight.size(); ++k)
        sum += weight[k] * float(plane[(box_top + y) * in_width + begin + static_cast<Index>(k)]);
      narrow[static_cast<std::size_t>(y * width + x)] = sum;
    }
  for (Index y = 0; y < height; ++y) {
    const auto [begin, weight] = detail::taps(y, height, 0, box.height);
    for (Index x = 0; x < width; ++x) {
      float sum = 0;
      for (std::size_t k = 0; k < weight.size(); ++k)
        sum += weight[k] * narrow[static_cast<std::size_t>((begin + static_cast<Index>(k)) * width + x)];
      out[y * width + x] = sum;
    }
  }
}

/// Shift and scale of each channel, from bytes / 255 to the model's input.
struct Normalization {
  std::vector<double> mean, deviation;  ///< [C]

  /// From a data set's own statistics; a channel of one value keeps its scale.
  static Normalization of(const ChannelStatistics& statistics) {
    Normalization result{statistics.mean, statistics.deviation};
    for (double& d : result.deviation) d = d > 0 ? d : 1;
    return result;
  }
};

/// Throws mae::Error about `subject` unless images and statistics have as many channels as the model.
inline void check_channels(const Dataset& set, const Normalization& normalization, Index channels,
                           const std::string& subject) {
  const std::string expected = "the model's " + std::to_string(channels);
  if (set.channels != channels) throw Error(subject, std::to_string(set.channels) + " channels", expected);
  for (const auto* statistic : {&normalization.mean, &normalization.deviation})
    if (static_cast<Index>(statistic->size()) != channels)
      throw Error("normalization", "statistics of " + std::to_string(statistic->size()) + " channels", expected);
}

/// Writes sample `i` of `set` as model input [C, H, W], augmented by the random numbers of (seed, epoch, i). Nothing
/// is checked: set and statistics must pass `check_channels`, the augmentation `validate`.
template <class T>
void load_sample(const Dataset& set, Index i, const Normalization& normalization, const Augmentation& augmentation,
                 std::uint64_t seed, std::uint64_t epoch, T* out, Index height, Index width) {
  const RandomStream stream(seed, Purpose::augment, epoch, static_cast<std::uint64_t>(i));
  const bool crops = augmentation.smallest_crop < 1 || set.height != height || set.width != width;
  const CropBox box = augmentation.smallest_crop < 1
                          ? random_crop(stream, set.height, set.width, augmentation)
                          : CropBox{0, 0, double(set.height), double(set.width)};
  const auto reach = static_cast<std::uint32_t>(2 * augmentation.shift + 1);
  const Index down = Index{stream.below(40, reach)} - augmentation.shift;
  const Index right = Index{stream.below(41, reach)} - augmentation.shift;
  const bool mirror = augmentation.flip && stream.below(42, 2) == 1;
  std::vector<float> resized(crops ? static_cast<std::size_t>(height * width) : 0);
  for (Index c = 0; c < set.channels; ++c) {
    const std::uint8_t* const plane = set.image(i).data() + c * set.height * set.width;
    if (crops) resize(plane, set.width, box, resized.data(), height, width);
    const double mean = normalization.mean[static_cast<std::size_t>(c)];
    const double scale = 1 / normalization.deviation[static_cast<std::size_t>(c)];
    for (Index y = 0; y < height; ++y)
      for (Index x = 0; x < width; ++x) {
        auto inside = [](Index at, Index extent) { return at < 0 ? 0 : at >= extent ? extent - 1 : at; };
        const Index from = inside(y - down, height) * width + inside((mirror ? width - 1 - x : x) - right, width);
        const double value = crops ? double(resized[static_cast<std::size_t>(from)]) : double(plane[from]);
        out[(c * height + y) * width + x] = T((value / 255 - mean) * scale);
      }
  }
}

}  // namespace mae
