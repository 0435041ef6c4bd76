// Models with names: the one table of sizes, for programs, checkpoints and tests.
//
// A preset says everything that a type of model needs: images, encoder, decoder, what is predicted, how many classes
// labelled data may have, and the mask ratios, of which the first is the default. `vit-base-224`, `vit-large-224` and
// `vit-huge-224` are the paper's (He et al., 2021, tables 1 and 3) with its decoder of 8 blocks of width 512;
// `vit-tiny-224` and `vit-small-224` are common ViT sizes with lighter decoders; the others are for small images and
// small machines.
//
//   using Model = presets::Named<"tiny-32">::Autoencoder<>;     // or presets::Tiny32
//
// One's own is one more `Preset<"name", ...>`, wherever it is needed.
#pragma once
#include <string_view>
#include <tuple>

#include <mae/model/classifier.hpp>
#include <mae/model/masked_autoencoder.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// A text as a template argument.
template <std::size_t N>
struct FixedString {
  char text[N]{};
  consteval FixedString(const char (&from)[N]) {  // NOLINT(google-explicit-constructor)
    for (std::size_t i = 0; i < N; ++i) text[i] = from[i];
  }
};

/// The most classes that labelled data may have: the size of a classifier's head.
template <Index Count>
struct Classes {
  static constexpr Index count = Count;
};

template <FixedString PresetName, class ImageType, class EncoderSize, class DecoderSize, Target TargetKind,
          class ClassCount, class... MaskRatios>
struct Preset {
  static constexpr const char* name = PresetName.text;
  using ImageShape = ImageType;
  using EncoderShape = EncoderSize;
  using DecoderShape = DecoderSize;
  static constexpr Target target = TargetKind;
  static constexpr Index classes = ClassCount::count;
  using Ratios = std::tuple<MaskRatios...>;
  using Encoder = mae::Encoder<ImageShape, EncoderShape>;
  template <class Ratio = std::tuple_element_t<0, Ratios>>
  using Autoencoder = MaskedAutoencoder<ImageShape, EncoderShape, DecoderShape, Ratio, TargetKind>;
};

namespace presets {

using TinyEncoder = Transformer<192, 12, 3>;
using SmallEncoder = Transformer<384, 12, 6>;
using BaseEncoder = Transformer<768, 12, 12>;
using LargeEncoder = Transformer<1024, 24, 16>;
using HugeEncoder = Transformer<1280, 32, 16>;

using PaperDecoder = Transformer<512, 8, 16>;
using SmallDecoder = Transformer<256, 4, 8>;
using TinyDecoder = Transformer<128, 2, 4>;

using Image224 = ImageShape<3, 224, 224, 16>;
using Image224Patch14 = ImageShape<3, 224, 224, 14>;

inline constexpr Target pixels = Target::pixels, normalized = Target::normalized_pixels;

// Handwritten digits of 8 × 8 pixels: an epoch takes a second.
using Digits8 = Preset<"digits-8", ImageShape<1, 8, 8, 2>, Transformer<64, 4, 4>, Transformer<32, 2, 2>, normalized,
                       Classes<10>, MaskRatio<75>, MaskRatio<50>>;
// MNIST, Fashion-MNIST, EMNIST with its 62 classes.
using Mnist28 = Preset<"mnist-28", ImageShape<1, 28, 28, 4>, Transformer<128, 6, 4>, Transformer<64, 2, 2>, normalized,
                       Classes<62>, MaskRatio<75>>;
// CIFAR-10, CIFAR-100.
using Tiny32 = Preset<"tiny-32", ImageShape<3, 32, 32, 4>, TinyEncoder, Transformer<96, 4, 3>, normalized, Classes<100>,
                      MaskRatio<75>>;
// A folder of photographs, to look at what becomes of them.
using Photos64 = Preset<"photos-64", ImageShape<3, 64, 64, 8>, Transformer<192, 8, 3>, Transformer<128, 4, 4>, pixels,
                        Classes<100>, MaskRatio<75>>;
// ImageNet.
using VitTiny224 = Preset<"vit-tiny-224", Image224, TinyEncoder, TinyDecoder, normalized, Classes<1000>, MaskRatio<75>>;
using VitSmall224 =
    Preset<"vit-small-224", Image224, SmallEncoder, SmallDecoder, normalized, Classes<1000>, MaskRatio<75>>;
using VitBase224 =
    Preset<"vit-base-224", Image224, BaseEncoder, PaperDecoder, normalized, Classes<1000>, MaskRatio<75>>;
using VitLarge224 =
    Preset<"vit-large-224", Image224, LargeEncoder, PaperDecoder, normalized, Classes<1000>, MaskRatio<75>>;
using VitHuge224 =
    Preset<"vit-huge-224", Image224Patch14, HugeEncoder, PaperDecoder, normalized, Classes<1000>, MaskRatio<75>>;

/// The table.
using All =
    std::tuple<Digits8, Mnist28, Tiny32, Photos64, VitTiny224, VitSmall224, VitBase224, VitLarge224, VitHuge224>;

using Tiny = VitTiny224::Autoencoder<>;
using Small = VitSmall224::Autoencoder<>;
using Base = VitBase224::Autoencoder<>;
using Large = VitLarge224::Autoencoder<>;
using Huge = VitHuge224::Autoencoder<>;

}  // namespace presets

namespace detail {
/// The place of a preset in a list by its name; the number of presets if none has it.
template <class... P>
consteval std::size_t place_of(std::string_view name, std::tuple<P...>*) {
  std::size_t place = 0;
  static_cast<void>(((name == P::name || (++place, false)) || ...));
  return place;
}
template <FixedString Wanted, class List>
consteval std::size_t checked_place() {
  constexpr std::size_t place = place_of(Wanted.text, static_cast<List*>(nullptr));
  static_assert(place < std::tuple_size_v<List>, "mae::presets: no preset of model/presets.hpp has this name");
  return place < std::tuple_size_v<List> ? place : 0;
}
}  // namespace detail

namespace presets {
/// The preset called `Wanted`.
template <FixedString Wanted>
using Named = std::tuple_element_t<detail::checked_place<Wanted, All>(), All>;
}  // namespace presets

}  // namespace mae
MAE_PRECISE_END
