#include <mae/train/segmentation.hpp>

#include <limits>

#include <doctest/doctest.h>

#include <mae/autograd/run/gradient_check.hpp>
#include <mae/backend/reference.hpp>
#include <mae/checkpoint/run_state.hpp>
#include <mae/data/mixup.hpp>
#include <mae/data/prefetch.hpp>
#include <mae/data/rand_augment.hpp>

#include "support/temporary.hpp"
#include "train/toy.hpp"

using namespace test;

namespace {

using Geometry = ImageShape<1, 12, 16, 4>;
using Size = Transformer<24, 2, 2>;
using Model = Segmenter<Geometry, Size, 3>;
using Run = Finetuning<Model, Policy>;

/// A noisy background, class 0, with a striped rectangle, class 1 or 2 by which way the stripes run; its last column
/// has no class.
SegmentationSet stripes(Index count, std::uint64_t seed) {
  SegmentationSet set{{1, 12, 16, {}, {}, 0}, {}, 3};
  for (Index i = 0; i < count; ++i) {
    const RandomStream stream(seed, Purpose::probe, 0, static_cast<std::uint64_t>(i));
    const Index top = stream.below(1000, 6), left = stream.below(1001, 8), kind = stream.below(1002, 2);
    for (Index y = 0; y < 12; ++y)
      for (Index x = 0; x < 16; ++x) {
        const bool inside = y >= top && y < top + 6 && x >= left && x < left + 8;
        const Index along = kind == 0 ? y : x;
        const std::uint32_t noise = stream.below(static_cast<std::uint32_t>(16 * y + x), 40);
        set.images.pixels.push_back(static_cast<std::uint8_t>((inside ? (along % 2 ? 200 : 10) : 100) + noise));
        set.maps.push_back(static_cast<std::uint8_t>(!inside ? 0 : x == left + 7 ? 255 : 1 + kind));
      }
  }
  return set;
}
const SegmentationSet training = stripes(60, 1), unseen = stripes(60, 2);
const Normalization normalization = Normalization::of(channel_statistics(training));

struct Darken {
  static constexpr const char* name = "darken";
  static constexpr std::uint32_t draws = 1;
  double most = 0.5;
  void each_option(const auto& visit) const { visit("most", most); }
  void change(const Draws& random, const PlacedPixels& image) const {
    for (float& value : image) value *= random.uniform(0, float(1 - most), 1);
  }
};

FinetuningOptions small() {
  FinetuningOptions options = segmentation_options(60, 5e-2);
  options.batch = 16;
  options.layer_decay = 1;
  options.augmentation = {.shift = 1, .flip = true};
  options.seed = 2;
  return options;
}

}  // namespace

TEST_CASE("class maps are learnt, by any number of threads to the same bits, and on from any update") {
  const TemporaryDirectory folder;
  const std::string path = folder / "run.safetensors";
  Team::number = 1;
  Run one(training, small(), normalization);
  CHECK(segmentation_scores(one.weights(), unseen, normalization).mean_iou() < 0.4);
  std::vector<double> losses;
  while (losses.size() < 12) losses.push_back(one.update());
  Team::number = 3;
  Run three(training, small(), normalization);
  std::vector<double> later;
  while (!three.finished()) {
    const double loss = three.update();
    const auto steps = static_cast<std::size_t>(three.progress().steps);
    if (steps <= 12) CHECK(loss == losses[steps - 1]);
    if (steps == 12) CHECK(same_bits(one.weights(), three.weights()));
    if (steps == 10) save_run(path, three);
    if (steps > 10 && steps <= 17) later.push_back(loss);
  }
  Run resumed(training, small(), normalization);
  load_run(path, resumed);
  for (const double loss : later) CHECK(resumed.update() == loss);

  const SegmentationScores scores = segmentation_scores(three.weights(), unseen, normalization, 7);
  INFO("mean IoU ", scores.mean_iou(), ", pixels right ", scores.pixel_accuracy());
  CHECK(scores.mean_iou() > 0.7);  // background everywhere: 0.26
  CHECK(scores.count == segmentation_scores(three.weights(), unseen, normalization, 64).count);
}

TEST_CASE("the whole model's gradient agrees with differences") {
  using Tiny = Segmenter<ImageShape<1, 4, 6, 2>, Transformer<8, 1, 2>, 3, StochasticDepth::off>;
  using P = Program<SegmentationLoss<Tiny>, Reference<double>>;
  const Weights<SegmentationLoss<Tiny>, Reference<double>> weights(1);
  Tensor<double, ImageShape<1, 4, 6, 2>::Pixels> images(2);
  Tensor<std::int32_t, Shape<dyn, 24>> labels(2);
  const RandomStream stream(4, Purpose::probe);
  for (Index i = 0; i < images.size(); ++i) {
    images.data()[i] = stream.normal(static_cast<std::uint32_t>(i));
    labels.data()[i] = i % 7 == 0 ? 255 : static_cast<std::int32_t>(stream.below(static_cast<std::uint32_t>(i), 3));
  }
  const GradientCheckOptions few{.samples = 6, .step = 1e-3, .context = {}};
  const GradientReport report = check_gradients<P>(few, weights, images, labels);
  INFO(report.where, "[", report.index, "]: ", report.derivative, " by backward, ", report.difference);
  CHECK(report.checked > 60);
  CHECK(report.worst <= 1e-6);
}

