// The models that the programs have built in: a line each. Sizes with a name stand in mae/model/presets.hpp and are
// called by it; sizes of your own are one more line here, or are compiled on demand (framework/description.hpp).
//
//   Known<"name">
//   Model<"name", ImageShape<channels, height, width, patch>, encoder and decoder Transformer<width, blocks, heads>,
//         what is predicted, Classes<most that data may have>, MaskRatio<percent hidden> ...>
//
// Height and width must be multiples of the patch, width of 4 and of the heads: the compiler says so. Images of other
// sizes are resized. The first mask ratio is the default, others can be chosen by `--mask_ratio`. `normalized`
// gives better features, `pixels` better images (He et al., 2021, table 1d). `Mixed<...>` trains in mixed precision, as
// the paper does: products and activations in bf16, weights, sums and residual stream in float; faster where the
// processor multiplies bf16. `Mixed<Windows<16, ...>>` or `Windows<16, ...>` is for large images. CMake reads this file
// too: a program is compiled once for every line that begins with `Known<"`, `Model<"`, `Mixed<` or `Windows<`, in a
// file of its own, about twenty seconds each, and for a line that begins with `OnRequest<` if it is asked for: cmake -D
// MAE_EXAMPLE_MODELS="vit-large-224;photos-64".
#pragma once
#include <tuple>

#include <mae/model/presets.hpp>

namespace program {

/// A preset of the library.
template <mae::FixedString Wanted>
struct Known : mae::presets::Named<Wanted> {
  using Element = float;  ///< that training computes in
};

template <mae::FixedString ModelName, class ImageType, class EncoderSize, class DecoderSize, mae::Target TargetKind,
          class ClassCount, class... MaskRatios>
struct Model : mae::Preset<ModelName, ImageType, EncoderSize, DecoderSize, TargetKind, ClassCount, MaskRatios...> {
  using Element = float;
};

/// A line of the table, trained in mixed precision.
template <class Line>
struct Mixed : Line {
  using Element = mae::bf16;
};

/// A line of the table for large images: `detect` and `segment` (but for its linear head) attend in windows of Side ×
/// Side patches, in the last block of each quarter to the whole image (model/windowed_trunk.hpp).
template <mae::Index Side, class Line>
struct Windows : Line {
  static constexpr mae::Index window = Side;
};

/// A model that was described when the program ran (framework/on_demand.hpp); its name came with it.
template <class ImageType, class EncoderSize, class DecoderSize, mae::Target TargetKind, class ClassCount,
          class ElementType, class... MaskRatios>
struct Described : mae::Preset<"", ImageType, EncoderSize, DecoderSize, TargetKind, ClassCount, MaskRatios...> {
  using Element = ElementType;
  static inline const char* name = "";
};

/// A line that is compiled only where MAE_EXAMPLE_MODELS names it.
template <class Line>
using OnRequest = Line;

using mae::Classes, mae::ImageShape, mae::MaskRatio, mae::Transformer, mae::presets::normalized, mae::presets::pixels;

using Models = std::tuple<
  Known<"digits-8">,
  Known<"mnist-28">,
  Known<"tiny-32">,
  Known<"photos-64">,
  Mixed<Known<"vit-base-224">>,  // days on a large machine
  OnRequest<Mixed<Known<"vit-large-224">>>,
  OnRequest<Mixed<Known<"vit-huge-224">>>
>;

/// Some of these lines, by their numbers.
template <std::size_t... Number>
using Lines = std::tuple<std::tuple_element_t<Number, Models>...>;

}  // namespace program
