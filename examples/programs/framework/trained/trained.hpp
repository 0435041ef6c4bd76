// A trained model out of its file, as what it says of images. Which kind it is of, the file tells (trained_file.hpp);
// each kind is compiled for the models of models.hpp in a library of its own: classifiers.hpp, detectors.hpp and
// segmenters.hpp.
#pragma once
#include "../predictor.hpp"
#include "../trained_settings.hpp"

namespace program {

/// What is asked for.
struct Trained {
  const TrainedSettings& settings;
  const std::string& head;  ///< which one of its kind, as `TrainedFile` has it
  const std::function<void(const Predictor&)>& use;
  const Text& model = settings.model;

  const std::string& program() const { return settings.program(); }
  const std::vector<std::string>& arguments() const { return settings.arguments(); }
};

/// Loads the model that the settings name, and calls use(predictor).
void with_classifier(Trained& trained);
void with_detector(Trained& trained);
void with_segmenter(Trained& trained);

inline void with_predictor(const TrainedSettings& settings, const TrainedFile& file,
                           const std::function<void(const Predictor&)>& use) {
  Trained trained{settings, file.head, use};
  if (file.kind == TrainedKind::classifier) with_classifier(trained);
  if (file.kind == TrainedKind::detector) with_detector(trained);
  if (file.kind == TrainedKind::segmenter) with_segmenter(trained);
}

}  // namespace program
