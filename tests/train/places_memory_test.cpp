// What training a detector and a segmenter takes: no memory in a step, and in all what is planned.
#include <doctest/doctest.h>

#include <mae/train/detection.hpp>
#include <mae/train/segmentation.hpp>

#include "support/allocations.hpp"
#include "train/rectangles.hpp"
#include "train/toy.hpp"

using namespace test;

namespace {

using Geometry = ImageShape<1, 24, 32, 4>;
using Size = Transformer<24, 2, 2>;

/// The rectangles, each pixel with its class.
SegmentationSet class_maps(const DetectionSet& from) {
  SegmentationSet set{from.images, {}, 3};
  set.maps.assign(set.images.pixels.size(), 0);
  for (std::size_t i = 0; i < from.boxes.size(); ++i)
    for (const auto& [box, label, ignored] : from.boxes[i])
      for (Index y = Index(box.y0); y < Index(box.y1); ++y)
        for (Index x = Index(box.x0); x < Index(box.x1); ++x)
          set.maps[i * 24 * 32 + std::size_t(32 * y + x)] = std::uint8_t(1 + label);
  return set;
}

/// The same batch again and again.
template <class Run>
struct Ready final : BatchSource<typename Run::ImageShape, typename Run::T, typename Run::Target> {
  const typename Run::Batch& batch;
  explicit Ready(Run& run) : batch(run.source().at(0)) {}
  const typename Run::Batch& at(Index) override { return batch; }
};

/// `pixel_bytes` is what a batch has of a pixel.
template <class Model, class Set>
void check_memory(const Set& images, FinetuningOptions options, Index pixel_bytes) {
  using Run = Finetuning<Model, Policy>;
  options.batch = 32;
  const Normalization normalization{{0.4}, {0.2}};
  for (const int threads : {1, 2}) {
    Team::number = threads;
    DefaultThreads::run(2, [](int) {});  // OpenMP's runtime takes memory when it starts
    const long before = held_bytes;
    most_bytes = before;
    Run run(images, options, normalization);
    for (int k = 0; k < 2; ++k) run.update();
    const double planned = double(4 * weights_size<Model> * Index{sizeof(float)} + Run::step_bytes(32, threads) +
                                  32 * Geometry::values * pixel_bytes);
    const double ratio = double(most_bytes - before) / planned;
    INFO(planned, " bytes planned, ", threads, " threads");
    CHECK(ratio > 0.99);
    CHECK(ratio < 1.02);

    Ready<Run> ready(run);
    run.read_from(ready);
    const long count = allocations;
    for (int k = 0; k < 3; ++k) run.update();
    CHECK(count > 0);  // the counter counts
    CHECK(allocations == count);
  }
}

}  // namespace

TEST_CASE("a detector's step allocates nothing, and training takes what is planned") {
  check_memory<Detector<Geometry, Size, 2, Scales<1, 0>, 16, 1>>(rectangles(64, 1), detection_options(4), 4);
}

TEST_CASE("a segmenter's step allocates nothing, and training takes what is planned") {
  check_memory<Segmenter<Geometry, Size, 3>>(class_maps(rectangles(64, 1)), segmentation_options(4), 5);
}
