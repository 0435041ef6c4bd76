// The picture everyone wants to see: original, what the encoder saw, what was rebuilt, and the two together.
//
// One row an image, four columns: original; masked (hidden patches grey); reconstruction, every patch as predicted;
// pasted, the visible patches in their places over the reconstruction. Visible patches look poor in the third column
// because no loss is ever put on them. A model whose target is normalised pixels predicts no brightness or contrast:
// to show its output, mean and deviation of each patch are taken from the original, hidden ones included, and the
// caption says so.
#pragma once
#include <algorithm>

#include <mae/autograd/session.hpp>
#include <mae/data/augment.hpp>
#include <mae/io/font.hpp>
#include <mae/model/masked_autoencoder.hpp>

namespace mae {

struct PanelOptions {
  std::uint64_t seed = 0;  ///< of the masks
  Index scale = 4;         ///< screen pixels for a pixel
};

namespace detail {
/// Gives predicted values of one patch the mean and deviation of the true ones.
inline void restore_statistics(float* predicted, const float* truth, Index n) {
  double mean = 0, variance = 0;
  for (Index i = 0; i < n; ++i) mean += double(truth[i]) / double(n);
  for (Index i = 0; i < n; ++i) variance += (double(truth[i]) - mean) * (double(truth[i]) - mean) / double(n - 1);
  for (Index i = 0; i < n; ++i)
    predicted[i] = static_cast<float>(double(predicted[i]) * std::sqrt(variance + 1e-6) + mean);
}

/// Patches in model space [L, n] as a picture.
template <class Geometry>
Image picture_of(const std::vector<float>& patches, const Normalization& normalization) {
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
}  // namespace detail

/// The four pictures of one image: original, masked, reconstruction, pasted.
struct Reconstructed {
  Image original, masked, reconstruction, pasted;
};

/// Masks image `i` of `images` at random by `seed` and rebuilds it. Throws mae::Error if there is no such image or its
/// channels are not the model's.
template <class Model, class Policy>
Reconstructed reconstruct(const Weights<Model, Policy>& weights, const Images& images, Index i,
                          const Normalization& normalization, std::uint64_t seed) {
  using Geometry = typename Model::Image;
  constexpr Index L = Geometry::patches, n = Geometry::patch_values;
  check_channels(images, normalization, Geometry::channels, "images");
  if (i < 0 || i >= images.size())
    throw Error("images", "no image " + std::to_string(i), "a number below " + std::to_string(images.size()));
  Tensor<typename Policy::Activation, typename Geometry::Pixels> input(1);
  load_sample(images, i, normalization, {}, 0, 0, input.data(), Geometry::height, Geometry::width);
  typename Model::Masks masks(1);
  masks.resize(1);
  masks.random(0, seed, 0, static_cast<std::uint64_t>(i));
  Session<Program<Reconstruction<Model>, Policy, Inference>> session(1);
  const auto predicted = session.forward(weights, input, masks.keep(), masks.restore());  // [1, L, n]

  using Order = PatchOrder<typename Geometry::Pixels, Geometry::patch>;
  std::vector<float> truth(static_cast<std::size_t>(L * n)), hidden = truth;
  for (Index l = 0; l < L; ++l)
    for (Index v = 0; v < n; ++v)
      truth[static_cast<std::size_t>(l * n + v)] = static_cast<float>(input.data()[Order::pixel(l, v)]);
  std::vector<float> rebuilt(predicted.begin(), predicted.end()), pasted = truth;
  for (Index l = 0; l < L; ++l) {
    float* const patch = rebuilt.data() + l * n;
    if constexpr (Model::target == Target::normalized_pixels)
      detail::restore_statistics(patch, truth.data() + l * n, n);
    for (Index v = 0; v < n; ++v) {
      const auto at = static_cast<std::size_t>(l * n + v);
      const auto c = static_cast<std::size_t>(v % Geometry::channels);
      const double grey = (0.5 - normalization.mean[c]) / normalization.deviation[c];
      hidden[at] = masks.mask(0, l) ? static_cast<float>(grey) : truth[at];
      if (masks.mask(0, l)) pasted[at] = rebuilt[at];
    }
  }
  auto draw = [&](const std::vector<float>& patches) { return detail::picture_of<Geometry>(patches, normalization); };
  return {draw(truth), draw(hidden), draw(rebuilt), draw(pasted)};
}

/// The panel of all `images`, one row each, with captions.
template <class Model, class Policy>
Image draw_panel(const Weights<Model, Policy>& weights, const Images& images, const Normalization& normalization,
                 const PanelOptions& options = {}) {
  using Geometry = typename Model::Image;
  const Index gap = 8, dot = 1, line = text_height(dot) + gap;
  const Index column = std::max(Geometry::width * options.scale, text_width("reconstruction", dot)) + gap;
  const Index row = Geometry::height * options.scale + gap;
  const bool oracle = Model::target == Target::normalized_pixels;
  const std::string notes[] = {"mean and contrast of each patch", "are those of the original"};
  const Index width = std::max(4 * column + gap, oracle ? text_width(notes[0], dot) + 2 * gap : Index{0});
  Image panel = blank_image(3, gap + line + images.size() * row + (oracle ? 2 * line : 0), width);
  const char* const captions[] = {"original", "masked", "reconstruction", "pasted"};
  const Colour ink{40, 40, 40};
  for (Index k = 0; k < 4; ++k) draw_text(panel, captions[k], gap, gap + k * column, ink, dot);
  for (Index i = 0; i < images.size(); ++i) {
    const Reconstructed r = reconstruct(weights, images, i, normalization, options.seed);
    const Image* const pictures[] = {&r.original, &r.masked, &r.reconstruction, &r.pasted};
    for (Index k = 0; k < 4; ++k)
      paste(panel, upscale(*pictures[k], options.scale), gap + line + i * row, gap + k * column);
  }
  for (Index k = 0; k < 2 && oracle; ++k)
    draw_text(panel, notes[k], gap + line + images.size() * row + k * line, gap, ink, dot);
  return panel;
}

}  // namespace mae
