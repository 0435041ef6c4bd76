// Object detection on an encoder: the feature pyramid of Li et al. ("Exploring Plain Vision Transformer Backbones for
// Object Detection", ECCV 2022, section 3) and a head of one stage without anchors (Tian et al., "FCOS", ICCV 2019).
//
//   using Mine = mae::Detector<mae::ImageShape<3, 256, 384, 16>,          // any rectangle
//                              mae::Transformer<384, 12, 6>,              // the encoder's sizes
//                              20,                                        // classes
//                              mae::Scales<1, 0, -1>,                     // maps of stride 8, 16 and 32
//                              128, 2>;                                   // width and depth of the head
//
// The trunk is the encoder's, under the same names, so an encoder checkpoint loads into it. Each place of each map gets
// K logits, one a class, and five numbers: logarithms of its distances to the sides of its object, in strides, and a
// logit of how central it lies. Distances count in strides and the maps lie in one tensor, so the head is the same for
// all of them: two rows of `Depth` convolutions with LayerNorm and GELU, where FCOS has GroupNorm and ReLU. Which place
// answers for which box: data/detection_targets.hpp; boxes out of what comes: eval/detections.hpp. It is trained on
// boxes: `ObjectDetection` (train/detection.hpp) says how. A neck or head of your own goes into a model that has what
// `Detector` has: `Task`, `Levels`, `classes`, `outputs` and their concatenation.
#pragma once
#include <mae/model/feature_pyramid.hpp>
#include <mae/model/windowed_trunk.hpp>
#include <mae/ops/box_loss.hpp>

MAE_PRECISE_BEGIN
namespace mae {

struct ObjectDetection;

namespace init {
/// The logit of a probability of 1 %: places are background before anything is learnt (Lin et al., "Focal Loss",
/// section 4.1).
struct RarePrior {
  template <class S>
  static double value(const RandomStream&, Index) {
    return -math::log(99.0);
  }
};
}  // namespace init

namespace rule {
template <Index Classes>
struct DetectorClasses {
  static constexpr bool holds = Classes > 0;
};
}  // namespace rule

namespace detail {
template <Index Classes>
constexpr Index detector_classes() {
  static_assert(rule::DetectorClasses<Classes>::holds, "mae::Detector: there must be a class to detect");
  return rule::DetectorClasses<Classes>::holds ? Classes : 1;
}
}  // namespace detail

/// x [B, places, Width] → [B, places, Width].
template <class Maps, Index Width>
struct ConvBlock {
  Conv3x3<Maps, Width, Width, init::Normal<1, 100>> conv;
  LayerNorm<Width> norm;
  MAE_MODULE(conv, norm)

  constexpr auto operator()(const Expression auto& x) const { return gelu(norm(conv(x))); }
};

/// x [B, places, Width] → logits of classes [B, places, Classes], and numbers of boxes [B, places, 5].
template <class Maps, Index Width, int Depth, Index Classes>
struct DetectionHead {
  Repeat<Depth, ConvBlock<Maps, Width>> class_blocks;
  Conv3x3<Maps, Width, Classes, init::Normal<1, 100>, init::RarePrior> classes;
  Repeat<Depth, ConvBlock<Maps, Width>> box_blocks;
  Conv3x3<Maps, Width, 5, init::Normal<1, 100>> boxes;
  MAE_MODULE(class_blocks, classes, box_blocks, boxes)

  constexpr auto operator()(const Expression auto& x) const {
    return std::tuple(classes(class_blocks(x)), boxes(box_blocks(x)));
  }
};

/// images [B, C, H, W] → of each place of each map its logits of classes and its five numbers: [B, places, Classes +
/// 5].
template <class ImageType, class Size, Index Classes, class ScalesType = Scales<1, 0, -1, -2>, Index Width = 256,
          int Depth = 4, StochasticDepth Kind = StochasticDepth::on, Index Window = 0>
struct Detector {
  using ImageShape = ImageType;
  using EncoderShape = Size;
  using Task = ObjectDetection;
  using Neck = FeaturePyramid<GridOfPatches<ImageType>, Size::width, ScalesType, Width>;
  using Levels = typename Neck::Levels;
  using Inputs = mae::Inputs<Input<typename ImageType::Pixels>>;
  using Trunk = TrunkWithWindows<ImageType, Size, Window, Trainable::yes, Kind>;
  static constexpr Index classes = detail::detector_classes<Classes>(), window = Window;
  using Head = DetectionHead<Levels, Width, Depth, classes>;
  Trunk trunk;
  Neck neck;
  Head head;
  MAE_MODULE(flat(trunk), neck, head)
  constexpr void encoder_parts(auto&& visit) { visit("", trunk); }

  /// Logits of classes [B, places, Classes], numbers of boxes [B, places, 5].
  constexpr auto outputs(const Expression auto& images) const {
    auto maps = neck(trunk.patches(images));  // [B, places, Width]
    return head(maps);
  }
  constexpr auto operator()(const Expression auto& images) const {
    const auto [logits, boxes] = outputs(images);
    return concat<-1>(logits, boxes);  // [B, places, Classes + 5]
  }
};

/// One loss a sample, the sum of three over its places, times a weight: images [B, C, H, W], the class of each place
/// [B, places], its distances and centerness [B, places, 5] (data/detection_targets.hpp), and [B] weights, by custom
/// all 1 / (places with an object of an average image).
template <class Model>
struct DetectionLoss : Model {
  using Places = Shape<dyn, Model::Levels::places>;
  using Inputs = mae::Inputs<Input<typename Model::ImageShape::Pixels>, Indices<Places>,
                             Input<Shape<dyn, Model::Levels::places, 5>>, Input<Shape<dyn>>>;
  constexpr auto operator()(const Expression auto& images, const Expression auto& labels, const Expression auto& target,
                            const Expression auto& weight) const {
    const auto [logits, boxes] = Model::outputs(images);
    auto sum = focal_loss(logits, labels) + box_loss(boxes, target, labels) + quality_loss(boxes, target, labels);
    return sum * weight;  // [B]
  }
};

}  // namespace mae
MAE_PRECISE_END
