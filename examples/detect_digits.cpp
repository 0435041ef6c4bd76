// Object detection on few annotated images: where are the digits of a scene, and which? A masked autoencoder is
// pre-trained on scenes without annotations; a detector on its encoder is then trained on the boxes of 50, 100 and 300
// scenes, beside the same network from scratch. Prints average precision on scenes of other digits and backgrounds,
// mean and spread of several seeds.
//
//   detect_digits --out out
//
// Writes detection-panel.png: scenes, true boxes, boxes found. The scenes are composed, of real strokes and real
// photographs (digit_scenes.hpp).
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
  program::Integer labelled{*this, "labelled", 0, "annotated scenes; 0: 50, 100 and 300", program::between(0, 1e6)};
  program::Integer epochs{*this, "epochs", 150, "passes over 100 annotated scenes", program::between(1, 1e6)};
  program::Integer seeds{*this, "seeds", 3, "runs of each kind, side by side", program::between(1, 1000)};
  program::Text out{*this, "out", ".", "folder for the panel and the encoders"};
};

/// One run: of a seed, on its annotated scenes, from the encoder in a file or from scratch.
struct Run {
  bool pretrained;
  int seed;
  Index epochs;
};

/// What a detector finds in `test` after that run.
Found found_after(const Run& run, const mae::DetectionSet& labelled, const mae::DetectionSet& test,
                  const std::string& encoder, const mae::Normalization& normalization) {
  mae::FinetuningOptions options = mae::detection_options(run.epochs);
  options.batch = 8;  // many small steps: there are few scenes
  // Each has the best of the settings that were tried for it, on 100 scenes.
  options.base_learning_rate = run.pretrained ? 1.6e-2 : 1.6e-2;
  options.layer_decay = run.pretrained ? 0.8 : 1;
  options.drop_path = 0;
  options.augmentation.shift = 2;
  options.augmentation.transforms = {mae::Fit{.min_scale = 0.75, .max_scale = 1.33}};
  options.seed = static_cast<std::uint64_t>(run.seed);
  mae::Finetuning<Detector, scenes::Policy> training(labelled, options, normalization);
  if (run.pretrained) mae::load_encoder(encoder, training.weights(), normalization);
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

void write_panel(const std::string& path, const mae::DetectionSet& test, const Found& found) {
  std::vector<std::vector<mae::Image>> rows;
  for (Index i = 0; i < std::min(test.size(), Index{6}); ++i) {
    const auto at = static_cast<std::size_t>(i);
    std::vector<mae::Detection> sure;
    for (const mae::Detection& one : found[at])
      if (one.score >= 0.3) sure.push_back(one);
    const mae::Image image = test.images.copy(i);
    rows.push_back({mae::upscale(image, 5),
                    mae::with_boxes(image, std::span<const mae::LabelledBox>(test.boxes[at]), {}, 5),
                    mae::with_boxes(image, std::span<const mae::Detection>(sure), {}, 5)});
  }
  mae::write_png(path, mae::image_grid({"scene", "truth", "found, score 0.3 or more"}, rows));
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
    const mae::DetectionSet test = scenes::make(scenes::material(digits.test, false), 300, 3).detection();
    const auto normalization = mae::Normalization::of(unlabelled);
    digits::side_by_side(seeds,
                         [&](int seed) { scenes::pretrain_encoder(folder, unlabelled, seed, settings.pretraining()); });
    std::vector<Index> labels{50, 100, 300};
    if (settings.labelled() > 0) labels = {settings.labelled()};

    std::printf("average precision on %jd other scenes, mean and spread of %d seeds\n", test.size(), seeds);
    std::printf("scenes        from scratch            pre-trained\n");
    std::printf("             AP         AP50         AP         AP50\n");
    for (const Index number : labels) {
      const mae::DetectionSet labelled = scenes::make(training, number, 2).detection();
      const Index epochs = number > 100 ? (settings.epochs() + 1) / 2 : settings.epochs();
      std::vector<double> all[4];
      for (auto& values : all) values.resize(static_cast<std::size_t>(seeds));
      digits::side_by_side(2 * seeds, [&](int i) {
        const Run run{i >= seeds, i % seeds, epochs};
        const Found found = found_after(run, labelled, test, scenes::encoder_file(folder, run.seed), normalization);
        const mae::DetectionScores scores = scores_of(found, test);
        const std::size_t kind = run.pretrained ? 2 : 0, seed = static_cast<std::size_t>(run.seed);
        all[kind][seed] = 100 * scores.average_precision();
        all[kind + 1][seed] = 100 * scores.average_precision({.threshold = 0});
        if (run.pretrained && seed == 0) write_panel(folder + "/detection-panel.png", test, found);
      });
      std::printf("%6jd", number);
      for (const auto& values : all) {
        const scenes::Spread spread(values);
        std::printf("  %4.1f ± %4.1f", spread.mean, spread.deviation);
      }
      std::printf("\n");
      std::fflush(stdout);
    }
    std::printf("wrote %s/detection-panel.png\n", folder.c_str());
  });
}
