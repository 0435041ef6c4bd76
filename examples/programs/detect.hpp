// The program `detect`: what can be chosen, and its work with one model of models.hpp.
#pragma once
#include <set>

#include <mae/eval/missed_objects.hpp>
#include <mae/io/annotations/coco_evaluation.hpp>
#include <mae/io/images/png.hpp>
#include <mae/plot/overlay.hpp>
#include <mae/train/detection.hpp>

#include "framework/boxes.hpp"
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
    using Image = typename Preset::ImageShape;
    using Size = typename Preset::EncoderShape;
    constexpr int depth = Size::width < 384 ? 2 : 4;
    using Scales = decltype(program::pyramid_scales<Image>());
    using Model = mae::Detector<Image, Size, Preset::classes, Scales, program::pyramid_width<Size>, depth,
                                mae::StochasticDepth::on, program::window<Preset>>;
    program::train_places<Preset, Device, Model, AveragePrecision>(
        settings, program::box_opener(settings.data, settings.boxes, Image::channels), mae::detection_options(),
        [](const program::Source& source, const mae::Normalization& normalization, const auto& options) {
          const program::SubsetOf<mae::Boxes> images{source.training()};
          tell_lines("coverage", mae::coverage<Model>(images, normalization, options.augmentation).text());
        });
  }

 private:
  static void tell_lines(const char* title, const std::string& text) {
    for (std::size_t from = 0, to = 0; (to = text.find('\n', from)) != text.npos; from = to + 1)
      program::report(title, text.substr(from, to - from));
  }
  /// How good a detector is: COCO's average precision on all held-out images, in pixels of their files.
  template <class Model, class Policy>
  class AveragePrecision {
    using Weights = mae::Weights<Model, Policy>;
    using Found = std::vector<mae::Detection>;

   public:
    static constexpr program::Metric metric = &program::Record::average_precision, averaged = nullptr;
    static constexpr const char* name = "average_precision";

    AveragePrecision(const Settings& settings, const program::Source& source, const mae::Normalization& normalization)
        : settings_(settings),
          source_(source),
          normalization_(normalization),
          others_(settings.looks.open(settings.data, Model::ImageShape::channels)) {
      if (!source.validation()) return;
      ids_ = program::category_ids(annotations(), source.class_names());
      objects_ = program::objects_by_image(annotations(), ids_);
      evaluated_ = std::make_unique<const mae::EvaluatedSet>(held_out());
    }

    mae::Index look_batch(mae::Index images) const { return std::min<mae::Index>(16, images); }
    double score(const Weights& weights) const {
      const double found = scores(results(weights)).average_precision();
      return found < 0 ? std::numeric_limits<double>::quiet_NaN() : found;  // nothing to be found
    }
    /// Some held-out images, and on them the boxes of objects, true and found.
    void draw(const Weights& weights) const {
      if (!source_.validation() || settings_.looks.panel_images() == 0) return;
      const program::Subset images = source_.validation()->some(settings_.looks.panel_images());
      std::vector<std::vector<mae::Image>> rows(images.numbers.size());
      each_found(weights, images, [&](mae::Index i, const Found& candidates) {
        const auto number = static_cast<std::size_t>(images.numbers[static_cast<std::size_t>(i)]);
        const mae::AnnotatedImage& image = annotations().images[number];
        Found found = mae::kept(candidates, settings_.detection());
        std::erase_if(found, [&](const mae::Detection& one) { return one.score < settings_.shown_score(); });
        std::vector<mae::LabelledBox> truth = objects_[number];
        images.with_image(i, [&](const mae::ImageView& view) {
          const mae::Image shown = program::panel_image(view, 224);
          for (auto& one : truth) one.box = scaled(one.box, image.height, image.width, shown.height, shown.width);
          for (auto& one : found) one.box = scaled(one.box, image.height, image.width, shown.height, shown.width);
          const auto& names = source_.class_names();
          rows[static_cast<std::size_t>(i)] = {mae::with_boxes(shown, std::span<const mae::LabelledBox>(truth), names),
                                               mae::with_boxes(shown, std::span<const mae::Detection>(found), names)};
        });
      });
      std::erase_if(rows, [](const auto& row) { return row.empty(); });
      const std::string caption = "found, score " + program::plain(settings_.shown_score()) + " or more";
      mae::write_png(settings_.run.out() + "/panel.png", mae::image_grid({"truth", caption}, rows));
    }
    /// What was found in each held-out image, scores in all, and what is found in the images to predict.
    std::string finish(const Weights& weights) const {
      std::string wrote;
      const std::string out = settings_.run.out();
      if (source_.validation()) {
        mae::MissedObjects missed(Model::classes);
        const std::vector<mae::CocoResult> found = results(weights, &missed);
        mae::write_coco_results(out + "/predictions.json", found);
        mae::write_coco(out + "/held_out.json", held_out());
        tell(scores(found), missed);
        wrote = ", scores.json, predictions.json, held_out.json" +
                std::string(settings_.looks.panel_images() > 0 ? ", panel.png" : "");
      }
      if (!others_) return wrote;
      predict(weights);
      return wrote + ", predicted.json, predicted_images.json";
    }

   private:
    const mae::AnnotationSet& annotations() const {
      return dynamic_cast<const program::OpenedBoxes&>(source_.held_out()).annotations();
    }
    mae::AnnotationSet held_out() const { return program::part_of(annotations(), source_.validation()->numbers); }
    static mae::Box scaled(const mae::Box& box, double height, double width, double to_height, double to_width) {
      const double down = to_height / height, across = to_width / width;
      return {box.x0 * across, box.y0 * down, box.x1 * across, box.y1 * down};
    }
    static mae::Box scaled(const mae::Box& box, mae::Index height, mae::Index width, mae::Index to_height,
                           mae::Index to_width) {
      return scaled(box, double(height), double(width), double(to_height), double(to_width));
    }
    /// Calls use(i, candidates) for images whose files are of size(i): those of known classes, in pixels of the file.
    template <class Size, class Use>
    void each_candidates(const Weights& weights, const mae::Images& images, const Size& size, const Use& use) const {
      mae::for_each_candidates(
          weights, images, normalization_,
          [&](mae::Index i, Found found, const mae::Placement& placement) {
            const auto [height, width] = size(i);
            std::erase_if(found,
                          [&](const mae::Detection& one) { return one.label >= source_.training().class_count(); });
            for (mae::Detection& one : found)
              one.box = scaled(mae::to_image(placement, one.box), placement.box.height, placement.box.width,
                               double(height), double(width));
            use(i, found);
          },
          settings_.detection());
    }
    /// The same for some held-out images.
    template <class Use>
    void each_found(const Weights& weights, const program::Subset& images, const Use& use) const {
      each_candidates(
          weights, images,
          [&](mae::Index i) {
            const auto number = static_cast<std::size_t>(images.numbers[static_cast<std::size_t>(i)]);
            return std::pair(annotations().images[number].height, annotations().images[number].width);
          },
          use);
    }
    /// Detections of an image, with the ids of a set; of classes that it has not, none.
    static void add(std::vector<mae::CocoResult>& results, std::int64_t image, const Found& found,
                    const program::CategoryIds& ids) {
      for (const mae::Detection& one : found)
        if (const auto& id = ids[static_cast<std::size_t>(one.label)])
          results.push_back({image, *id, one.box.x0, one.box.y0, one.box.width(), one.box.height(), one.score});
    }
    /// What is found in all held-out images.
    std::vector<mae::CocoResult> results(const Weights& weights, mae::MissedObjects* missed = nullptr) const {
      std::vector<mae::CocoResult> all;
      std::set<mae::Index> seen;  // an image that stands in for another is looked at again
      each_found(weights, *source_.validation(), [&](mae::Index i, const Found& candidates) {
        if (!seen.insert(i).second) return;
        const auto number = static_cast<std::size_t>(source_.validation()->numbers[static_cast<std::size_t>(i)]);
        add(all, annotations().images[number].id, mae::kept(candidates, settings_.detection()), ids_);
        if (!missed) return;
        mae::MissedObjectsOptions options{.score_threshold = settings_.shown_score()};
        options.suppression = {settings_.iou_threshold(), settings_.most(), false};
        missed->add(objects_[number], candidates, options);
      });
      return all;
    }
    mae::DetectionScores scores(const std::vector<mae::CocoResult>& found) const {
      return mae::average_precision(evaluated_->images(), evaluated_->categories(), evaluated_->truths<mae::CocoBox>(),
                                    evaluated_->results<mae::CocoBox>(found));
    }
    /// Prints the scores and writes scores.json.
    void tell(const mae::DetectionScores& found, const mae::MissedObjects& missed) const {
      nlohmann::ordered_json all, categories = nlohmann::json::array();
      for (const mae::NamedScore& score : found.summary()) {
        program::report(score.name.c_str(), program::decimal(score.value, 3) + "  (" + score.of + ")");
        all[score.name] = score.value;
      }
      const mae::CategoryClasses& classes = evaluated_->classes();
      tell_lines("categories", found.table(classes.names()));
      tell_lines("missed", missed.text());
      for (mae::Index k = 0; k < classes.count(); ++k)
        categories.push_back({{"id", classes.id(static_cast<std::int32_t>(k))},
                              {"name", mae::json_name(classes.names()[static_cast<std::size_t>(k)])},
                              {"truths", found.truths(k)},
                              {"AP", found.average_precision({.category = k})},
                              {"AP50", found.average_precision({.threshold = 0, .category = k})},
                              {"AR", found.average_recall({.category = k})}});
      all["categories"] = categories;
      const std::string text = all.dump(1) + "\n";
      mae::write_file(settings_.run.out() + "/scores.json", text.data(), static_cast<mae::Index>(text.size()));
    }
    /// Writes predicted.json, and predicted_images.json that says which image has which id.
    void predict(const Weights& weights) const {
      const auto& trained = dynamic_cast<const program::OpenedBoxes&>(source_.trained()).annotations();
      mae::AnnotationSet set{.source = settings_.looks.predict(), .categories = trained.categories};
      const auto ids = program::category_ids(trained, source_.class_names());
      std::vector<mae::CocoResult> all;
      const mae::Images images = others_->images();
      std::set<mae::Index> seen;  // an image that stands in for one that cannot be read, which has been told
      each_candidates(
          weights, images, [&](mae::Index i) { return program::size_of_file(others_->file(i), settings_.data); },
          [&](mae::Index i, const Found& candidates) {
            if (!seen.insert(i).second) return;
            const auto [height, width] = program::size_of_file(others_->file(i), settings_.data);
            set.images.push_back({i + 1, others_->name(i), height, width});
            add(all, i + 1, mae::kept(candidates, settings_.detection()), ids);
          });
      program::report_predicted(static_cast<mae::Index>(set.images.size()), images.size());
      mae::write_coco_results(settings_.run.out() + "/predicted.json", all);
      mae::write_coco(settings_.run.out() + "/predicted_images.json", set);
    }

    const Settings& settings_;
    const program::Source& source_;
    mae::Normalization normalization_;
    std::unique_ptr<const program::Opened> others_;       // to predict
    program::CategoryIds ids_;                            // of held-out images
    std::vector<std::vector<mae::LabelledBox>> objects_;  // by number of the image in its collection
    std::unique_ptr<const mae::EvaluatedSet> evaluated_;  // held-out images
  };
};
