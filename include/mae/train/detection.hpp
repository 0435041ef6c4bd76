// Training a detector, and how good it is: average precision.
//
//   std::puts(coverage<Model>(training_set, normalization).text().c_str());    // what can be learnt at all
//   Finetuning<Detector<...>> run(training_set, detection_options(), normalization);
//   load_encoder(path, run.weights());
//   run.train([](const TrainingEpoch& e) { ... });
//   for (const NamedScore& score : detection_scores(run.weights(), test_set, normalization).summary())
//     std::puts(score.text().c_str());
//
// The loss of an image is the sum over its places, divided by one number of the whole run: how many places of a
// training image have an object, on average. It is counted before training (eval/coverage.hpp) and recorded in
// checkpoints. (To divide by the objects of a batch, as others do, would make the loss of an image depend on its
// neighbours, and a run on how batches are cut.)
#pragma once
#include <mae/eval/average_precision.hpp>
#include <mae/eval/coverage.hpp>
#include <mae/eval/detections.hpp>
#include <mae/model/detector.hpp>
#include <mae/train/finetune.hpp>

MAE_PRECISE_BEGIN
namespace mae {

/// Boxes and their classes.
struct ObjectDetection {
  using Target = Boxes;
  template <class Model>
  using Loss = DetectionLoss<Model>;
  template <class Model, class T>
  class Inputs {
   public:
    /// Counts what an image of the run has, over at most 1024 of them.
    Inputs(Index capacity, const Images& images, const Normalization& normalization, const auto& options)
        : positives_(coverage<Model>(images, normalization, options.augmentation).positives()),
          classes_(capacity),
          targets_(capacity),
          weights_(capacity) {
      if (!(positives_ > 0))
        throw Error("training set", "no place with an object", "objects of a size that the model's maps can find");
      for (Index b = 0; b < capacity; ++b) weights_(b) = T(1 / positives_);
    }
    /// Throws mae::Error if a box has a class that the model has not.
    void set(Index b, const Boxes::Placed& boxes, const auto&) {
      for (const LabelledBox& one : boxes)
        if (one.label < 0 || one.label >= Model::classes)
          throw Error("boxes", "class " + std::to_string(one.label),
                      "classes below the model's " + std::to_string(Model::classes));
      detection_targets<typename Model::Levels>(boxes, classes_.data() + b * places, targets_.data() + 5 * b * places);
    }
    auto views(Index count) const {
      return std::tuple(classes_.view().slice(0, count), targets_.view().slice(0, count),
                        weights_.view().slice(0, count));
    }
    /// Places with an object, of a training image on average.
    double positives() const { return positives_; }
    /// Calls visit(name, value) for what the loss depends on beside options.
    void each_fact(const auto& visit) const { visit("positives", positives_); }

   private:
    static constexpr Index places = Model::Levels::places;
    double positives_;
    Tensor<std::int32_t, Shape<dyn, places>> classes_;
    Tensor<T, Shape<dyn, places, 5>> targets_;
    Tensor<T, Shape<dyn>> weights_;
  };
};

/// What detection changes in the options of supervised training: no smoothing, whole images (`Fit` in the list of
/// transforms; give it scales for jitter), and the decay and layer decay with which ViTDet trains its smallest encoder
/// (Li et al., ECCV 2022, appendix).
inline FinetuningOptions detection_options(Index epochs = 50, double base_learning_rate = 1e-3) {
  FinetuningOptions options;
  options.epochs = epochs;
  options.warmup = static_cast<double>(epochs) / 10;
  options.base_learning_rate = base_learning_rate;
  options.layer_decay = 0.7;
  options.optimizer.weight_decay = 0.1;
  options.label_smoothing = 0;
  options.augmentation = whole_image();
  return options;
}

/// COCO's scores of a detector on `data`, boxes in pixels of the images. Small, medium and large count the area of a
/// box as the collection shows it; for pycocotools' numbers of a file, by the annotations' own areas, use
/// io/annotations/coco_evaluation.hpp. Throws mae::Error if the data do not fit.
template <class Model, class Policy>
DetectionScores detection_scores(const Weights<Model, Policy>& weights, const Images& data,
                                 const Normalization& normalization, const DetectionOptions& options = {},
                                 const Augmentation& view = whole_image()) {
  check_classes<Model, Boxes>(data, "test set");
  std::vector<GroundTruth<CocoBox>> truths;
  std::vector<DetectionResult<CocoBox>> found;
  Index image = 0;  // in order: an image that could not be read, and is replaced, is the other one twice
  const auto note = [&](Index number, const std::vector<Detection>& detections) {
    data.with_target<Boxes>(number, [&](const Boxes::View& boxes) {
      for (const LabelledBox& one : boxes)
        truths.push_back({image, one.label, coco_box(one.box), one.box.area(), one.ignored});
    });
    for (const Detection& one : detections) found.push_back({image, one.label, coco_box(one.box), one.score});
    ++image;
  };
  for_each_detection(weights, data, normalization, note, options, view);
  return average_precision(image, Model::classes, truths, found);
}

}  // namespace mae
MAE_PRECISE_END
