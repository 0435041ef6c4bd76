// Lesson 5: patches.
//
// A transformer reads a sequence of tokens, so an image [C, H, W] has to become one: cut it into patches of P × P,
// row by row, and write down the numbers of each patch in one row. With c channels last, value v = (y · P + x) · C +
// c of patch l = r · (W / P) + k is the pixel (c, r · P + y, k · P + x). It is a permutation: nothing is computed,
// nothing is lost, and unpatchify is its inverse. The same rows are what the decoder has to predict, so this order is
// part of every checkpoint that was ever published.
//
// Paper: section 3, "Masking" ("regular non-overlapping patches") and "Reconstruction target"; the idea is that of
// Dosovitskiy et al., 2021: an image is worth 16 × 16 words.
#include <mae/autograd/run/session.hpp>
#include <mae/backend/reference.hpp>
#include <mae/io/images/png.hpp>
#include <mae/model/geometry.hpp>
#include <mae/ops/patchify.hpp>
#include <mae/tensor/print.hpp>

#include <algorithm>
#include <iostream>

/// images [B, C, H, W] → patches [B, L, n].
template <class Geometry>
struct Cut {
  using Inputs = mae::Inputs<mae::Input<typename Geometry::Pixels>>;
  MAE_MODULE()
  constexpr auto operator()(const mae::Expression auto& images) const {
    return mae::patchify<Geometry::patch>(images);  // [B, L, n]
  }
};
template <class Geometry>
using CutSession = mae::Session<mae::Program<Cut<Geometry>, mae::Reference<float>, mae::Inference>>;
template <class Geometry>
using NoWeights = mae::Weights<Cut<Geometry>, mae::Reference<float>>;

void small_image() {
  using Small = mae::ImageShape<2, 2, 4, 2>;  // 2 channels, 2 × 4 pixels, 2 patches of 2 × 2
  mae::Tensor<float, Small::Pixels> image(1);  // [1, 2, 2, 4]
  for (mae::Index i = 0; i < image.size(); ++i) image.data()[i] = static_cast<float>(i);
  CutSession<Small> cut(1);
  const auto patches = cut.forward(NoWeights<Small>(), image);  // [1, 2, 8]
  std::cout << "pixels " << image << "\n\n";
  for (mae::Index l = 0; l < Small::patches; ++l) {
    std::cout << "patch " << l << ':';
    for (mae::Index v = 0; v < Small::patch_values; ++v) std::cout << ' ' << patches(0, l, v);
    std::cout << '\n';
  }
  std::cout << '\n';
}

/// One letter a patch: how bright it is.
void draw_brightness(const mae::View<float, mae::Shape<mae::dyn, 256, 768>>& patches) {
  const std::string ink = "@%#*+=-:. ";
  for (mae::Index l = 0; l < 256; ++l) {
    double sum = 0;
    for (mae::Index v = 0; v < 768; ++v) sum += static_cast<double>(patches(0, l, v));
    const auto level = static_cast<std::size_t>(std::clamp((sum / 768 - 60) / 12, 0.0, 9.0));
    std::cout << ink[level] << ink[level] << (l % 16 == 15 ? "\n" : "");
  }
}

int main() {
  small_image();

  // A photograph: 256 patches of 16 × 16 pixels.
  using Photograph = mae::ImageShape<3, 256, 256, 16>;
  const mae::Image cat = mae::read_png(std::string(MAE_EXAMPLE_DATA) + "/chelsea.png");
  mae::Tensor<float, Photograph::Pixels> image(1);  // [1, 3, 256, 256]
  std::copy(cat.pixels.begin(), cat.pixels.end(), image.begin());
  CutSession<Photograph> cut(1);
  const auto patches = cut.forward(NoWeights<Photograph>(), image);  // [1, 256, 768]
  draw_brightness(patches);

  // And back. A puzzle too: with its patches in another order, an image is still the same set of tokens.
  mae::Tensor<float, Photograph::Pixels> back(1), puzzle(1);                // [1, 3, 256, 256]
  mae::Tensor<float, mae::Shape<mae::dyn, 256, 768>> shuffled(1);           // [1, 256, 768]
  for (mae::Index l = 0; l < 256; ++l)
    for (mae::Index v = 0; v < 768; ++v) shuffled(0, l, v) = patches(0, l * 101 % 256, v);
  mae::unpatchify<Photograph::Pixels, 16>(patches.data(), back.data());
  mae::unpatchify<Photograph::Pixels, 16>(shuffled.data(), puzzle.data());
  std::cout << "\nthe way back is exact: " << (std::equal(back.begin(), back.end(), image.begin()) ? "yes" : "no");

  mae::Image mixed = cat;
  for (std::size_t i = 0; i < mixed.pixels.size(); ++i)
    mixed.pixels[i] = static_cast<std::uint8_t>(puzzle.data()[i]);
  mae::write_png("puzzle.png", mixed);
  std::cout << "\nwrote puzzle.png: the cat, its patches in another order\n";
}
