// The program `detect`: what can be chosen, and its work with one model of models.hpp.
#pragma once
#include <mae/train/detection.hpp>

#include "framework/box_scores.hpp"
#include "framework/places.hpp"

struct Detect {
  struct Settings : program::SupervisedSettings {
    Settings()
        : program::SupervisedSettings("detect", "Trains a detector, boxes around objects, on a pre-trained encoder.",
                                      "detected", mae::detection_options()) {
      data.data.describe("folder of images, with Pascal VOC's or YOLO's annotations in it or others beside");
    }
    program::Heading heading{*this, "Annotations"};
    program::BoxSettings boxes{*this};
    program::Heading training_heading{*this, "Fine-tuning"};
    program::FinetuningSettings tuning{*this, mae::detection_options().layer_decay};
    program::Number min_scale{*this, "min_scale", 0.75,
                              "jitter: an image is shown from so many times the size at which it just fits,",
                              program::above_to(0, 100)};
    program::Number max_scale{*this, "max_scale", 1.33, "to so many times; 1 and 1: none", program::above_to(0, 100)};
    program::Heading looking{*this, "Looking at images"};
    program::Number least_score{*this, "least_score", mae::DetectionOptions{}.least_score,
                                "the least score of a box that is found", program::from_below(0, 1)};
    program::Integer per_level{*this, "per_level", mae::DetectionOptions{}.per_level,
                               "the best so many of each map are looked at", program::between(1, 1e6)};
    program::Number iou_threshold{*this, "iou_threshold", mae::DetectionOptions{}.iou_threshold,
                                  "boxes of a class that overlap by more are one object: non-maximum suppression",
                                  program::from_below(0, 1)};
    program::Integer most{*this, "most", mae::DetectionOptions{}.most, "boxes found in an image, at most",
                          program::between(1, 1e6)};
    program::Number shown_score{*this,
                                "shown_score",
                                0.3,
                                "the least score of a box that is drawn, and not told to be missed",
                                program::between(0, 1),
                                program::Scope::runtime};
    program::LookingSettings looks{*this};

    void resolve() {
      data.refuse_formats("images with boxes lie in folders");
      SupervisedSettings::resolve(&tuning.scratch);
      if (!boxes.validation_annotations().empty() && data.validation().empty())
        throw boxes.validation_annotations.error(boxes.validation_annotations(), "nothing without validation");
      if (training.min_crop_scale() < 1)
        throw training.min_crop_scale.error(program::plain(training.min_crop_scale()),
                                            "1: a crop cuts objects; min_scale and max_scale jitter whole images");
      if (max_scale() < min_scale())
        throw max_scale.error(program::plain(max_scale()), "at least min_scale, " + program::plain(min_scale()));
    }
    void set(mae::FinetuningOptions& options) const {
      tuning.set(options);
      options.augmentation.transforms = {mae::Fit{.min_scale = min_scale(), .max_scale = max_scale()}};
    }
    mae::DetectionOptions detection() const {
      return {.least_score = least_score(), .per_level = per_level(), .iou_threshold = iou_threshold(), .most = most()};
    }
  };

  template <class Preset, class Device>
  static void run(const Settings& settings) {
    using Model = program::DetectorOf<Preset>;
    program::train_places<Preset, Device, Model, AveragePrecision>(
        settings, program::box_opener(settings.data, settings.boxes, Model::ImageShape::channels),
        mae::detection_options(),
        [](const program::Source& source, const mae::Normalization& normalization, const auto& options) {
          const program::SubsetOf<mae::Boxes> images{source.training()};
          program::tell_lines("coverage", mae::coverage<Model>(images, normalization, options.augmentation).text());
        });
  }

 private:
  /// How good a detector is: COCO's average precision on all held-out images, in pixels of their files.
  template <class Model, class Policy>
  class AveragePrecision {
    using Weights = mae::Weights<Model, Policy>;

   public:
    static constexpr program::Metric metric = &program::Record::average_precision, averaged = nullptr;
    static constexpr const char* name = "average_precision";

    AveragePrecision(const Settings& settings, const program::Source& source, const mae::Normalization& normalization)
        : settings_(settings),
          source_(source),
          normalization_(normalization),
          others_(settings.looks.open(settings.data, Model::ImageShape::channels)) {
      if (source.validation())
        held_out_ = std::make_unique<const program::BoxScores>(
            dynamic_cast<const program::OpenedBoxes&>(source.held_out()), source.validation()->numbers, class_names(),
            settings.data, settings.data.bad_images() == "stop");
    }

    mae::Index look_batch(mae::Index images) const { return std::min<mae::Index>(16, images); }
    mae::Metadata metadata() const { return {{program::category_ids_key, nlohmann::json(categories()).dump()}}; }
    double score(const Weights& weights) const {
      const double found = held_out_->scores(predictor(weights), looking(held_out_->images())).average_precision();
      return found < 0 ? std::numeric_limits<double>::quiet_NaN() : found;  // nothing to be found
    }
    /// Some held-out images, and on them the boxes of objects, true and found.
    void draw(const Weights& weights) const {
      if (!held_out_ || settings_.looks.panel_images() == 0) return;
      held_out_->draw(predictor(weights), looking(held_out_->images()),
                      program::spread(held_out_->images().size(), settings_.looks.panel_images()),
                      settings_.run.out() + "/panel.png");
    }
    /// What was found in each held-out image, scores in all, and what is found in the images to predict.
    std::string finish(const Weights& weights) const {
      std::string wrote;
      if (held_out_) {
        held_out_->write(predictor(weights), looking(held_out_->images()), settings_.run.out());
        wrote = ", scores.json, predictions.json, held_out.json" +
                std::string(settings_.looks.panel_images() > 0 ? ", panel.png" : "");
      }
      if (!others_) return wrote;
      const program::NewImages images(*others_, program::all_of(*others_), settings_.data);
      wrote += ", " + program::write_boxes(settings_.run.out(), predictor(weights), images, settings_.detection(),
                                           look_batch(images.size()), class_names(), categories(), {.draws = false});
      program::report_predicted(images);
      return wrote;
    }

   private:
    program::Predictor predictor(const Weights& weights) const { return program::detecting(weights, normalization_); }
    program::BoxLooking looking(const program::NewImages& images) const {
      return {settings_.detection(), look_batch(images.size()), settings_.shown_score()};
    }
    program::ClassNames class_names() const { return {source_.class_names(), source_.training().class_count()}; }
    /// Of each class the id of its category.
    std::vector<std::int64_t> categories() const {
      const auto& trained = dynamic_cast<const program::OpenedBoxes&>(source_.trained()).annotations();
      std::vector<std::int64_t> ids;
      for (const auto& id : program::category_ids(trained, source_.class_names())) ids.push_back(id.value());
      return ids;
    }

    const Settings& settings_;
    const program::Source& source_;
    mae::Normalization normalization_;
    std::unique_ptr<const program::Opened> others_;  // to predict
    std::unique_ptr<const program::BoxScores> held_out_;
  };
};
