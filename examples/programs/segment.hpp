// The program `segment`: what can be chosen, and its work with one model of models.hpp.
#pragma once
#include <mae/train/segmentation.hpp>

#include "framework/map_scores.hpp"
#include "framework/places.hpp"

struct Segment {
  struct Settings : program::SupervisedSettings {
    Settings()
        : program::SupervisedSettings("segment",
                                      "Trains a segmenter, a class for each pixel, on a pre-trained encoder.",
                                      "segmented", mae::segmentation_options()) {
      data.data.describe("folder of images and class maps: images/ and masks/, or as ADE20K or Pascal VOC lay them");
    }
    program::Heading heading{*this, "Class maps"};
    program::ClassMapSettings maps{*this};
    program::Heading training_heading{*this, "Fine-tuning"};
    program::Text head{
        *this, "head", "linear",
        "what stands on the encoder: linear, a layer for each patch, or pyramid, maps of several sizes, fused",
        program::one_of({"linear", "pyramid"})};
    program::FinetuningSettings tuning{*this, mae::segmentation_options().layer_decay};
    program::Heading looking{*this, "Looking at images"};
    program::Number zoom{*this,
                         "zoom",
                         mae::SlidingWindow{}.zoom,
                         "how far an image is enlarged beyond what just covers the model's input, which moves over it",
                         program::between(1, 64),
                         program::Scope::runtime};
    program::Number stride{*this,
                           "stride",
                           mae::SlidingWindow{}.stride,
                           "how far it moves at a time, as a share of its sides",
                           program::above_to(0, 1),
                           program::Scope::runtime};
    program::LookingSettings looks{*this};

    void resolve() {
      data.refuse_formats("images with class maps lie in folders");
      SupervisedSettings::resolve(&tuning.scratch);
      if (!maps.validation_class_maps().empty() && data.validation().empty())
        throw maps.validation_class_maps.error(maps.validation_class_maps(), "nothing without validation");
    }
    void set(mae::FinetuningOptions& options) const { tuning.set(options); }
  };

  template <class Preset, class Device>
  static void run(const Settings& settings) {
    if (settings.head() == "linear") train<Preset, Device, program::SegmenterOf<Preset>>(settings);
    else train<Preset, Device, program::PyramidSegmenterOf<Preset>>(settings);
  }

 private:
  template <class Preset, class Device, class Model>
  static void train(const Settings& settings) {
    program::train_places<Preset, Device, Model, MeanIou>(
        settings, program::class_map_opener(settings.data, settings.maps, Preset::ImageShape::channels, Model::classes),
        mae::segmentation_options(), [](auto&&...) {});
  }

  /// How good a segmenter is: mean IoU over the pixels of all held-out images, at the sizes of their files.
  template <class Model, class Policy>
  class MeanIou {
    using Weights = mae::Weights<Model, Policy>;

   public:
    static constexpr program::Metric metric = &program::Record::mean_iou, averaged = nullptr;
    static constexpr const char* name = "mean_iou";

    MeanIou(const Settings& settings, const program::Source& source, const mae::Normalization& normalization)
        : settings_(settings),
          source_(source),
          normalization_(normalization),
          window_{.zoom = settings.zoom(), .stride = settings.stride(), .classes = source.training().class_count()},
          others_(settings.looks.open(settings.data, Model::ImageShape::channels)) {
      if (source.validation())
        held_out_ = std::make_unique<const program::MapScores>(
            dynamic_cast<const program::OpenedClassMaps&>(source.held_out()), source.validation()->numbers,
            class_names(), in_files(), settings.data, settings.data.bad_images() == "stop");
    }

    mae::Index look_batch(mae::Index) const { return window_.batch; }
    mae::Metadata metadata() const {
      const nlohmann::ordered_json looking{{"zoom", settings_.zoom()}, {"stride", settings_.stride()}};
      return {{program::looking_key, looking.dump()}};
    }
    double score(const Weights& weights) const { return held_out_->scores(predictor(weights), window_).mean_iou(); }
    /// Some held-out images, and over them the classes of their pixels, true and found.
    void draw(const Weights& weights) const {
      if (!held_out_ || settings_.looks.panel_images() == 0) return;
      held_out_->draw(predictor(weights), window_,
                      program::spread(held_out_->images().size(), settings_.looks.panel_images()),
                      settings_.run.out() + "/panel.png");
    }
    /// A class map for each held-out image, scores in all, and class maps for the images to predict.
    std::string finish(const Weights& weights) const {
      std::string wrote;
      if (held_out_) {
        held_out_->write(predictor(weights), window_, settings_.run.out());
        wrote = ", scores.json, predictions" + std::string(settings_.looks.panel_images() > 0 ? ", panel.png" : "");
      }
      if (!others_) return wrote;
      const program::NewImages images(*others_, program::all_of(*others_), settings_.data);
      wrote += ", " + program::write_maps(settings_.run.out(), predictor(weights), images, window_, class_names(),
                                          in_files(), {.draws = false});
      program::report_predicted(images);
      return wrote;
    }

   private:
    program::Predictor predictor(const Weights& weights) const { return program::segmenting(weights, normalization_); }
    program::ClassNames class_names() const { return {source_.class_names(), source_.training().class_count()}; }
    /// What is added to the number of a class to have that of the user's files.
    mae::Index in_files() const { return settings_.maps.reduce_zero_label() ? 1 : 0; }

    const Settings& settings_;
    const program::Source& source_;
    mae::Normalization normalization_;
    mae::SlidingWindow window_;
    std::unique_ptr<const program::Opened> others_;  // to predict
    std::unique_ptr<const program::MapScores> held_out_;
  };
};
