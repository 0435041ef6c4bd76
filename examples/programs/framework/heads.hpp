// What stands on the encoder of a model of models.hpp, where it says something of each place of an image.
#pragma once
#include <algorithm>

#include <mae/model/detector.hpp>
#include <mae/model/feature_maps.hpp>
#include <mae/model/pyramid_segmenter.hpp>
#include <mae/model/segmentation_head.hpp>

namespace program {

/// The maps of a pyramid, by how they compare with the patches: 4 or 2 times as fine, if patches can be divided so,
/// the same, and half as fine, if their number is even.
template <class Image>
constexpr auto pyramid_scales() {
  constexpr bool coarser = Image::rows % 2 == 0 && Image::columns % 2 == 0;
  if constexpr (Image::patch % 4 == 0 && coarser) return mae::Scales<2, 1, 0, -1>();
  else if constexpr (Image::patch % 4 == 0) return mae::Scales<2, 1, 0>();
  else if constexpr (Image::patch % 2 == 0 && coarser) return mae::Scales<1, 0, -1>();
  else if constexpr (Image::patch % 2 == 0) return mae::Scales<1, 0>();
  else return mae::Scales<0>();
}
/// Numbers of each of their places, for an encoder of these sizes.
template <class Size>
inline constexpr mae::Index pyramid_width = std::clamp<mae::Index>(Size::width / 2, 32, 256);

/// The side of the windows, in patches, in which a line of models.hpp attends, or 0.
template <class Preset>
inline constexpr mae::Index window = [] {
  if constexpr (requires { Preset::window; }) return Preset::window;
  else return mae::Index{0};
}();

/// A class map has at most so many classes.
template <class Preset>
inline constexpr mae::Index map_classes = std::min<mae::Index>(Preset::classes, 255);

template <class Preset>
using DetectorOf = mae::Detector < typename Preset::ImageShape,
      typename Preset::EncoderShape, Preset::classes, decltype(pyramid_scales<typename Preset::ImageShape>()),
      pyramid_width<typename Preset::EncoderShape>, Preset::EncoderShape::width<384 ? 2 : 4,
      mae::StochasticDepth::on, window<Preset>>;
template <class Preset>
using SegmenterOf = mae::Segmenter<typename Preset::ImageShape, typename Preset::EncoderShape, map_classes<Preset>>;
template <class Preset>
using PyramidSegmenterOf =
    mae::PyramidSegmenter<typename Preset::ImageShape, typename Preset::EncoderShape, map_classes<Preset>,
                          decltype(pyramid_scales<typename Preset::ImageShape>()),
                          pyramid_width<typename Preset::EncoderShape>, mae::StochasticDepth::on, window<Preset>>;

}  // namespace program
