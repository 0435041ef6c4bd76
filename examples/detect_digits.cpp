// Object detection on few annotated images: where are the digits of a scene, and which? A masked autoencoder is
// pre-trained on scenes without annotations; a detector on its encoder is then trained on the boxes of 100 scenes,
// beside the same network from scratch with the same settings. Prints average precision on scenes of other digits and
// backgrounds, mean and spread of several seeds; with --validation on other scenes of those that training scenes are
// made of, to choose settings by.
//
//   detect_digits --out out
//
// Writes detection-panel.png: true boxes, boxes found after pre-training and from scratch. The scenes are composed, of
// real strokes and real photographs (digit_scenes.hpp).
#include "programs/framework/program.hpp"
#include "scenes_encoder.hpp"

#include <mae/data/fit.hpp>
#include <mae/eval/average_precision.hpp>
#include <mae/eval/detections.hpp>
#include <mae/plot/overlay.hpp>
#include <mae/train/detection.hpp>

#include <algorithm>

namespace {

namespace scenes = digit_scenes;
using mae::Index;
using Detector = mae::Detector<scenes::Geometry, scenes::Encoder, 10, mae::Scales<1, 0, -1>, 64, 2>;
using Found = std::vector<std::vector<mae::Detection>>;  // of each test scene

struct Settings : program::Settings {
  Settings() : program::Settings("detect_digits", "Pre-trains on scenes and learns to find their digits.") {}
  program::Integer unlabelled{*this, "unlabelled", 2000, "scenes to pre-train on", program::between(1, 1e6)};
  program::Integer pretraining{*this, "pretraining_epochs", 60, "passes over the unlabelled", program::between(1, 1e6)};
  program::Integer labelled{*this, "labelled", 100, "annotated scenes", program::between(1, 1e6)};
  program::Integer epochs{*this, "epochs", 80, "passes over the annotated scenes", program::between(1, 1e6)};
  program::Number rate{*this, "base_learning_rate", 4.8e-2, "for 256 scenes in one update", program::above(0)};
  program::Switch validation{*this, "validation", false, "scores on scenes to choose settings by"};
  program::Integer seeds{*this, "seeds", 3, "runs of each kind from one encoder, side by side",
                         program::between(1, 1000)};
  program::Text out{*this, "out", ".", "folder for the panel and the encoder"};
};

/// What a detector finds in `test` after it was trained on `labelled`, from the encoder in a file or, "", from scratch.
Found found_after(const mae::FinetuningOptions& options, const mae::DetectionSet& labelled,
                  const mae::DetectionSet& test, const std::string& encoder, const mae::Normalization& normalization) {
  mae::Finetuning<Detector, scenes::Policy> training(labelled, options, normalization);
  if (!encoder.empty()) mae::load_encoder(encoder, training.weights(), normalization);
  training.train();
  Found found(static_cast<std::size_t>(test.size()));
  mae::for_each_detection(training.weights(), test, normalization,
                          [&](Index image, const auto& boxes) { found[static_cast<std::size_t>(image)] = boxes; });
  return found;
}

mae::DetectionScores scores_of(const Found& found, const mae::DetectionSet& test) {
  std::vector<mae::GroundTruth<mae::CocoBox>> truths;
  std::vector<mae::DetectionResult<mae::CocoBox>> results;
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (const mae::LabelledBox& one : test.boxes[i])
      truths.push_back({Index(i), one.label, mae::coco_box(one.box), one.box.area()});
    for (const mae::Detection& one : found[i])
      results.push_back({Index(i), one.label, mae::coco_box(one.box), one.score});
  }
  return mae::average_precision(test.size(), test.classes, truths, results);
}

