// The program `segment`: what can be chosen, and its work with one model of models.hpp.
#pragma once
#include <filesystem>
#include <set>

#include <mae/eval/sliding_window.hpp>
#include <mae/io/annotations/class_map_png.hpp>
#include <mae/io/images/png.hpp>
#include <mae/model/pyramid_segmenter.hpp>
#include <mae/plot/class_legend.hpp>
#include <mae/train/segmentation.hpp>

#include "framework/class_maps.hpp"
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
    using Image = typename Preset::ImageShape;
    using Size = typename Preset::EncoderShape;
    constexpr mae::Index classes = std::min<mae::Index>(Preset::classes, 255);
    if (settings.head() == "linear") return train<Preset, Device, mae::Segmenter<Image, Size, classes>>(settings);
    using Scales = decltype(program::pyramid_scales<Image>());
    train<Preset, Device,
          mae::PyramidSegmenter<Image, Size, classes, Scales, program::pyramid_width<Size>, mae::StochasticDepth::on,
                                program::window<Preset>>>(settings);
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
    using Segmenter = mae::SlidingSegmenter<Model, Policy>;

   public:
    static constexpr program::Metric metric = &program::Record::mean_iou, averaged = nullptr;
    static constexpr const char* name = "mean_iou";

    MeanIou(const Settings& settings, const program::Source& source, const mae::Normalization& normalization)
        : settings_(settings),
          source_(source),
          normalization_(normalization),
          window_{.zoom = settings.zoom(), .stride = settings.stride(), .classes = source.training().class_count()} {
      others_ = settings.looks.open(settings.data, Model::ImageShape::channels);
      if (!others_) return;
      std::set<std::string> stems;
      for (mae::Index i = 0; i < others_->file_count(); ++i)
        if (!stems.insert(stem(others_->name(i))).second)
          throw mae::Error(others_->file(i), "another image of this name in " + settings.looks.predict(),
                           "one: class maps have the names of their images");
    }

    mae::Index look_batch(mae::Index) const { return window_.batch; }
    double score(const Weights& weights) const {
      return scores(weights, [](auto&&...) {}).mean_iou();
    }
    /// Some held-out images, and over them the classes of their pixels, true and found.
    void draw(const Weights& weights) const {
      if (!source_.validation() || settings_.looks.panel_images() == 0) return;
      const program::Subset images = source_.validation()->some(settings_.looks.panel_images());
      std::vector<std::vector<mae::Image>> rows;
      std::set<mae::Index> occur;
      each_map(weights, images, [&](mae::Index, const mae::ImageView& image, const mae::Image& truth, const auto& map) {
        const mae::Image shown = program::panel_image(image, 160);
        rows.push_back({shown, tinted(shown, truth.pixels, truth), tinted(shown, map, truth)});
        occur.insert(truth.pixels.begin(), truth.pixels.end());
        occur.insert(map.begin(), map.end());
      });
      occur.erase(mae::ClassMap::ignored);
      occur.erase(background());
      const mae::Image grid = mae::image_grid({"image", "truth", "prediction"}, rows);
      const mae::Image legend = mae::class_legend({occur.begin(), occur.end()}, source_.class_names(), grid.width);
      mae::Image panel = mae::blank_image(3, grid.height + legend.height, std::max(grid.width, legend.width));
      mae::paste(panel, grid, 0, 0);
      mae::paste(panel, legend, grid.height, 0);
      mae::write_png(settings_.run.out() + "/panel.png", panel);
    }
    /// A class map for each held-out image, scores in all, and class maps for the images to predict.
    std::string finish(const Weights& weights) const {
      std::string wrote;
      if (source_.validation()) {
        const program::Opened& images = source_.held_out();
        const mae::SegmentationScores found =
            scores(weights, [&](mae::Index i, const mae::Image& truth, const auto& map) {
              const auto number = source_.validation()->numbers[static_cast<std::size_t>(i)];
              write_map("predictions", images.name(number), map, truth.height, truth.width);
            });
        tell(found);
        wrote = ", scores.json, predictions" + std::string(settings_.looks.panel_images() > 0 ? ", panel.png" : "");
      }
      if (!others_) return wrote;
      predict(weights);
      return wrote + ", predicted";
    }

   private:
    /// Calls use(i, image, truth, map) for each of some held-out images.
    template <class Use>
    void each_map(const Weights& weights, const program::Subset& images, const Use& use) const {
      const auto& opened = dynamic_cast<const program::OpenedClassMaps&>(source_.held_out());
      Segmenter segmenter(weights, normalization_, window_);
      std::vector<std::uint8_t> map;
      for (mae::Index i = 0; i < images.size(); ++i)
        images.with_image(i, [&](const mae::ImageView& image) {
          const mae::Image truth = opened.own_map(images.numbers[static_cast<std::size_t>(image.number)]);
          segmenter.classes(image, truth.height, truth.width, map);
          use(image.number, image, truth, map);
        });
    }
    static std::string stem(const std::string& file) { return file.substr(0, file.rfind('.')); }
    /// The image with the classes of a map of the size of `like`.
    mae::Image tinted(const mae::Image& image, const std::vector<std::uint8_t>& map, const mae::Image& like) const {
      std::vector<std::uint8_t> fitted;
      mae::ClassMap::place(
          {map.data(), like.height, like.width},
          {image.height, image.width, {0, 0, static_cast<double>(like.height), static_cast<double>(like.width)}},
          fitted);
      return mae::with_classes(image, {fitted.data(), image.height, image.width}, background());
    }
    /// Where 0 is what the others are not, it is not shown; else -1.
    mae::Index background() const { return settings_.maps.reduce_zero_label() ? -1 : 0; }
    /// What is added to the number of a class to have that of the user's files.
    mae::Index in_files() const { return settings_.maps.reduce_zero_label() ? 1 : 0; }
    template <class Use>
    mae::SegmentationScores scores(const Weights& weights, const Use& use) const {
      mae::SegmentationScores all(Model::classes);
      each_map(weights, *source_.validation(),
               [&](mae::Index i, const mae::ImageView&, const mae::Image& truth, const auto& map) {
                 for (std::size_t p = 0; p < map.size(); ++p)
                   if (truth.pixels[p] < Model::classes) all.add(truth.pixels[p], map[p]);
                 use(i, truth, map);
               });
      return all;
    }
    /// Writes a class map in the numbers of the user's files.
    void write_map(const std::string& folder, const std::string& image, std::vector<std::uint8_t> map,
                   mae::Index height, mae::Index width) const {
      for (std::uint8_t& c : map) c = static_cast<std::uint8_t>(c + in_files());
      const std::string path = settings_.run.out() + "/" + folder + "/" + stem(image) + ".png";
      std::error_code failed;
      std::filesystem::create_directories(std::filesystem::path(path).parent_path(), failed);
      if (failed) throw mae::Error(path, "\"" + failed.message() + "\" on making its folder", "one that can be made");
      mae::write_class_map_png(path, {map.data(), height, width});
    }
    /// Prints the scores and writes scores.json.
    void tell(const mae::SegmentationScores& found) const {
      using program::percent;
      program::report("mean IoU", percent(found.mean_iou()) + ", accuracy of classes " +
                                      percent(found.mean_accuracy()) + ", of pixels " +
                                      percent(found.pixel_accuracy()));
      nlohmann::ordered_json classes = nlohmann::json::array();
      const mae::Index count = std::max(source_.training().class_count(), source_.validation()->class_count());
      for (mae::Index c = 0; c < count; ++c) {
        const auto& names = source_.class_names();
        const std::string called = c < static_cast<mae::Index>(names.size()) ? names[static_cast<std::size_t>(c)] : "";
        nlohmann::ordered_json one{{"class", c},
                                   {"in_files", c + in_files()},
                                   {"name", mae::json_name(called)},
                                   {"iou", nullptr},
                                   {"accuracy", nullptr}};
        std::string line = std::to_string(c) + (called.empty() ? "" : " " + called);
        if (in_files() > 0) line += " (" + std::to_string(c + in_files()) + " in files)";
        if (mae::is_finite(found.iou(c))) {
          one["iou"] = found.iou(c);
          line += ": IoU " + percent(found.iou(c));
          if (mae::is_finite(found.recall(c))) {
            one["accuracy"] = found.recall(c);
            line += ", accuracy " + percent(found.recall(c));
          } else {
            line += ", in no class map";
          }
        } else {
          line += ": in no class map, and never predicted";
        }
        program::report("class", line);
        classes.push_back(one);
      }
      const nlohmann::ordered_json all{{"mean_iou", found.mean_iou()},
                                       {"mean_accuracy", found.mean_accuracy()},
                                       {"pixel_accuracy", found.pixel_accuracy()},
                                       {"classes", classes}};
      const std::string text = all.dump(1) + "\n";
      mae::write_file(settings_.run.out() + "/scores.json", text.data(), static_cast<mae::Index>(text.size()));
    }
    void predict(const Weights& weights) const {
      Segmenter segmenter(weights, normalization_, window_);
      std::vector<std::uint8_t> map;
      const mae::Images all = others_->images();
      mae::Index count = 0;
      for (mae::Index i = 0; i < all.size(); ++i)
        all.with_image(i, [&](const mae::ImageView& image) {
          if (image.number != i) return;  // stands in for one that cannot be read, which has been told
          const auto [height, width] = program::size_of_file(others_->file(i), settings_.data);
          segmenter.classes(image, height, width, map);
          write_map("predicted", others_->name(i), map, height, width);
          ++count;
        });
      program::report_predicted(count, all.size());
    }

    const Settings& settings_;
    const program::Source& source_;
    mae::Normalization normalization_;
    mae::SlidingWindow window_;
    std::unique_ptr<const program::Opened> others_;  // to predict
  };
};
