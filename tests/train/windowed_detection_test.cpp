// A detector whose attention is in windows, end to end: trained, saved, resumed, loaded.
#include <algorithm>

#include <doctest/doctest.h>

#include <mae/checkpoint/load_encoder.hpp>
#include <mae/checkpoint/run_state.hpp>
#include <mae/train/detection.hpp>

#include "support/temporary.hpp"
#include "train/rectangles.hpp"
#include "train/toy.hpp"

using namespace test;

namespace {

using Geometry = ImageShape<1, 24, 32, 4>;
using Size = Transformer<16, 4, 2>;
template <Index Window>
using Model = Detector<Geometry, Size, 2, Scales<1, 0>, 8, 1, StochasticDepth::on, Window>;
using Run = Finetuning<Model<2>, Policy>;  // windows of 2 × 2 patches, four blocks of which the last is global

const DetectionSet training = rectangles(8, 1);
const Normalization normalization{{0.4}, {0.2}};

FinetuningOptions options() {
  FinetuningOptions options = detection_options(30, 2e-1);
  options.batch = 8;
  options.layer_decay = 1;
  options.augmentation.flip = true;
  return options;
}

}  // namespace

TEST_CASE("a detector with windows learns, by any number of threads to the same bits, and on from any update") {
  const TemporaryDirectory folder;
  const std::string path = folder / "run.safetensors";
  Team::number = 1;
  Run one(training, options(), normalization);
  std::vector<double> losses;
  while (losses.size() < 8) losses.push_back(one.update());
  Team::number = 2;
  Run two(training, options(), normalization);
  for (std::size_t k = 0; k < 8; ++k) {
    if (k == 5) save_run(path, two);
    CHECK(two.update() == losses[k]);
  }
  CHECK(same_bits(one.weights(), two.weights()));
  Run resumed(training, options(), normalization);
  load_run(path, resumed);
  for (std::size_t k = 5; k < 8; ++k) CHECK(resumed.update() == losses[k]);
  CHECK(same_bits(one.weights(), resumed.weights()));
  const double before = one.update();
  while (!one.finished()) one.update();
  CHECK(one.epoch_so_far().loss < 0.8 * before);

  // What is found does not depend on threads either.
  const auto found = [&](int threads) {
    Team::number = threads;
    std::vector<double> all;
    for_each_detection(one.weights(), training, normalization, [&](Index image, const auto& detections) {
      for (const Detection& d : detections)
        for (const double value : {double(image), d.box.x0, d.box.y0, d.box.x1, d.box.y1, double(d.score)})
          all.push_back(value);
    });
    return all;
  };
  const auto all = found(1);
  CHECK(all.size() > 0);
  CHECK(all == found(2));

  // The file says its windows: a detector without them does not take it, but for its encoder.
  CHECK(SafetensorsFile::read(path).metadata("window") == "2");
  Weights<Model<0>, Policy> plain(3);
  CHECK(error_of([&] { load_checkpoint(path, plain); }) ==
        "mae: " + path + ": window: found 2, expected 0, as the model has");
  Run saved(training, options(), normalization);
  load_checkpoint(path, saved.weights());
  const auto encoder = load_encoder<Model<0>>(path);
  for (const char* name : {"cls_token", "pos_embed", "blocks.3.attn.qkv.weight"}) {
    const ParameterInfo &from = *saved.weights().find(name), &to = *encoder.weights.find(name);
    CHECK(from.count == to.count);
    CHECK(std::equal(saved.weights().at(from), saved.weights().at(from) + from.count, encoder.weights.at(to)));
  }
}
