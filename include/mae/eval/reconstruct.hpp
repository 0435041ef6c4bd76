// An image through a masked autoencoder, to be looked at: original, masked, reconstruction, pasted, and whole.
//
//   original         the image as the model takes it
//   masked           what the encoder saw; hidden patches are grey
//   reconstruction   every patch as predicted; visible ones look poor, for no loss is ever put on them
//   pasted           visible patches in their places over the reconstruction
//   whole            rebuilt without a hole, each patch by passes that did not see it, and the error of each patch
// How a model of normalised pixels is shown is a choice: eval/patch_statistics.hpp. plot/panel.hpp draws all this.
#pragma once
#include <cmath>
#include <optional>
#include <span>

#include <mae/data/canvas.hpp>
#include <mae/eval/rebuild.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct PanelOptions {
  std::uint64_t seed = 0;                                  ///< of the masks
  Index scale = 4;                                         ///< screen pixels for a pixel
  HiddenStatistics statistics = HiddenStatistics::oracle;  ///< for models of normalised pixels
  bool whole = false;                                      ///< two more columns: without a hole, and its errors
  std::span<const float> noise{};                          ///< [images, L]: masks by noise instead of by seed
  Masking masking{};                                       ///< how masks are drawn by seed
  std::optional<Target> target{};                          ///< what the weights predict, if not what the model says
};

namespace detail {
/// Patches in model space [L, n] as an image.
template <class Geometry>
Image image_of(const std::vector<float>& patches, const Normalization& normalization) {
  Image image = blank_image(Geometry::channels, Geometry::height, Geometry::width);
  std::vector<float> pixels(static_cast<std::size_t>(Geometry::values));
  unpatchify<typename Geometry::Pixels, Geometry::patch>(patches.data(), pixels.data());
  constexpr Index plane = Geometry::height * Geometry::width;
  for (Index i = 0; i < Geometry::values; ++i) {
    const auto c = static_cast<std::size_t>(i / plane);
    const auto at = static_cast<std::size_t>(i);
    const double value = double(pixels[at]) * normalization.deviation[c] + normalization.mean[c];
    image.pixels[at] = static_cast<std::uint8_t>(std::fmin(std::fmax(value, 0), 1) * 255 + 0.5);
  }
  return image;
}

/// Image `i` as the model takes it. Throws mae::Error if there is none or its channels are not the model's.
template <class T, class Geometry>
Tensor<T, typename Geometry::Pixels> panel_input(const Images& images, Index i, const Normalization& normalization) {
  check_channels(images, normalization, Geometry::channels, "images");
  if (i < 0 || i >= images.size())
    throw Error("images", "no image " + std::to_string(i), "a number below " + std::to_string(images.size()));
  Tensor<T, typename Geometry::Pixels> input(1);
  load_sample(images, i, normalization, {}, 0, 0, input.data(), Geometry::height, Geometry::width);
  return input;
}

/// The mask of image `i`. Throws mae::Error if the noise is not that of so many images.
template <class Model>
typename Model::Masks panel_mask(const PanelOptions& options, Index images, Index i) {
  constexpr Index L = Model::L;
  typename Model::Masks masks(1);
  masks.resize(1);
  if (options.noise.empty()) {
    masks.draw(0, options.masking, Model::ImageShape::grid, options.seed, 0, static_cast<std::uint64_t>(i));
    return masks;
  }
  if (static_cast<Index>(options.noise.size()) != images * L)
    throw Error("mask noise", std::to_string(options.noise.size()) + " numbers",
                std::to_string(images) + " x " + std::to_string(L) + ", one for each patch of each image");
  masks.from_noise(0, options.noise.data() + i * L);
  return masks;
}
}  // namespace detail

/// One image four times: original, masked, reconstruction, pasted.
struct Reconstructed {
  Image original, masked, reconstruction, pasted;
};

/// What a rebuilt image looks like; hidden patches are grey in the second.
template <class Geometry>
Reconstructed images_of(const Rebuilt& image, const Normalization& normalization) {
  std::vector<float> masked = image.truth, pasted = image.truth;
  constexpr std::size_t n = Geometry::patch_values, C = Geometry::channels;
  for (std::size_t i = 0; i < masked.size(); ++i) {
    if (!image.hidden[i / n]) continue;
    masked[i] = static_cast<float>((0.5 - normalization.mean[i % n % C]) / normalization.deviation[i % n % C]);
    pasted[i] = image.rebuilt[i];
  }
  auto draw = [&](const std::vector<float>& patches) { return detail::image_of<Geometry>(patches, normalization); };
  return {draw(image.truth), draw(masked), draw(image.rebuilt), draw(pasted)};
}

/// A row of a panel, with the numbers behind it.
struct PanelRow {
  Reconstructed images;
  Rebuilt masked, whole;              ///< under one mask; under several, if that was asked for
  std::vector<std::int32_t> restore;  ///< [L], the rank of each patch in the mask: MAE's ids_restore
  Image whole_image{};
  std::vector<double> errors{};  ///< of `whole`, [L], in grey levels
};

/// Masks and rebuilds image `i` of `images`. Throws mae::Error if there is no such image, if its channels are not the
/// model's, or if there is not noise for all images.
template <class Model, class Policy>
PanelRow reconstruct(Rebuilder<Model, Policy>& rebuilder, const Images& images, Index i,
                     const Normalization& normalization, const PanelOptions& options) {
  using Geometry = typename Model::ImageShape;
  const auto input = detail::panel_input<typename Policy::Accumulator, Geometry>(images, i, normalization);
  const auto masks = detail::panel_mask<Model>(options, images.size(), i);
  const auto restore = masks.restore();
  PanelRow row{{}, rebuilder.under(input.data(), masks), {}, {restore.begin(), restore.end()}};
  row.images = images_of<Geometry>(row.masked, normalization);
  if (!options.whole) return row;
  row.whole = rebuilder.whole(input.data(), masks);
  row.whole_image = detail::image_of<Geometry>(row.whole.rebuilt, normalization);
  row.errors = patch_errors(row.whole, normalization);
  return row;
}
/// One image four times, under the mask that `masking` draws by `seed`.
template <class Model, class Policy>
Reconstructed reconstruct(const Weights<Model, Policy>& weights, const Images& images, Index i,
                          const Normalization& normalization, std::uint64_t seed, const Masking& masking = {}) {
  const PanelOptions options{.seed = seed, .masking = masking};
  Rebuilder<Model, Policy> rebuilder(weights, options.statistics);
  return reconstruct(rebuilder, images, i, normalization, options).images;
}

}  // namespace mae
MAE_PRECISE_END
