// What a trained model says of new images, one by one, and the files that tell it.
//
// Files go to a folder: predicted.csv and predicted.json have what is said by names of files and classes; of boxes
// predicted.json has COCO's results, whose ids predicted_images.json explains; class maps lie in predicted/.
#pragma once
#include <mae/io/annotations/coco_results.hpp>

#include "new_images.hpp"
#include "predictor.hpp"
#include "table.hpp"

namespace program {

/// Names of the classes that a model was trained on. Its head may have more: these are not told of.
struct ClassNames {
  std::vector<std::string> names;
  mae::Index count;

  /// The name of a class, or "".
  std::string operator()(mae::Index label) const {
    return label < static_cast<mae::Index>(names.size()) ? names[static_cast<std::size_t>(label)] : "";
  }
  /// The same, or its number.
  std::string called(mae::Index label) const {
    const std::string name = (*this)(label);
    return name.empty() ? std::to_string(label) : name;
  }
};

/// Calls use(i, probabilities) for each image that can be read, in order: [classes], their sum 1.
using UseProbabilities = std::function<void(mae::Index i, std::span<const double> probabilities)>;
void each_classified(const Predictor& predictor, const NewImages& images, const std::vector<mae::Augmentation>& crops,
                     mae::Index batch, mae::Index classes, const UseProbabilities& use);

/// Calls use(i, candidates, [height, width]) likewise: boxes before any is suppressed, in pixels of its file.
using UseBoxes =
    std::function<void(mae::Index i, const std::vector<mae::Detection>&, std::pair<mae::Index, mae::Index>)>;
void each_detected(const Predictor& predictor, const NewImages& images, const mae::DetectionOptions& options,
                   mae::Index batch, mae::Index classes, const UseBoxes& use);

/// Calls use(i, image, map, [height, width]) likewise: a class for each pixel of its file.
using UseMap = std::function<void(mae::Index i, const mae::ImageView& image, const std::vector<std::uint8_t>& map,
                                  std::pair<mae::Index, mae::Index>)>;
void each_segmented(const Predictor& predictor, const NewImages& images, const mae::SlidingWindow& window,
                    const UseMap& use);

/// How many of the best classes are told, and whether images are drawn with what is said of them, into drawn/.
struct Telling {
  mae::Index top = 5;
  bool draws = false;
  double shown_score = 0.3;  ///< of boxes that are drawn
};

/// Files of probabilities, of boxes or of class maps, in a folder that is there; returns their names, "a, b". Ids of
/// categories are by class; `in_files` is added to the numbers of classes in class maps.
std::string write_classes(const std::string& folder, const Predictor& predictor, const NewImages& images,
                          const std::vector<mae::Augmentation>& crops, mae::Index batch, const ClassNames& names,
                          const Telling& telling);
std::string write_boxes(const std::string& folder, const Predictor& predictor, const NewImages& images,
                        const mae::DetectionOptions& options, mae::Index batch, const ClassNames& names,
                        const std::vector<std::int64_t>& categories, const Telling& telling);
std::string write_maps(const std::string& folder, const Predictor& predictor, const NewImages& images,
                       const mae::SlidingWindow& window, const ClassNames& names, mae::Index in_files,
                       const Telling& telling);

/// Writes a class map to `path`, in the numbers of the user's files; folders are made.
void write_map(const std::string& path, std::vector<std::uint8_t> map, std::pair<mae::Index, mae::Index> size,
               mae::Index in_files);

}  // namespace program