TEST_CASE("what does not fit is told") {
  const auto error = [](const Images& images, const FinetuningOptions& options) {
    return error_of([&] { Run(images, options, normalization); });
  };
  CHECK(error(training, small()) == "");
  CHECK(error(bars(20, 1), small()) ==
        "mae: training set: found images with a label, expected images with a class map");
  SegmentationSet more = stripes(20, 1);
  more.classes = 4;
  CHECK(error(more, small()) == "mae: training set: found 4 classes, expected at most the model's 3");
  more.classes = 3, more.maps[100] = 3;
  CHECK(error(more, small()) ==
        "mae: training set: found class 3 in the map of image 0, expected classes below 3, or 255 for none");
  FinetuningOptions options = small();
  options.label_smoothing = 0.1;
  CHECK(error(training, options) == "mae: label_smoothing: found 0.100000, expected 0: a class map cannot be smoothed");
  options = small(), options.augmentation.transforms = {Mixup{}};
  CHECK(error(training, options) ==
        "mae: transform mixup: found images that are mixed, expected none: a class map cannot be mixed");
  options = small(), options.augmentation.transforms = {RandAugment{}};
  CHECK(error(training, options) ==
        "mae: transform rand_augment: found pixels moved so that no target follows, expected others: a class map has a "
        "place in the image");
  // A map that changes after it was checked, as a file may.
  SegmentationSet changing = stripes(20, 1);
  Run run(changing, small(), normalization);
  for (auto& c : changing.maps) c = 7;
  CHECK(error_of([&] { run.update(); }) ==
        "mae: class map: found class 7, expected classes below the model's 3, or 255 for none");
  CHECK(run.progress().steps == 0);
}

TEST_CASE("scores count pixels of the whole set; classes that never occur take no part") {
  SegmentationScores scores(4);
  const Index truths[] = {0, 0, 0, 0, 1, 1, 1, 2}, found[] = {0, 0, 1, 2, 1, 1, 0, 1};
  for (int i = 0; i < 8; ++i) scores.add(truths[i], found[i]);
  CHECK(scores.iou(0) == 2. / 5);
  CHECK(scores.iou(1) == 2. / 5);
  CHECK(scores.iou(2) == 0);
  CHECK(!is_finite(scores.iou(3)));
  CHECK(scores.mean_iou() == doctest::Approx((0.4 + 0.4 + 0) / 3).epsilon(1e-15));
  CHECK(scores.mean_accuracy() == doctest::Approx((0.5 + 2. / 3 + 0) / 3).epsilon(1e-15));
  CHECK(scores.pixel_accuracy() == 4. / 8);
  CHECK(!is_finite(SegmentationScores(2).mean_iou()));
}

TEST_CASE("a run with a transform of one's own goes on with that transform alone") {
  const TemporaryDirectory folder;
  const std::string path = folder / "run.safetensors";
  FinetuningOptions options = small();
  options.augmentation.transforms = {Darken{}};
  Run run(training, options, normalization);
  run.update();
  save_run(path, run);
  const auto error = [&](const std::vector<Transform>& transforms) {
    FinetuningOptions others = small();
    others.augmentation.transforms = transforms;
    Run other(training, others, normalization);
    return error_of([&] { load_run(path, other); });
  };
  const std::string told =
      "mae: " + path + ": the run to continue: found transforms 'darken most=0.5', expected transforms ";
  CHECK(error({Darken{}}) == "");
  CHECK(error({}) == told + "nothing, as this run has");
  CHECK(error({Darken{.most = 0.25}}) == told + "'darken most=0.25', as this run has");
  CHECK(error({Darken{}, Darken{}}) == told + "'darken most=0.5, darken most=0.5', as this run has");
  Run plain(training, small(), normalization);
  plain.update();
  save_run(path, plain);
  CHECK(error({Darken{}}) == "mae: " + path +
                                 ": the run to continue: found transforms nothing, expected transforms "
                                 "'darken most=0.5', as this run has");
}

TEST_CASE("class maps are made ahead with their images") {
  FinetuningOptions options = small();
  options.augmentation = {.shift = 1, .flip = true, .min_crop_scale = 0.5};
  Run run(training, options, normalization);
  Prefetch ahead(run.loader(), 2);
  for (const Index position : {0, 1, 2, 3, 4, 9}) {
    const Run::Batch &expected = run.source().at(position), &found = ahead.at(position);
    CHECK(expected.count() == (position % 4 == 3 ? 12 : 16));
    CHECK(found.targets == expected.targets);
    CHECK(found.samples == expected.samples);
  }
}
