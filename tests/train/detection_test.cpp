#include <mae/train/detection.hpp>

#include <algorithm>

#include <doctest/doctest.h>

#include <mae/autograd/run/gradient_check.hpp>
#include <mae/backend/reference.hpp>
#include <mae/checkpoint/run_state.hpp>

#include "support/temporary.hpp"
#include "train/toy.hpp"

using namespace test;

namespace {

using Geometry = ImageShape<1, 24, 32, 4>;
using Model = Detector<Geometry, Transformer<24, 2, 2>, 2, Scales<1, 0>, 16, 1>;
using Run = Finetuning<Model, Policy>;

/// Bright and dark rectangles, classes 0 and 1, on a noisy background; up to three, apart from each other.
DetectionSet rectangles(Index count, std::uint64_t seed) {
  DetectionSet set{{1, 24, 32, {}, {}, 0}, {}, 2};
  for (Index i = 0; i < count; ++i) {
    const RandomStream stream(seed, Purpose::probe, 0, static_cast<std::uint64_t>(i));
    std::vector<LabelledBox> boxes;
    for (std::uint32_t k = 0; k < 6 && boxes.size() < 3; ++k) {
      const auto number = [&](std::uint32_t n, std::uint32_t below) {
        return double(stream.below(2000 + 8 * k + n, below));
      };
      const double width = 5 + number(0, 8), height = 5 + number(1, 8);
      const Box box{number(2, 32 - 12), number(3, 24 - 12), 0, 0};
      const LabelledBox one{{box.x0, box.y0, box.x0 + width, box.y0 + height}, std::int32_t(number(4, 2)), false};
      bool apart = true;
      for (const LabelledBox& other : boxes) apart = apart && intersection(one.box, other.box).area() == 0;
      if (apart) boxes.push_back(one);
    }
    for (Index y = 0; y < 24; ++y)
      for (Index x = 0; x < 32; ++x) {
        Index level = 100;
        for (const LabelledBox& one : boxes)
          if (double(x) >= one.box.x0 && double(x) < one.box.x1 && double(y) >= one.box.y0 && double(y) < one.box.y1)
            level = one.label == 0 ? 200 : 10;
        set.images.pixels.push_back(
            static_cast<std::uint8_t>(level + stream.below(static_cast<std::uint32_t>(32 * y + x), 30)));
      }
    set.boxes.push_back(boxes);
  }
  return set;
}
const DetectionSet training = rectangles(4, 1);
const Normalization normalization{{0.4}, {0.2}};

/// To learn a few images by heart, an update an epoch.
FinetuningOptions by_heart() {
  FinetuningOptions options = detection_options(200, 3e-1);
  options.batch = 4;
  options.layer_decay = 1;
  options.drop_path = 0;
  return options;
}
double ap50(const Run& run, const DetectionSet& set) {
  return detection_scores(run.weights(), set, normalization).average_precision({.threshold = 0});
}

}  // namespace

TEST_CASE("scenes are learnt by heart, by any number of threads to the same bits, and on from any update") {
  const TemporaryDirectory folder;
  const std::string path = folder / "run.safetensors";
  Team::number = 1;
  Run other(training, by_heart(), normalization);
  CHECK(ap50(other, training) < 0.1);
  std::vector<double> losses;
  while (losses.size() < 8) losses.push_back(other.update());
  Team::number = 2;
  Run whole(training, by_heart(), normalization);
  std::vector<double> later;
  while (!whole.finished()) {
    const double loss = whole.update();
    const auto steps = static_cast<std::size_t>(whole.progress().steps);
    if (steps <= 8) CHECK(loss == losses[steps - 1]);
    if (steps == 8) CHECK(same_bits(other.weights(), whole.weights()));
    if (steps == 7) save_run(path, whole);
    if (steps > 7 && steps <= 11) later.push_back(loss);
  }
  Run resumed(training, by_heart(), normalization);
  load_run(path, resumed);
  for (const double loss : later) CHECK(resumed.update() == loss);
  CHECK(ap50(whole, training) > 0.95);
  CHECK(whole.epoch_so_far().loss < 0.1);

  // Twice as large the same objects are found, where they are in that image.
  DetectionSet large{{1, 48, 64, {}, {}, 0}, training.boxes, 2};
  for (Index i = 0; i < 4 * 48 * 64; ++i)
    large.images.pixels.push_back(
        training.images.pixels[static_cast<std::size_t>(i / (48 * 64) * 24 * 32 + i / 128 % 24 * 32 + i / 2 % 32)]);
  for (auto& boxes : large.boxes)
    for (auto& [box, label, ignored] : boxes) box = {2 * box.x0, 2 * box.y0, 2 * box.x1, 2 * box.y1};
  CHECK(ap50(whole, large) > 0.95);

  // A crowd that was not there before changes the loss, and so the run.
  DetectionSet crowded = training;
  crowded.boxes[0][0].ignored = true;
  Run changed(crowded, by_heart(), normalization);
  CHECK(error_of([&] { load_run(path, changed); }) ==
        "mae: " + path + ": the run to continue: found positives '" +
            nlohmann::json(whole.inputs().positives()).dump() + "', expected positives '" +
            nlohmann::json(changed.inputs().positives()).dump() + "', as this run has");
}

