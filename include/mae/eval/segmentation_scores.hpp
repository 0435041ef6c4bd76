// How good class maps are: intersection over union, and accuracy, from counts of pixels.
//
// The scores of a class are those of a confusion matrix (confusion_matrix.hpp) of the pixels of all images together;
// mIoU and mAcc are the means of IoU and recall over the classes for which they are numbers: those that occur, in truth
// or prediction, and in truth. aAcc is the share of pixels called right. It is not a mean of images' scores. Pixels
// without a class take no part.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include <mae/core/error.hpp>
#include <mae/eval/confusion_matrix.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Pixels by class and prediction.
struct SegmentationScores : ConfusionMatrix {
  using ConfusionMatrix::add;
  using ConfusionMatrix::ConfusionMatrix;

  /// The pixels of an image; those of truth 255 take no part. Throws mae::Error if there are not as many of both, or
  /// one has another class.
  void add(std::span<const std::uint8_t> truth, std::span<const std::uint8_t> prediction) {
    if (truth.size() != prediction.size())
      throw Error("predicted classes", std::to_string(prediction.size()) + " pixels", std::to_string(truth.size()));
    for (std::size_t i = 0; i < truth.size(); ++i) {
      if (truth[i] == 255) continue;
      if (truth[i] >= classes || prediction[i] >= classes)
        throw Error(truth[i] >= classes ? "true classes" : "predicted classes",
                    "class " + std::to_string(truth[i] >= classes ? truth[i] : prediction[i]),
                    "classes below " + std::to_string(classes));
      add(Index{truth[i]}, Index{prediction[i]});
    }
  }

  double mean_iou() const { return mean(&ConfusionMatrix::iou); }
  double mean_accuracy() const { return mean(&ConfusionMatrix::recall); }
  double pixel_accuracy() const { return accuracy(); }
};

}  // namespace mae
MAE_PRECISE_END
