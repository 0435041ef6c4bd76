// How good a segmenter is on images with class maps: intersection over union of the pixels of all, at the sizes of
// their files.
#pragma once
#include <mae/eval/segmentation_scores.hpp>

#include "class_maps.hpp"
#include "predictions.hpp"

namespace program {

class MapScores {
 public:
  /// Images of what was opened, by their numbers; it must outlive this, as the settings must. `in_files` is added to
  /// the number of a class to have that of the files. With `stops`, an image that cannot be read is an error, else it
  /// is passed over.
  MapScores(const OpenedClassMaps& opened, const std::vector<mae::Index>& numbers, ClassNames names,
            mae::Index in_files, const DataSettings& settings, bool stops)
      : opened_(opened),
        names_(std::move(names)),
        in_files_(in_files),
        settings_(settings),
        images_(opened, numbers, settings, stops) {}

  const NewImages& images() const { return images_; }
  mae::SegmentationScores scores(const Predictor& predictor, const mae::SlidingWindow& window) const {
    return scores(predictor, window, [](auto&&...) {});
  }
  /// Draws images, by their places among all, and over them the classes of their pixels, true and found.
  void draw(const Predictor& predictor, const mae::SlidingWindow& window, const std::vector<mae::Index>& which,
            const std::string& path) const;
  /// Tells the scores, and writes scores.json and a class map for each image, into predictions/. Returns the scores,
  /// and the images by their share of pixels that were called right, the least first.
  std::pair<mae::SegmentationScores, std::vector<mae::Index>> write(const Predictor& predictor,
                                                                    const mae::SlidingWindow& window,
                                                                    const std::string& folder) const;

 private:
  using Use = std::function<void(mae::Index i, const mae::Image& truth, const std::vector<std::uint8_t>& map)>;
  mae::SegmentationScores scores(const Predictor& predictor, const mae::SlidingWindow& window, const Use& use) const;
  void tell(const mae::SegmentationScores& found, const std::string& folder) const;
  /// Where 0 is what the others are not, it is not shown; else -1.
  mae::Index background() const { return in_files_ > 0 ? -1 : 0; }

  const OpenedClassMaps& opened_;
  ClassNames names_;
  mae::Index in_files_;
  const DataSettings& settings_;
  NewImages images_;
};

}  // namespace program
