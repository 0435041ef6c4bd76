// What `predict` and `evaluate` share: a trained model, what its file says of itself, and how it looks at images.
//
// How images are looked at is what the training looked at held-out images by: its settings are in the file, and a flag
// chooses otherwise.
#pragma once
#include <nlohmann/json.hpp>

#include <mae/eval/detections.hpp>
#include <mae/eval/sliding_window.hpp>

#include "checkpoints.hpp"
#include "predictions.hpp"

namespace program {

enum class TrainedKind { classifier, detector, segmenter };

/// What the file of a trained model says of itself.
struct TrainedFile {
  TrainedKind kind;
  std::string head;                                    ///< in the words of `Trained`
  mae::Index classes = 0;                              ///< that it was trained on; 0: not told
  std::vector<std::string> names{};                    ///< of them; empty: not told
  std::vector<std::int64_t> categories{};              ///< of a detector: their ids; empty: not told
  nlohmann::json settings = nlohmann::json::object();  ///< of the run

  /// What is added to the number of a class to have that of class maps.
  mae::Index in_files() const { return settings.value("reduce_zero_label", false) ? 1 : 0; }
};
/// Throws mae::Error if it is of no model that says something of images.
TrainedFile read_trained_file(const std::string& path, const mae::LoadOptions& options);

struct TrainedSettings : Settings {
  TrainedSettings(const char* program, const char* purpose, const char* folder)
      : Settings(program, purpose),
        model{*this, "model", "auto", model_meaning("the checkpoint's").c_str()},
        out{*this, "out", folder, "folder for what is written"} {
    data.bad_images.set("skip", "");
    for (Setting* const one : std::initializer_list<Setting*>{
             &data.shortest_side, &data.alpha, &data.sixteen_bit_white, &data.max_pixels, &evaluation_crop, &test_crops,
             &least_score, &per_level, &iou_threshold, &most, &zoom, &stride})
      one->follow("the checkpoint's");
  }

  Heading subject{*this, "The model"};
  Text checkpoint{*this, "checkpoint", "", "weights: a file of finetune, probe, detect or segment, or a published one"};
  Text model;
  LoadingSettings loading{*this};
  Integer batch{*this, "batch", 64, "images at a time", between(1, 1e6)};
  Text out;
  MachineSettings machine{*this};
  DataSettings data{*this};
  Heading classifiers{*this, "Of classifiers"};
  Number evaluation_crop{*this, "evaluation_crop", 1, "share of an image's sides that is looked at", above_to(0, 1)};
  Integer test_crops{*this, "test_crops", 1, "views of an image: 1, 5 with the corners, 10 mirrored too",
                     between(1, 10)};
  Heading detectors{*this, "Of detectors"};
  Number least_score{*this, "least_score", mae::DetectionOptions{}.least_score, "the least score of a box",
                     from_below(0, 1)};
  Integer per_level{*this, "per_level", mae::DetectionOptions{}.per_level, "the best so many of each map are looked at",
                    between(1, 1e6)};
  Number iou_threshold{*this, "iou_threshold", mae::DetectionOptions{}.iou_threshold,
                       "boxes of a class that overlap by more are one object", from_below(0, 1)};
  Integer most{*this, "most", mae::DetectionOptions{}.most, "boxes in an image, at most", between(1, 1e6)};
  Number shown_score{*this, "shown_score", 0.3, "the least score of a box that is drawn", between(0, 1)};
  Heading segmenters{*this, "Of segmenters"};
  Number zoom{*this, "zoom", mae::SlidingWindow{}.zoom,
              "how far an image is enlarged beyond what just covers the model's input", between(1, 64)};
  Number stride{*this, "stride", mae::SlidingWindow{}.stride,
                "how far the model moves over it at a time, as a share of its sides", above_to(0, 1)};

  /// Reads what the file says, and looks at images as its run did, where nothing else is given. Throws mae::Error if a
  /// setting is given that is for another kind of model.
  TrainedFile resolve(const std::vector<Description>& compiled);

  mae::DetectionOptions detection() const { return {least_score(), per_level(), iou_threshold(), most()}; }
  mae::SlidingWindow window(mae::Index classes) const {
    return {.zoom = zoom(), .stride = stride(), .classes = classes};
  }
  bool stops() const { return data.bad_images() == "stop"; }
  /// What was opened, or those images of it that `numbers` names.
  std::unique_ptr<NewImages> images(const Opened& opened, std::vector<mae::Index> numbers) const {
    return std::make_unique<NewImages>(opened, std::move(numbers), data, stops());
  }
  std::unique_ptr<NewImages> images(const Opened& opened) const { return images(opened, all_of(opened)); }
  ClassNames classes(const TrainedFile& file, const Predictor& predictor) const {
    return {file.names, file.classes > 0 ? std::min(file.classes, predictor.classes) : predictor.classes};
  }
  /// Ids of categories by class: those of the annotations that the run had or, if it did not say, 1, 2, ...
  std::vector<std::int64_t> categories(const TrainedFile& file, const ClassNames& names) const {
    if (!file.categories.empty()) return file.categories;
    std::vector<std::int64_t> ids;
    for (mae::Index k = 0; k < names.count; ++k) ids.push_back(k + 1);
    return ids;
  }
};

}  // namespace program
