// Augmentation: a list of transforms; and from bytes to a model's input by what they say.
//
// MAE needs little: a random resized crop and a horizontal flip (He et al., 2021, table 1e); for small images such
// as digits, a shift by a pixel. All random numbers come from (seed, epoch, sample), so a sample looks the same
// whatever the batch or the number of threads. Without a random crop the model sees the middle of the image, as much
// of it as has the model's aspect ratio: nothing is stretched. The list first decides where the image lies
// (`Placement`), then one pass resizes, moves, mirrors and normalises it; transforms that change pixels cost one more.
//
// One more for everybody is a member of `Augmentation`, and a line in `each_transform` and in `each_option`, at the end
// of those that are there. One of your own goes into `transforms` (`transform.hpp`).
#pragma once
#include <vector>

#include <mae/core/finite.hpp>
#include <mae/core/math.hpp>
#include <mae/core/random.hpp>
#include <mae/data/images.hpp>
#include <mae/data/resize.hpp>
#include <mae/data/statistics.hpp>
#include <mae/data/transform.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct Augmentation {
  Index shift = 0;                      ///< up to this many pixels each way, edges repeated; 0: none
  bool flip = false;                    ///< left and right, every other time
  double min_crop_scale = 1;            ///< area of the smallest resized crop, as a share; 1: no crop
  double max_aspect_ratio = 4.0 / 3;    ///< aspect ratios from 1/max_aspect_ratio to max_aspect_ratio
  std::vector<Transform> transforms{};  ///< your own, after these
};

/// The largest box at the centre of an image that has the aspect ratio of [height, width].
inline CropBox centre_crop(const ImageView& image, Index height, Index width) {
  const double tall = double(image.height), broad = double(image.width);
  const double aspect = double(width) / double(height);
  const double w = math::fmax(math::fmin(broad, math::round(tall * aspect)), 1);
  const double h = math::fmax(math::fmin(tall, math::round(broad / aspect)), 1);
  return {math::floor((tall - h) / 2), math::floor((broad - w) / 2), h, w};
}

/// A random resized crop, or the middle of the image.
struct RandomResizedCrop {
  static constexpr const char* name = "random resized crop";
  static constexpr std::uint32_t draws = 40;
  double min_crop_scale = 1, max_aspect_ratio = 4.0 / 3;

  void ensure_valid() const {
    if (!(min_crop_scale > 0 && min_crop_scale <= 1))
      throw Error("min_crop_scale", std::to_string(min_crop_scale), "a share above 0 and at most 1");
    if (!(max_aspect_ratio >= 1 && is_finite(max_aspect_ratio)))
      throw Error("max_aspect_ratio", std::to_string(max_aspect_ratio), "an aspect ratio of at least 1");
  }
  /// A box of an image of height × width: area uniform in [smallest, 1], aspect log-uniform. If ten tries do not fit,
  /// the largest box at the centre whose aspect is in range: the whole image, or what remains of one that is too wide
  /// or too tall.
  CropBox random_box(const Draws& random, Index height, Index width) const {
    for (std::uint32_t attempt = 0; attempt < 10; ++attempt) {
      const double area = static_cast<double>(height * width) *
                          (min_crop_scale + (1 - min_crop_scale) * double(random.uniform(4 * attempt)));
      const double aspect = math::exp((2 * double(random.uniform(4 * attempt + 1)) - 1) * math::log(max_aspect_ratio));
      const double w = math::round(math::sqrt(area * aspect)), h = math::round(math::sqrt(area / aspect));
      if (!(w >= 1 && h >= 1 && w <= double(width) && h <= double(height))) continue;
      return {math::floor(double(random.uniform(4 * attempt + 2)) * (double(height) - h + 1)),
              math::floor(double(random.uniform(4 * attempt + 3)) * (double(width) - w + 1)), h, w};
    }
    const double w = math::fmin(double(width), math::round(double(height) * max_aspect_ratio));
    const double h = math::fmin(double(height), math::round(double(width) * max_aspect_ratio));
    return {math::floor((double(height) - h) / 2), math::floor((double(width) - w) / 2), h, w};
  }
  void place(const Draws& random, const ImageView& image, Placement& to) const {
    to.box =
        min_crop_scale < 1 ? random_box(random, image.height, image.width) : centre_crop(image, to.height, to.width);
  }
};

/// Moves the image by up to `shift` pixels each way.
struct RandomShift {
  static constexpr const char* name = "shift";
  static constexpr std::uint32_t draws = 2;
  Index shift = 0;

