// Semantic segmentation on few images: which digit, if any, does each pixel of a scene belong to? A segmenter on a
// pre-trained encoder learns it from the class maps of 100 and 300 scenes, beside the same network from scratch
// (scenes_study.hpp says how they are compared). Prints mean intersection over union, and the share of pixels right;
// background everywhere gets XX and YY %.
//
//   segment_digits --out out
//
// Writes segmentation-panel.png: true classes, classes found. The scenes are composed, of real strokes and real
// photographs (digit_scenes.hpp).
#include "scenes_study.hpp"

#include <mae/model/pyramid_segmenter.hpp>
#include <mae/train/segmentation.hpp>

namespace {

using mae::Index;

struct Segmentation {
  static constexpr const char *name = "segment_digits", *summary = "Pre-trains on scenes and learns their class maps.",
                              *scores[] = {"mean IoU", "pixels"}, *panel = "segmentation-panel.png";
  static constexpr Index epochs = 80;
  static constexpr double base_learning_rate = 4.8e-2;
  using Model = mae::PyramidSegmenter<digit_scenes::Geometry, digit_scenes::Encoder, 11, mae::Scales<1, 0, -1>, 64>;

  static mae::SegmentationSet set(const digit_scenes::Scenes& scenes) { return scenes.segmentation(); }
  static std::array<double, 2> score(const auto& weights, const mae::SegmentationSet& test,
                                     const mae::Normalization& normalization) {
    const mae::SegmentationScores scores = mae::segmentation_scores(weights, test, normalization);
    return {scores.mean_iou(), scores.pixel_accuracy()};
  }
  static mae::Image drawn(const mae::SegmentationSet& set, Index i, const std::uint8_t* classes) {
    const mae::ClassMapView map{classes, set.images.height, set.images.width};
    return mae::with_classes(set.images.copy(i), map, 0, digit_scenes::panel_scale);
  }
  static mae::Image truth(const mae::SegmentationSet& set, Index i) {
    return drawn(set, i, set.maps.data() + i * set.images.height * set.images.width);
  }
  static std::vector<mae::Image> found(const auto& weights, const mae::SegmentationSet& set,
                                       const mae::Normalization& normalization) {
    std::vector<mae::Image> images;
    mae::for_each_segmentation(weights, set, normalization, set.size(), [&](const auto&, Index, const auto& map) {
      images.push_back(drawn(set, Index(images.size()), map.data()));
    });
    return images;
  }
};

}  // namespace

int main(int count, char** arguments) { return digit_scenes::study<Segmentation>(count, arguments); }
