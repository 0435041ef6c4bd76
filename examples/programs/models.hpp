// The models that the programs know: a line each. Sizes of your own are one more line; build again and `--model` has it.
//
//   Model<"name", ImageShape<channels, height, width, patch>, encoder and decoder Transformer<width, blocks, heads>,
//         what is predicted, Classes<most that data may have>, MaskRatio<percent hidden> ...>
//
// Height and width must be multiples of the patch, width of 4 and of the heads: the compiler says so. Images of other
// sizes are resized. The first mask ratio is the default, others can be chosen by `--mask_ratio`. `normalized_pixels`
// gives better features, `pixels` better pictures (He et al., 2021, table 1d). `Mixed<Model<...>>` trains in mixed
// precision, as the paper does: products and activations in bf16, weights, sums and residual stream in float; faster where
// the processor multiplies bf16. CMake reads this file too: a program is compiled once for every line that begins with
// `Model<"` or `Mixed<`, in a file of its own, about twenty seconds each.
#pragma once
#include <algorithm>
#include <tuple>

#include <mae/mae.hpp>

namespace program {

/// A name as a template argument.
template <std::size_t N>
struct Name {
  char text[N];
  consteval Name(const char (&name)[N]) { std::copy_n(name, N, text); }  // NOLINT(google-explicit-constructor)
};

/// The most classes that labelled data may have: the size of a classifier's head.
template <mae::Index Count>
struct Classes {
  static constexpr mae::Index count = Count;
};

template <Name ModelName, class ImageType, class EncoderSize, class DecoderSize, mae::Target TargetKind,
          class ClassCount, class... MaskRatios>
struct Model {
  static constexpr const char* name = ModelName.text;
  using ImageShape = ImageType;
  using Encoder = EncoderSize;
  using Element = float;  ///< that training computes in
  static constexpr mae::Index classes = ClassCount::count;
  template <class Ratio>
  using Autoencoder = mae::MaskedAutoencoder<ImageType, EncoderSize, DecoderSize, Ratio, TargetKind>;
  using Ratios = std::tuple<MaskRatios...>;
};

/// A line of the table, trained in mixed precision.
template <class Line>
struct Mixed : Line {
  using Element = mae::bf16;
};

using mae::ImageShape, mae::MaskRatio, mae::Transformer;
inline constexpr auto pixels = mae::Target::pixels, normalized = mae::Target::normalized_pixels;

// clang-format off
using Models = std::tuple<
  // Handwritten digits of 8 × 8 pixels, as in examples/data: an epoch takes a second.
  Model<"digits-8", ImageShape<1, 8, 8, 2>, Transformer<64, 4, 4>, Transformer<32, 2, 2>, normalized, Classes<10>, MaskRatio<75>, MaskRatio<50>>,
  // MNIST, Fashion-MNIST, EMNIST with its 62 classes.
  Model<"mnist-28", ImageShape<1, 28, 28, 4>, Transformer<128, 6, 4>, Transformer<64, 2, 2>, normalized, Classes<62>, MaskRatio<75>>,
  // CIFAR-10, CIFAR-100.
  Model<"tiny-32", ImageShape<3, 32, 32, 4>, Transformer<192, 12, 3>, Transformer<96, 4, 3>, normalized, Classes<100>, MaskRatio<75>>,
  // A folder of photographs, to look at what becomes of them.
  Model<"photos-64", ImageShape<3, 64, 64, 8>, Transformer<192, 8, 3>, Transformer<128, 4, 4>, pixels, Classes<100>, MaskRatio<75>>,
  // The paper's ViT-B/16: days on a large machine.
  Mixed<Model<"vit-base-224", ImageShape<3, 224, 224, 16>, Transformer<768, 12, 12>, Transformer<512, 8, 16>, normalized, Classes<1000>, MaskRatio<75>>>
>;
// clang-format on

}  // namespace program