  void ensure_valid() const {
    constexpr Index farthest = 1 << 20;
    if (shift < 0 || shift > farthest)
      throw Error("shift", std::to_string(shift), "pixels from 0 to " + std::to_string(farthest));
  }
  void place(const Draws& random, const ImageView&, Placement& to) const {
    const auto reach = static_cast<std::uint32_t>(2 * shift + 1);
    const Index down = Index{random.below(0, reach)} - shift, right = Index{random.below(1, reach)} - shift;
    to.move(down, right);
  }
};

/// Mirrors every other time.
struct RandomFlip {
  static constexpr const char* name = "flip";
  static constexpr std::uint32_t draws = 1;
  bool flip = false;

  void ensure_valid() const {}
  void place(const Draws& random, const ImageView&, Placement& to) const {
    if (flip && random.below(0, 2) == 1) to.mirror();
  }
};

/// Calls visit(transform, number, draws) for every transform of the list in its order: its random numbers are `draws`
/// of the stream from `number` on.
template <class Visit>
void each_transform(const Augmentation& options, const Visit& visit) {
  std::uint32_t number = 0;
  const auto one = [&](const auto& transform, std::uint32_t draws) {
    visit(transform, number, draws);
    number += draws;
  };
  one(RandomResizedCrop{options.min_crop_scale, options.max_aspect_ratio}, RandomResizedCrop::draws);
  one(RandomShift{options.shift}, RandomShift::draws);
  one(RandomFlip{options.flip}, RandomFlip::draws);
  for (const Transform& transform : options.transforms) one(transform, transform.draw_count());
}

/// Calls visit(name, value) for each option that is a number or a switch.
template <class Options, class Visit>
requires std::is_same_v<std::remove_const_t<Options>, Augmentation>
void each_option(Options& options, const Visit& visit) {
  // All there are, or this does not compile.
  auto& [shift, flip, min_crop_scale, max_aspect_ratio, transforms] = options;
  visit("shift", shift);
  visit("flip", flip);
  visit("min_crop_scale", min_crop_scale);
  visit("max_aspect_ratio", max_aspect_ratio);
  static_cast<void>(transforms);  // each tells its own
}
/// Throws mae::Error that names the option unless shift is in [0, 2^20], min_crop_scale in (0, 1] and max_aspect_ratio
/// at least 1, and all other transforms are content.
inline void validate(const Augmentation& options) {
  each_transform(options, [](const auto& transform, std::uint32_t, std::uint32_t) { transform.ensure_valid(); });
  int mixing = 0;
  for (const Transform& transform : options.transforms) mixing += transform.mixes();
  if (mixing > 1) throw Error("transforms", std::to_string(mixing) + " that mix batches", "one");
}
/// The transform that mixes batches, or null.
inline const Transform* mixing_of(const Augmentation& options) {
  for (const Transform& transform : options.transforms)
    if (transform.mixes()) return &transform;
  return nullptr;
}

/// Where an image lies in the model's input [height, width], by the random numbers of `stream`.
inline Placement place(const ImageView& image, const Augmentation& augmentation, const RandomStream& stream,
                       Index height, Index width) {
  Placement placement{height, width};
  placement.image_height = image.height, placement.image_width = image.width;
  each_transform(augmentation, [&](const auto& transform, std::uint32_t number, std::uint32_t draws) {
    transform.place(Draws{stream, number, draws}, image, placement);
  });
  return placement;
}

