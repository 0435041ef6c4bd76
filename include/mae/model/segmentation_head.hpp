// Semantic segmentation on an encoder: a class for each pixel, by one linear layer (Strudel et al., "Segmenter", ICCV
// 2021, section 3.2, its linear decoder).
//
// The trunk is the encoder's, under the same names, so an encoder checkpoint loads into it. Each patch token becomes K
// logits, which are interpolated to pixels. It is the cheapest head that there is: 2 L D K operations an image. It is
// trained on class maps: `Segmentation` (train/segmentation.hpp) says how.
#pragma once
#include <mae/model/encoder.hpp>
#include <mae/ops/pixel_cross_entropy.hpp>
#include <mae/ops/upsample.hpp>

MAE_PRECISE_BEGIN
namespace mae::rule {

/// A class map holds a byte a pixel, of which 255 is no class.
template <Index Classes>
struct MapClasses {
  static constexpr bool holds = Classes > 0 && Classes < 256;
};

}  // namespace mae::rule

namespace mae {

struct Segmentation;

namespace detail {
template <Index Classes>
constexpr Index segmentation_classes() {
  static_assert(rule::MapClasses<Classes>::holds,
                "mae::Segmenter: a class map holds 1 to 255 classes; 255 marks pixels without one");
  return rule::MapClasses<Classes>::holds ? Classes : 1;
}
}  // namespace detail

/// images [B, C, H, W] → logits of each pixel, row by row: [B, H·W, Classes].
template <class ImageType, class Size, Index Classes, StochasticDepth Kind = StochasticDepth::on>
struct Segmenter {
  using ImageShape = ImageType;
  using EncoderShape = Size;
  using Task = Segmentation;
  static constexpr Index classes = detail::segmentation_classes<Classes>();
  using Inputs = mae::Inputs<Input<typename ImageType::Pixels>>;
  EncoderTrunk<ImageType, Size, Trainable::yes, Kind> trunk;
  LayerNorm<Size::width> norm;
  Linear<Size::width, classes, init::Normal<2, 100>> head;
  MAE_MODULE(flat(trunk), norm, head)
  constexpr void encoder_parts(auto&& visit) {
    visit("", trunk);
    visit("norm", norm);
  }

  constexpr auto operator()(const Expression auto& images) const {
    auto tokens = patch_tokens(norm(trunk(images)));                                       // [B, L, D]
    return upsample<ImageType::rows, ImageType::columns, ImageType::patch>(head(tokens));  // [B, H·W, Classes]
  }
};

/// One loss a sample: images [B, C, H, W], a class or 255 for each pixel [B, H·W].
template <class Model>
struct SegmentationLoss : Model {
  using Inputs = mae::Inputs<Input<typename Model::ImageShape::Pixels>,
                             Indices<Shape<dyn, Model::ImageShape::height * Model::ImageShape::width>>>;
  constexpr auto operator()(const Expression auto& images, const Expression auto& labels) const {
    return pixel_cross_entropy(Model::operator()(images), labels);  // [B]
  }
};

}  // namespace mae
MAE_PRECISE_END