TEST_CASE("an encoder goes into the trunk, neck and head are fresh") {
  const Pretrained<Encoder<Geometry, Transformer<24, 2, 2>>, Policy> encoder{
      Weights<Encoder<Geometry, Transformer<24, 2, 2>>, Policy>(9), normalization};
  const Run begun(training, by_heart(), encoder), fresh(training, by_heart(), normalization);
  Index different = 0;
  for (const ParameterInfo& p : begun.weights().parameters()) {
    const float *one = begun.weights().at(p), *other = fresh.weights().at(p);
    const bool same = std::equal(one, one + p.count, other),
               head = p.name.starts_with("neck.") || p.name.starts_with("head.");
    if (head) CHECK(same);
    else different += !same;
  }
  CHECK(different == 1 + 2 + 2 * 4);  // class token, patches, and the four weights of each block; all else is alike
}

TEST_CASE("what an untrained model loses is what its layers say") {
  Run run(training, by_heart(), normalization);
  const double found = run.update();
  double expected = 0;
  constexpr Index places = Model::Levels::places;
  for (const auto& boxes : training.boxes) {
    std::vector<std::int32_t> classes(places);
    std::vector<double> targets(5 * places);
    const Index count = detection_targets<Model::Levels>(boxes, classes.data(), targets.data());
    const double none = 0.75 * 1e-4 * 0.0100503, some = 0.25 * 0.9801 * 4.60517;  // with the prior of 1 %
    expected += none * double(2 * places - count) + some * double(count);
    for (std::size_t p = 0; p < places; ++p) {
      if (classes[p] < 0) continue;
      const double* const g = targets.data() + 5 * p;  // against a square of two strides
      const double I = (std::fmin(1, g[0]) + std::fmin(1, g[2])) * (std::fmin(1, g[1]) + std::fmin(1, g[3]));
      const double C = (std::fmax(1, g[0]) + std::fmax(1, g[2])) * (std::fmax(1, g[1]) + std::fmax(1, g[3]));
      const double U = 4 + (g[0] + g[2]) * (g[1] + g[3]) - I, c = g[4];
      expected += 1 - I / U + (C - U) / C + std::log(2.0);
      if (c > 0 && c < 1) expected += c * std::log(c) + (1 - c) * std::log(1 - c);
    }
  }
  expected /= 4 * run.inputs().positives();
  INFO(found, " of ", expected);
  CHECK(std::fabs(found / expected - 1) < 0.03);
}

TEST_CASE("the whole model's gradient agrees with differences") {
  using Tiny = Detector<ImageShape<1, 8, 12, 4>, Transformer<8, 1, 2>, 2, Scales<1, 0>, 4, 1, StochasticDepth::off>;
  using P = Program<DetectionLoss<Tiny>, Reference<double>>;
  constexpr Index places = Tiny::Levels::places;
  Weights<DetectionLoss<Tiny>, Reference<double>> weights(1);
  const RandomStream stream(4, Purpose::probe);
  std::uint32_t next = 0;
  for (Index i = 0; i < weights.size(); ++i)
    weights.data()[i] += 0.1 * stream.normal(next++);  // off what is equal at first
  Tensor<double, ImageShape<1, 8, 12, 4>::Pixels> images(2);
  Tensor<std::int32_t, Shape<dyn, places>> classes(2);
  Tensor<double, Shape<dyn, places, 5>> targets(2);
  Tensor<double, Shape<dyn>> weight(2);
  for (double& value : images) value = stream.normal(next++);
  for (auto& c : classes) c = std::int32_t(stream.below(next++, 4)) - 2;
  for (double& value : targets) value = 0.1 + 0.8 * double(stream.uniform(next++));
  for (double& value : weight) value = 0.3;
  const GradientCheckOptions few{.samples = 6, .step = 1e-4, .context = {}};
  const GradientReport report = check_gradients<P>(few, weights, images, classes, targets, weight);
  INFO(report.where, "[", report.index, "]: ", report.derivative, " by backward, ", report.difference);
  CHECK(report.checked > 150);
  CHECK(report.worst <= 1e-6);
}

TEST_CASE("what does not fit is told") {
  const auto error = [](const Images& images, const FinetuningOptions& options) {
    return error_of([&] { Run(images, options, normalization); });
  };
  CHECK(error(training, by_heart()) == "");
  CHECK(error(bars(20, 1), by_heart()) == "mae: training set: found images with a label, expected images with boxes");
  DetectionSet other = training;
  other.classes = 3;
  CHECK(error(other, by_heart()) == "mae: training set: found 3 classes, expected at most the model's 2");
  other = training;
  for (auto& boxes : other.boxes) boxes.clear();
  CHECK(error(other, by_heart()) ==
        "mae: training set: found no place with an object, expected objects of a size that the model's maps can find");
  FinetuningOptions options = by_heart();
  options.label_smoothing = 0.1;
  CHECK(error(training, options) == "mae: label_smoothing: found 0.100000, expected 0: boxes cannot be smoothed");
  // Boxes that change after they were checked, as a file may.
  other = training;
  Run run(other, by_heart(), normalization);
  for (auto& boxes : other.boxes) boxes[0].label = 5;
  CHECK(error_of([&] { run.update(); }) == "mae: boxes: found class 5, expected classes below the model's 2");
  CHECK(run.progress().steps == 0);
}
