#include <mae/data/target.hpp>

#include <span>

#include <doctest/doctest.h>

#include <mae/data/batches.hpp>

#include "data/test_images.hpp"

using namespace test;

namespace {

/// A target of one's own: boxes, in continuous pixels, that follow their image; what is hidden is left out.
struct Box {
  double top, left, bottom, right;
};
struct Boxes {
  static constexpr const char* name = "boxes";
  using View = std::span<const Box>;
  using Placed = std::vector<Box>;
  static void place(const View& boxes, const Placement& placement, Placed& to) {
    to.clear();
    for (const Box& box : boxes) {
      const Point a = placement.to_input({box.top, box.left}), b = placement.to_input({box.bottom, box.right});
      const auto within = [](double at, Index extent) { return std::fmax(0, std::fmin(at, double(extent))); };
      const Box seen{within(a.y, placement.height), within(std::fmin(a.x, b.x), placement.width),
                     within(b.y, placement.height), within(std::fmax(a.x, b.x), placement.width)};
      if (seen.bottom > seen.top && seen.right > seen.left) to.push_back(seen);
    }
  }
};

/// Black images of 20 x 30, each with one white rectangle, and the boxes of them.
struct Rectangles {
  Dataset images{1, 20, 30, {}, {}, 0};
  std::vector<Box> boxes;
  using Target = Boxes;

  explicit Rectangles(Index count) {
    for (Index i = 0; i < count; ++i) {
      const Box box{double(2 + i % 8), double(3 + i % 13), double(8 + i % 11), double(17 + i % 12)};
      boxes.push_back(box);
      for (Index y = 0; y < 20; ++y)
        for (Index x = 0; x < 30; ++x)
          images.pixels.push_back(
              double(y) >= box.top && double(y) < box.bottom && double(x) >= box.left && double(x) < box.right ? 255
                                                                                                               : 0);
    }
  }
  Index size() const { return images.size(); }
  Index channel_count() const { return 1; }
  Index class_count() const { return 1; }
  template <class Use>
  void with_image(Index i, const Use& use) const {
    images.with_image(i, use);
  }
  template <class Use>
  void with_target(Index i, const Use& use) const {
    use(Boxes::View(boxes).subspan(static_cast<std::size_t>(i), 1));
  }
  friend void validate(const Rectangles&, const std::string&) {}
};

/// Images of which nothing is said.
struct Unlabelled {
  Dataset images;
  using Target = NoTarget;
  Index size() const { return images.size(); }
  Index channel_count() const { return images.channels; }
  template <class Use>
  void with_image(Index i, const Use& use) const {
    images.with_image(i, use);
  }
  friend void validate(const Unlabelled& set, const std::string& subject) { validate(set.images, subject); }
};

struct Geometry {
  static constexpr Index height = 16, width = 24, values = height * width;
  using Pixels = Shape<dyn, 1, height, width>;
};
const Normalization levels{{0}, {1}};
const Augmentation augmentation{.shift = 2, .flip = true, .min_crop_scale = 0.5};

}  // namespace

TEST_CASE("boxes follow their images through crop, shift and mirror") {
  const Rectangles set(40);
  Batch<Geometry, float, Boxes> batch(40);
  batch.samples = shuffled(40, 1, 0);
  batch.epoch = 3;
  load_batch<Serial>(set, levels, augmentation, 7, batch, 1);
  REQUIRE(batch.targets.size() == 40);
  Index inside = 0, outside = 0;
  for (Index b = 0; b < 40; ++b)
    for (Index y = 2; y < 14; ++y)
      for (Index x = 2; x < 22; ++x) {
        double depth = -9;  // how far inside a box the pixel lies, in pixels
        for (const Box& box : batch.targets[static_cast<std::size_t>(b)])
          depth = std::fmin(std::fmin(double(y) - box.top, box.bottom - double(y) - 1),
                            std::fmin(double(x) - box.left, box.right - double(x) - 1));
        const double level = double(batch.images(b, 0, y, x));
        inside += depth > 2, outside += depth < -3;
        CHECK((depth <= 2 || level > 0.9));
        CHECK((depth >= -3 || level < 0.1));
      }
  CHECK(inside > 300);
  CHECK(outside > 300);
}

TEST_CASE("the same targets whatever the threads, and a loader's with its own samples") {
  const Rectangles set(12);
  Loader<Geometry, float, Boxes> loader(set, levels, augmentation, {12, 5, 3, 9}), other = loader;
  Batch<Geometry, float, Boxes> batch(5), again(5);
  const auto same = [](const Box& a, const Box& b) {
    return a.top == b.top && a.left == b.left && a.bottom == b.bottom && a.right == b.right;
  };
  for (const Index position : {0, 1, 2, 5}) {
    loader.load<Serial>(position, batch, 1);
    other.load<DefaultThreads>(position, again, 2);
    REQUIRE(batch.targets.size() == again.targets.size());
    CHECK(batch.count() == (position % 3 == 2 ? 2 : 5));
    for (std::size_t b = 0; b < batch.targets.size(); ++b) {
      REQUIRE(batch.targets[b].size() == again.targets[b].size());
      for (std::size_t k = 0; k < batch.targets[b].size(); ++k) CHECK(same(batch.targets[b][k], again.targets[b][k]));
    }
  }
}

TEST_CASE("a view of a collection tells its target, and refuses another") {
  const Rectangles boxed(3);
  const Images images(boxed);
  CHECK(images.gives<Boxes>());
  CHECK(images.gives<NoTarget>());
  CHECK(!images.gives<Label>());
  CHECK(images.label(0) == -1);
  CHECK(error_of([&] { images.ensure_gives<Label>("training set"); }) ==
        "mae: training set: found images with boxes, expected images with a label");
  CHECK(error_of([&] { images.with_target<Label>(0, [](std::int32_t) {}); }) ==
        "mae: images: found images with boxes, expected images with a label");
  Index seen = 0;
  images.with_target<Boxes>(2, [&](Boxes::View view) { seen = static_cast<Index>(view.size()); });
  CHECK(seen == 1);

  const Dataset labelled{1, 1, 1, {4, 5}, {1, 0}, 2};
  CHECK(Images(labelled).gives<Label>());
  std::int32_t label = -1;
  Images(labelled).with_target<Label>(0, [&](std::int32_t found) { label = found; });
  CHECK(label == 1);

  const Unlabelled bare{random_images(4)};
  CHECK(Images(bare).classes() == 0);
  CHECK(Images(bare).label(0) == -1);
  CHECK(Images(bare).gives<NoTarget>());
  CHECK(!Images(bare).gives<Label>());
  CHECK(loaded(bare, 1, {}) == loaded(bare.images, 1, {}));
}