namespace detail {
/// Makes padding of an image [planes, height, width] 0, which is the mean colour.
template <class T>
void pad(const Placement& to, Index planes, T* image) {
  for (Index row = 0; to.padded && row < planes * to.height; ++row)
    for (Index x = 0; x < to.width; ++x, ++image)
      if (to.is_padding(row % to.height, x)) *image = T(0);
}
/// Writes an image as `placement` says, normalised, as [C, height, width].
template <class T>
[[gnu::noinline]] void write_placed(const ImageView& image, const Placement& placement,
                                    const Normalization& normalization, T* out) {
  const Index height = placement.height, width = placement.width, tall = placement.rows, broad = placement.columns;
  const CropBox& box = placement.box;
  const bool as_it_is =
      image.height == tall && image.width == broad && box.height == double(tall) && box.width == double(broad);
  std::vector<float> resized(as_it_is ? 0 : static_cast<std::size_t>(image.channels * tall * broad));
  if (!as_it_is) resize(image.pixels, image.channels, image.height, image.width, box, resized.data(), tall, broad);
  std::vector<Index> columns(static_cast<std::size_t>(width));  // where each column comes from
  for (Index x = 0; x < width; ++x) columns[static_cast<std::size_t>(x)] = placement.column(x);
  for (Index c = 0; c < image.channels; ++c) {
    const double mean = normalization.mean[static_cast<std::size_t>(c)];
    const double scale = 1 / normalization.deviation[static_cast<std::size_t>(c)];
    const auto rows = [&](const auto* from, const auto& value) {
      const Index* const column = columns.data();
      for (Index y = 0; y < height; ++y, out += width) {
        const auto* const row = from + (c * tall + placement.row(y)) * broad;
        T* const to = out;
        if (placement.right != 0 || broad != width)
          for (Index x = 0; x < width; ++x) to[x] = value(row[column[x]]);
        else if (placement.mirrored)  // these two on vectors
          for (Index x = 0; x < width; ++x) to[x] = value(row[width - 1 - x]);
        else
          for (Index x = 0; x < width; ++x) to[x] = value(row[x]);
      }
    };
    if (as_it_is) {
      T levels[256];
      for (int level = 0; level < 256; ++level) levels[level] = T((double(level) / 255 - mean) * scale);
      rows(image.pixels, [&](std::uint8_t level) { return levels[level]; });
    } else {
      const double slope = scale / 255, offset = -mean * scale;
      rows(resized.data(), [&](float level) { return T(double(level) * slope + offset); });
    }
  }
}
/// The same for a list that changes pixels on the way.
template <class T>
[[gnu::noinline]] void write_changed(const ImageView& image, const Placement& placement,
                                     const Normalization& normalization, const Augmentation& augmentation,
                                     const RandomStream& stream, T* out) {
  const auto channels = static_cast<std::size_t>(image.channels);
  std::vector<float> levels(channels * static_cast<std::size_t>(placement.height * placement.width));
  write_placed(image, placement, {std::vector<double>(channels, 0), std::vector<double>(channels, 1)}, levels.data());
  const double *const mean = normalization.mean.data(), *const deviation = normalization.deviation.data();
  const PlacedPixels placed{levels.data(), image.channels, placement.height, placement.width, mean, deviation};
  each_transform(augmentation, [&](const auto& transform, std::uint32_t number, std::uint32_t draws) {
    if constexpr (ChangesPixels<std::remove_cvref_t<decltype(transform)>>)
      transform.change(Draws{stream, number, draws}, placed);
  });
  for (std::size_t c = 0; c < channels; ++c)
    for (const float *level = placed.row(Index(c), 0), *const end = placed.row(Index(c) + 1, 0); level != end; ++level)
      *out++ = T((double(*level) - mean[c]) / deviation[c]);
}
inline bool changes_pixels(const Augmentation& augmentation) {
  bool changes = false;
  for (const Transform& transform : augmentation.transforms) changes |= transform.changes();
  return changes;
}
struct Ignore {
  void operator()(const auto&...) const {}
};
}  // namespace detail

/// Writes an image as model input [C, height, width], augmented by the random numbers of `stream`, and says how it
/// lies there; padding is of the mean colour. Nothing is checked: image and statistics must pass `check_channels`,
/// the augmentation `validate`.
template <class T>
Placement write_input(const ImageView& image, const Normalization& normalization, const Augmentation& augmentation,
                      const RandomStream& stream, T* out, Index height, Index width) {
  const Placement placement = place(image, augmentation, stream, height, width);
  if (detail::changes_pixels(augmentation))
    detail::write_changed(image, placement, normalization, augmentation, stream, out);
  else detail::write_placed(image, placement, normalization, out);
  detail::pad(placement, image.channels, out);
  return placement;
}

/// Writes sample `i` as model input [C, height, width], augmented by the random numbers of (seed, epoch, i). Returns
/// the number of the image: `i`, or that of its replacement; `use(number, placement)` is told how it lies there.
/// Throws mae::Error if it cannot be read.
template <class T, class Use = detail::Ignore>
Index load_sample(const Images& images, Index i, const Normalization& normalization, const Augmentation& augmentation,
                  std::uint64_t seed, std::uint64_t epoch, T* out, Index height, Index width, const Use& use = {}) {
  const RandomStream stream(seed, Purpose::augment, epoch, static_cast<std::uint64_t>(i));
  Index number = i;
  images.with_image(i, [&](const ImageView& image) {
    number = image.number;
    use(number, write_input(image, normalization, augmentation, stream, out, height, width));
  });
  return number;
}

}  // namespace mae
MAE_PRECISE_END
