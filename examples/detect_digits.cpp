// Object detection on few annotated images: where are the digits of a scene, and which? A detector on a pre-trained
// encoder learns it from the boxes of 100 and 300 scenes, beside the same network from scratch (scenes_study.hpp says
// how they are compared). Prints average precision, over IoU from 0.5 to 0.95 and at 0.5.
//
//   detect_digits --out out
//
// Writes detection-panel.png: true boxes, boxes found. The scenes are composed, of real strokes and real photographs
// (digit_scenes.hpp).
#include "scenes_study.hpp"

#include <mae/train/detection.hpp>

namespace {

using mae::Index;

struct Detection {
  static constexpr const char *name = "detect_digits",
                              *summary = "Pre-trains on scenes and learns to find their digits.",
                              *scores[] = {"AP", "AP50"}, *panel = "detection-panel.png";
  static constexpr Index epochs = 80;
  static constexpr double base_learning_rate = 2.4e-2;
  using Model = mae::Detector<digit_scenes::Geometry, digit_scenes::Encoder, 10, mae::Scales<1, 0, -1>, 64, 2>;

  static mae::DetectionSet set(const digit_scenes::Scenes& scenes) { return scenes.detection(); }
  static std::array<double, 2> score(const auto& weights, const mae::DetectionSet& test,
                                     const mae::Normalization& normalization) {
    const mae::DetectionScores scores = mae::detection_scores(weights, test, normalization);
    return {scores.average_precision(), scores.average_precision({.threshold = 0})};
  }
  static mae::Image truth(const mae::DetectionSet& set, Index i) {
    const std::span<const mae::LabelledBox> boxes(set.boxes[static_cast<std::size_t>(i)]);
    return mae::with_boxes(set.images.copy(i), boxes, {}, digit_scenes::panel_scale);
  }
  /// Boxes of score 0.5 and more.
  static std::vector<mae::Image> found(const auto& weights, const mae::DetectionSet& set,
                                       const mae::Normalization& normalization) {
    std::vector<mae::Image> images;
    const auto draw = [&](Index i, const std::vector<mae::Detection>& boxes) {
      images.push_back(mae::with_boxes(set.images.copy(i), std::span(boxes), {}, digit_scenes::panel_scale));
    };
    mae::for_each_detection(weights, set, normalization, draw, {.least_score = 0.5});
    return images;
  }
};

}  // namespace

int main(int count, char** arguments) { return digit_scenes::study<Detection>(count, arguments); }
