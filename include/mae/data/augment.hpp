// Augmentation, and from bytes to a model's input: shift or resized crop, flip, normalisation.
//
// MAE needs little: a random resized crop and a horizontal flip (He et al., 2021, table 1e); for small pictures such
// as digits, a shift by a pixel. All random numbers come from (seed, epoch, sample), so a sample looks the same
// whatever the batch or the number of threads. Without a random crop the model sees the middle of the picture, as much
// of it as has the model's aspect ratio: nothing is stretched.
#pragma once
#include <cmath>

#include <mae/core/finite.hpp>
#include <mae/core/random.hpp>
#include <mae/data/images.hpp>
#include <mae/data/resize.hpp>
#include <mae/data/statistics.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct Augmentation {
  Index shift = 0;          ///< up to this many pixels each way, edges repeated; 0: none
  bool flip = false;        ///< left and right, every other time
  double min_crop_scale = 1;          ///< area of the smallest resized crop, as a share; 1: no crop
  double max_aspect_ratio = 4.0 / 3;  ///< aspect ratios from 1/max_aspect_ratio to max_aspect_ratio
};

/// Throws mae::Error that names the option unless shift is in [0, 2^20], min_crop_scale in (0, 1] and max_aspect_ratio
/// at least 1.
inline void validate(const Augmentation& options) {
  constexpr Index farthest = 1 << 20;
  if (options.shift < 0 || options.shift > farthest)
    throw Error("shift", std::to_string(options.shift), "pixels from 0 to " + std::to_string(farthest));
  if (!(options.min_crop_scale > 0 && options.min_crop_scale <= 1))
    throw Error("min_crop_scale", std::to_string(options.min_crop_scale), "a share above 0 and at most 1");
  if (!(options.max_aspect_ratio >= 1 && is_finite(options.max_aspect_ratio)))
    throw Error("max_aspect_ratio", std::to_string(options.max_aspect_ratio), "an aspect ratio of at least 1");
}

/// The largest box at the centre of a picture that has the aspect ratio of [height, width].
inline CropBox centre_crop(const PictureView& picture, Index height, Index width) {
  const double tall = double(picture.height), broad = double(picture.width);
  const double aspect = double(width) / double(height);
  const double w = std::fmax(std::fmin(broad, std::round(tall * aspect)), 1);
  const double h = std::fmax(std::fmin(tall, std::round(broad / aspect)), 1);
  return {std::floor((tall - h) / 2), std::floor((broad - w) / 2), h, w};
}

/// The box of a random resized crop of an image of height × width: area uniform in [smallest, 1], aspect log-uniform.
/// If ten tries do not fit, the largest box at the centre whose aspect is in range: the whole image, or what remains
/// of one that is too wide or too tall. Uses numbers 0 … 39 of the stream; `options` must be valid.
inline CropBox random_crop(const RandomStream& stream, Index height, Index width, const Augmentation& options) {
  for (std::uint32_t attempt = 0; attempt < 10; ++attempt) {
    const double area = static_cast<double>(height * width) *
                        (options.min_crop_scale + (1 - options.min_crop_scale) * double(stream.uniform(4 * attempt)));
    const double aspect =
        std::exp((2 * double(stream.uniform(4 * attempt + 1)) - 1) * std::log(options.max_aspect_ratio));
    const double w = std::round(std::sqrt(area * aspect)), h = std::round(std::sqrt(area / aspect));
    if (!(w >= 1 && h >= 1 && w <= double(width) && h <= double(height))) continue;
    return {std::floor(double(stream.uniform(4 * attempt + 2)) * (double(height) - h + 1)),
            std::floor(double(stream.uniform(4 * attempt + 3)) * (double(width) - w + 1)), h, w};
  }
  const double w = std::fmin(double(width), std::round(double(height) * options.max_aspect_ratio));
  const double h = std::fmin(double(height), std::round(double(width) * options.max_aspect_ratio));
  return {std::floor((double(height) - h) / 2), std::floor((double(width) - w) / 2), h, w};
}

/// Writes a picture as model input [C, height, width], augmented by the random numbers of `stream`. Nothing is checked:
/// picture and statistics must pass `check_channels`, the augmentation `validate`.
template <class T>
void write_input(const PictureView& picture, const Normalization& normalization, const Augmentation& augmentation,
                 const RandomStream& stream, T* out, Index height, Index width) {
  const CropBox box = augmentation.min_crop_scale < 1 ? random_crop(stream, picture.height, picture.width, augmentation)
                                                      : centre_crop(picture, height, width);
  const auto reach = static_cast<std::uint32_t>(2 * augmentation.shift + 1);
  const Index down = Index{stream.below(40, reach)} - augmentation.shift;
  const Index right = Index{stream.below(41, reach)} - augmentation.shift;
  const bool mirror = augmentation.flip && stream.below(42, 2) == 1;
  const bool as_it_is = picture.height == height && picture.width == width && box.height == double(height) &&
                        box.width == double(width);
  std::vector<float> resized(as_it_is ? 0 : static_cast<std::size_t>(picture.channels * height * width));
  if (!as_it_is)
    resize(picture.pixels, picture.channels, picture.height, picture.width, box, resized.data(), height, width);
  const auto inside = [](Index at, Index extent) { return at < 0 ? 0 : at >= extent ? extent - 1 : at; };
  std::vector<Index> columns(static_cast<std::size_t>(width));  // where each column comes from
  for (Index x = 0; x < width; ++x)
    columns[static_cast<std::size_t>(x)] = inside((mirror ? width - 1 - x : x) - right, width);
  for (Index c = 0; c < picture.channels; ++c) {
    const double mean = normalization.mean[static_cast<std::size_t>(c)];
    const double scale = 1 / normalization.deviation[static_cast<std::size_t>(c)];
    const auto rows = [&](const auto* from, const auto& value) {
      for (Index y = 0; y < height; ++y, out += width) {
        const auto* const row = from + (c * height + inside(y - down, height)) * width;
        for (Index x = 0; x < width; ++x) out[x] = value(row[columns[static_cast<std::size_t>(x)]]);
      }
    };
    if (as_it_is) {
      T levels[256];
      for (int level = 0; level < 256; ++level) levels[level] = T((double(level) / 255 - mean) * scale);
      rows(picture.pixels, [&](std::uint8_t level) { return levels[level]; });
    } else {
      const double slope = scale / 255, offset = -mean * scale;
      rows(resized.data(), [&](float level) { return T(double(level) * slope + offset); });
    }
  }
}

/// Writes sample `i` as model input [C, height, width], augmented by the random numbers of (seed, epoch, i). Returns
/// the number of the picture: `i`, or that of its replacement. Throws mae::Error if it cannot be read.
template <class T>
Index load_sample(const Images& images, Index i, const Normalization& normalization, const Augmentation& augmentation,
                  std::uint64_t seed, std::uint64_t epoch, T* out, Index height, Index width) {
  const RandomStream stream(seed, Purpose::augment, epoch, static_cast<std::uint64_t>(i));
  Index number = i;
  images.with_picture(i, [&](const PictureView& picture) {
    number = picture.number;
    write_input(picture, normalization, augmentation, stream, out, height, width);
  });
  return number;
}

}  // namespace mae
MAE_PRECISE_END