/// The first scenes of `test`, three images of each: its boxes, and those of score 0.5 and more that were found.
void write_panel(const std::string& path, const mae::DetectionSet& test, const Found& pretrained,
                 const Found& scratch) {
  const auto drawn = [&](std::size_t i, const Found& found) {
    std::vector<mae::Detection> sure;
    for (const mae::Detection& one : found[i])
      if (one.score >= 0.5) sure.push_back(one);
    return mae::with_boxes(test.images.copy(Index(i)), std::span<const mae::Detection>(sure), {}, 4);
  };
  std::vector<std::vector<mae::Image>> rows(2);
  for (std::size_t i = 0; i < 4; ++i) {
    const std::span<const mae::LabelledBox> truth(test.boxes[i]);
    auto& row = rows[i / 2];
    row.push_back(mae::with_boxes(test.images.copy(Index(i)), truth, {}, 4));
    row.push_back(drawn(i, pretrained));
    row.push_back(drawn(i, scratch));
  }
  mae::write_png(
      path, mae::image_grid({"truth", "pre-trained", "from scratch", "truth", "pre-trained", "from scratch"}, rows));
}

}  // namespace

int main(int count, char** arguments) {
  return program::run<Settings>(count, arguments, [](const Settings& settings) {
    const std::string folder = settings.out();
    program::check_folder("--out", folder);
    program::make_folder("--out", folder);
    const int seeds = static_cast<int>(settings.seeds());
    const digits::Split digits = digits::load();
    const scenes::Material training = scenes::material(digits.unlabelled, true);
    const mae::Dataset unlabelled = scenes::make(training, settings.unlabelled(), 1).images;
    const mae::DetectionSet labelled = scenes::make(training, settings.labelled(), 2).detection();
    const mae::DetectionSet test = settings.validation()
                                       ? scenes::make(training, 200, 4).detection()
                                       : scenes::make(scenes::material(digits.test, false), 300, 3).detection();
    const auto normalization = mae::Normalization::of(unlabelled);
    scenes::pretrain_encoder(folder, unlabelled, 0, settings.pretraining());

    mae::FinetuningOptions options = mae::detection_options(settings.epochs(), settings.rate());
    options.batch = 8;  // many small steps: there are few scenes
    options.layer_decay = 1;
    options.drop_path = 0;
    options.augmentation.shift = 2;
    options.augmentation.transforms = {mae::Fit{.min_scale = 0.75, .max_scale = 1.33}};
    std::vector<double> precision[2], at_half[2];  // of each seed: from scratch, pre-trained
    for (auto* const values : {precision, at_half})
      for (int kind = 0; kind < 2; ++kind) values[kind].resize(static_cast<std::size_t>(seeds));
    Found first[2];
    digits::side_by_side(2 * seeds, [&](int i) {
      const auto kind = static_cast<std::size_t>(i / seeds), seed = static_cast<std::size_t>(i % seeds);
      mae::FinetuningOptions own = options;
      own.seed = seed;
      const std::string encoder = kind == 0 ? "" : scenes::encoder_file(folder, 0);
      const Found found = found_after(own, labelled, test, encoder, normalization);
      const mae::DetectionScores scores = scores_of(found, test);
      precision[kind][seed] = 100 * scores.average_precision();
      at_half[kind][seed] = 100 * scores.average_precision({.threshold = 0});
      if (seed == 0) first[kind] = found;
    });
    std::printf("%jd annotated scenes, %jd others; mean and spread of %d seeds\n", labelled.size(), test.size(), seeds);
    std::printf("                  AP          AP50\n");
    for (const int kind : {0, 1}) {
      const scenes::Spread ap(precision[kind]), ap50(at_half[kind]);
      std::printf("%-12s  %4.1f ± %4.1f  %4.1f ± %4.1f\n", kind == 0 ? "from scratch" : "pre-trained", ap.mean,
                  ap.deviation, ap50.mean, ap50.deviation);
    }
    write_panel(folder + "/detection-panel.png", test, first[1], first[0]);
    std::printf("wrote %s/detection-panel.png\n", folder.c_str());
  });
}
