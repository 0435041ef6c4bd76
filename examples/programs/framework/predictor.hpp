// What a trained model says of images, whatever its sizes: the question of its kind, asked through a function.
//
//   const Predictor classifier = classifying(weights, normalization);
//   classifier.classify(images, crops, 64).of                                   // [n, classes], probabilities
//
// So who asks is compiled once, and only what answers is compiled for each model (trained/).
#pragma once
#include <functional>
#include <memory>

#include <mae/eval/detections.hpp>
#include <mae/eval/sliding_window.hpp>
#include <mae/eval/test_crops.hpp>

namespace program {

struct Predictor {
  /// Boxes of image `number` before any is suppressed, in pixels of the model's input.
  using UseCandidates =
      std::function<void(mae::Index number, const std::vector<mae::Detection>&, const mae::Placement&)>;
  /// The class of each pixel of an image that has [height, width] pixels.
  using Segment =
      std::function<void(const mae::ImageView&, mae::Index height, mae::Index width, std::vector<std::uint8_t>& map)>;

  mae::Index channels = 0, classes = 0;  ///< of its images, of its head
  std::function<mae::MeanProbabilities(const mae::Images&, const std::vector<mae::Augmentation>& crops,
                                       mae::Index batch)>
      classify{};
  std::function<void(const mae::Images&, const mae::DetectionOptions&, mae::Index batch, const UseCandidates&)>
      detect{};
  std::function<Segment(const mae::SlidingWindow&)> segmenter{};
};

/// Those of weights, which must outlive it.
template <class Model, class Policy>
Predictor classifying(const mae::Weights<Model, Policy>& weights, const mae::Normalization& normalization) {
  Predictor predictor{Model::ImageShape::channels, Model::classes};
  predictor.classify = [&weights, normalization](const mae::Images& images, const std::vector<mae::Augmentation>& crops,
                                                 mae::Index batch) {
    return mae::mean_probabilities(weights, images, normalization, crops, batch);
  };
  return predictor;
}
template <class Model, class Policy>
Predictor detecting(const mae::Weights<Model, Policy>& weights, const mae::Normalization& normalization) {
  Predictor predictor{Model::ImageShape::channels, Model::classes};
  predictor.detect = [&weights, normalization](const mae::Images& images, const mae::DetectionOptions& options,
                                               mae::Index batch, const Predictor::UseCandidates& use) {
    mae::for_each_candidates(weights, images, normalization, use, options, mae::whole_image(), batch);
  };
  return predictor;
}
template <class Model, class Policy>
Predictor segmenting(const mae::Weights<Model, Policy>& weights, const mae::Normalization& normalization) {
  Predictor predictor{Model::ImageShape::channels, Model::classes};
  predictor.segmenter = [&weights, normalization](const mae::SlidingWindow& window) -> Predictor::Segment {
    const auto segmenter = std::make_shared<mae::SlidingSegmenter<Model, Policy>>(weights, normalization, window);
    return [segmenter](const mae::ImageView& image, mae::Index height, mae::Index width,
                       std::vector<std::uint8_t>& map) { segmenter->classes(image, height, width, map); };
  };
  return predictor;
}

}  // namespace program
