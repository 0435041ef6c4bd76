// How good a detector is on annotated images: COCO's average precision, in pixels of their files.
#pragma once
#include <mae/eval/missed_objects.hpp>
#include <mae/io/annotations/coco_evaluation.hpp>

#include "boxes.hpp"
#include "predictions.hpp"

namespace program {

/// How boxes are looked for.
struct BoxLooking {
  mae::DetectionOptions options{};
  mae::Index batch = 16;
  double shown_score = 0.3;  ///< of boxes that are drawn, and not told to be missed
};

class BoxScores {
 public:
  /// Images of what was opened, by their numbers; it must outlive this, as the settings must. With `stops`, one that
  /// cannot be read is an error, else it is passed over.
  BoxScores(const OpenedBoxes& opened, const std::vector<mae::Index>& numbers, ClassNames names,
            const DataSettings& settings, bool stops);

  const NewImages& images() const { return images_; }
  mae::DetectionScores scores(const Predictor& predictor, const BoxLooking& looking) const {
    return scores(results(predictor, looking, [](auto&&...) {}));
  }
  /// Draws images, by their places among all, with the boxes of objects, true and found.
  void draw(const Predictor& predictor, const BoxLooking& looking, const std::vector<mae::Index>& which,
            const std::string& path) const;
  /// Tells the scores, and why objects were missed. Writes scores.json, predictions.json, what was found in COCO's
  /// form, and held_out.json, the truth. Returns the images by how many mistakes were made in each, most first.
  std::vector<mae::Index> write(const Predictor& predictor, const BoxLooking& looking, const std::string& folder) const;

 private:
  using UseCandidates = std::function<void(mae::Index i, const std::vector<mae::Detection>&)>;
  std::vector<mae::CocoResult> results(const Predictor& predictor, const BoxLooking& looking,
                                       const UseCandidates& use) const;
  mae::DetectionScores scores(const std::vector<mae::CocoResult>& found) const;
  void tell(const mae::DetectionScores& found, const mae::MissedObjects& missed, const std::string& folder) const;

  ClassNames names_;
  const DataSettings& settings_;
  NewImages images_;
  mae::AnnotationSet set_;
  CategoryIds ids_;
  std::vector<std::vector<mae::LabelledBox>> objects_;
  mae::EvaluatedSet evaluated_;
};

/// Reports a text of several lines.
void tell_lines(const char* title, const std::string& text);

}  // namespace program
