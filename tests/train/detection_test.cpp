#include <mae/train/detection.hpp>

#include <doctest/doctest.h>

#include <mae/checkpoint/run_state.hpp>
#include <mae/eval/detections.hpp>

#include "support/temporary.hpp"
#include "train/toy.hpp"

using namespace test;

namespace {

using Geometry = ImageShape<1, 24, 32, 4>;
using Model = Detector<Geometry, Transformer<24, 2, 2>, 2, Scales<0>, 24, 1>;
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

}  // namespace

TEST_CASE("overfit") {
  std::puts(coverage<Model>(training, normalization).text().c_str());
  FinetuningOptions options = detection_options(300, 3e-1);
  options.batch = 4;
  options.layer_decay = 1;
  options.drop_path = 0;
  Run run(training, options, normalization);
  run.train([&](const TrainingEpoch& e) {
    if (e.epoch % 20 == 1) std::printf("%d %.4f\n", int(e.epoch), e.loss);
  });
  for_each_detection(run.weights(), training, normalization, [&](Index i, const auto& found) {
    for (const auto& one : training.boxes[std::size_t(i)])
      std::printf("%d truth %d %.1f %.1f %.1f %.1f\n", int(i), one.label, one.box.x0, one.box.y0, one.box.x1,
                  one.box.y1);
    for (const auto& one : found)
      if (one.score > .2)
        std::printf("%d found %d %.1f %.1f %.1f %.1f  %.2f\n", int(i), one.label, one.box.x0, one.box.y0, one.box.x1,
                    one.box.y1, one.score);
  });
}
