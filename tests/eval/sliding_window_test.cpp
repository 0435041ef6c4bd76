#include <mae/eval/sliding_window.hpp>

#include <doctest/doctest.h>

#include <mae/data/canvas.hpp>
#include <mae/model/geometry.hpp>
#include <mae/nn/linear.hpp>
#include <mae/ops/patchify.hpp>
#include <mae/ops/upsample.hpp>

#include "train/toy.hpp"

using namespace test;

namespace {

/// Each patch of 2 x 2 pixels becomes three logits, by one linear layer.
struct Pixels {
  using ImageShape = mae::ImageShape<1, 6, 8, 2>;
  static constexpr Index classes = 3;
  using Inputs = mae::Inputs<Input<ImageShape::Pixels>>;
  Linear<4, classes, init::Normal<1, 1>> head;
  MAE_MODULE(head)
  constexpr auto operator()(const Expression auto& images) const {
    return upsample<3, 4, 2>(head(patchify<2>(images)));  // [B, 48, 3]
  }
};
constexpr Index H = 6, W = 8, K = 3;
const Normalization half{{0.5}, {0.25}};

Image noise(Index height, Index width) {
  Image image{1, height, width, {}};
  const RandomStream stream(7, Purpose::probe);
  for (Index i = 0; i < height * width; ++i)
    image.pixels.push_back(static_cast<std::uint8_t>(stream.below(static_cast<std::uint32_t>(i), 256)));
  return image;
}
ImageView view(const Image& image) { return {image.pixels.data(), image.channels, image.height, image.width, 0}; }

/// What the header says, one window after the other, in double.
std::vector<double> plainly(const Weights<Pixels, Policy>& weights, const std::vector<double>& levels, Index height,
                            Index width, Index down, Index right) {
  std::vector<double> sum(static_cast<std::size_t>(height * width * K)), count(sum.size());
  Session<Program<Pixels, Policy, Inference>> session(1);
  for (Index i = 0; i == 0 || (i - 1) * down + H < height; ++i)
    for (Index j = 0; j == 0 || (j - 1) * right + W < width; ++j) {
      const Index top = (std::min)(i * down, height - H), left = (std::min)(j * right, width - W);
      Tensor<float, Pixels::ImageShape::Pixels> window(1);
      for (Index y = 0; y < H; ++y)
        for (Index x = 0; x < W; ++x)
          window(0, 0, y, x) =
              static_cast<float>((levels[static_cast<std::size_t>((top + y) * width + left + x)] / 255 - 0.5) / 0.25);
      const auto logits = session.forward(weights, window);
      for (Index y = 0; y < H; ++y)
        for (Index x = 0; x < W; ++x)
          for (Index k = 0; k < K; ++k) {
            const auto at = static_cast<std::size_t>(((top + y) * width + left + x) * K + k);
            sum[at] += double(logits(0, y * W + x, k)), ++count[at];
          }
    }
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] /= count[i];
  return sum;
}

}  // namespace

TEST_CASE("windows stand at the stride, the last one at the border, and each place knows how many show it") {
  using detail::window_starts, detail::window_counts;
  CHECK(window_starts(8, 8, 0.5) == std::vector<Index>{0});
  CHECK(window_starts(16, 8, 0.5) == std::vector<Index>{0, 4, 8});
  CHECK(window_starts(17, 8, 0.5) == std::vector<Index>{0, 4, 8, 9});
  CHECK(window_starts(17, 8, 1) == std::vector<Index>{0, 8, 9});
  CHECK(window_starts(10, 8, 0.01) == std::vector<Index>{0, 1, 2});
  CHECK(window_starts(1024, 512, 2. / 3) == std::vector<Index>{0, 341, 512});  // mmsegmentation's 512 by 341
  CHECK(window_counts({0, 2, 3}, 4) == std::vector<Index>{1, 1, 2, 3, 2, 2, 1});
}

TEST_CASE("logits are the mean over the windows that show a pixel") {
  const Weights<Pixels, Policy> weights(3);
  struct Case {
    Index height, width, down, right;
    double stride;
    Index batch;
  };
  for (const Case& c : {Case{6, 8, 3, 4, 0.5, 16}, Case{6, 19, 3, 4, 0.5, 2}, Case{13, 8, 4, 5, 2. / 3, 16},
                        Case{23, 8, 6, 8, 1, 3}, Case{17, 8, 1, 1, 0.1, 5}}) {
    const Image image = noise(c.height, c.width);
    SlidingSegmenter<Pixels, Policy> segmenter(weights, half, {.stride = c.stride, .batch = c.batch});
    const auto& found = segmenter.logits(view(image));
    REQUIRE(found.height == c.height);  // the image just covers the window
    REQUIRE(found.width == c.width);
    const std::vector<double> levels(image.pixels.begin(), image.pixels.end());
    const auto expected = plainly(weights, levels, c.height, c.width, c.down, c.right);
    double worst = 0;
    for (std::size_t i = 0; i < expected.size(); ++i)
      worst = (std::max)(worst, std::fabs(double(found.of[i]) - expected[i]));
    CHECK(worst < 1e-5);
  }
}

TEST_CASE("an image of another size is resized to cover the window, and its classes are those of its own pixels") {
  const Weights<Pixels, Policy> weights(3);
  for (const double zoom : {1.0, 1.5})
    for (const auto& [height, width] : {std::pair<Index, Index>{24, 20}, {3, 5}, {40, 16}}) {
      const Image image = noise(height, width);
      const double cover = zoom * (std::max)(6. / double(height), 8. / double(width));
      const Index h = (std::max)(H, Index(std::lround(cover * double(height)))),
                  w = (std::max)(W, Index(std::lround(cover * double(width))));
      std::vector<float> resized(static_cast<std::size_t>(h * w));
      resize(image.pixels.data(), 1, height, width, {0, 0, double(height), double(width)}, resized.data(), h, w);
      const auto logits = plainly(weights, {resized.begin(), resized.end()}, h, w, 4, 5);
      SlidingSegmenter<Pixels, Policy> segmenter(weights, half, {.zoom = zoom});
      std::vector<std::uint8_t> map;
      segmenter.classes(view(image), height, width, map);
      REQUIRE(map.size() == image.pixels.size());
      Index sure = 0;
      for (Index y = 0; y < height; ++y)
        for (Index x = 0; x < width; ++x) {
          const double v = (std::max)((double(y) + 0.5) * double(h) / double(height) - 0.5, 0.);
          const double u = (std::max)((double(x) + 0.5) * double(w) / double(width) - 0.5, 0.);
          const Index i = Index(v), j = Index(u), i1 = (std::min)(i + 1, h - 1), j1 = (std::min)(j + 1, w - 1);
          double value[K];
          for (Index k = 0; k < K; ++k) {
            const auto at = [&](Index a, Index b) { return logits[static_cast<std::size_t>((a * w + b) * K + k)]; };
            const double t = v - double(i), s = u - double(j);
            value[k] = (1 - t) * ((1 - s) * at(i, j) + s * at(i, j1)) + t * ((1 - s) * at(i1, j) + s * at(i1, j1));
          }
          const auto found = map[static_cast<std::size_t>(y * width + x)];
          REQUIRE(found < K);
          for (Index k = 0; k < K; ++k) CHECK(value[found] > value[k] - 1e-5);
          sure += (found != 0);
        }
      CHECK(sure > 0);
    }
}

TEST_CASE("threads show in no bit, and what does not fit is told") {
  const Weights<Pixels, Policy> weights(3);
  const Image image = noise(31, 57);
  std::vector<std::uint8_t> one, three;
  Team::number = 1;
  SlidingSegmenter<Pixels, Policy>(weights, half).classes(view(image), 31, 57, one);
  Team::number = 3;
  SlidingSegmenter<Pixels, Policy> segmenter(weights, half);
  segmenter.classes(view(image), 31, 57, three);
  CHECK(one == three);
  CHECK(std::find(one.begin(), one.end(), 2) != one.end());
  SlidingSegmenter<Pixels, Policy>(weights, half, {.classes = 2}).classes(view(image), 31, 57, three);
  CHECK(std::find(three.begin(), three.end(), 2) == three.end());
  for (std::size_t i = 0; i < one.size(); ++i) CHECK((one[i] == 2 || three[i] == one[i]));
  const auto error = [&](const SlidingWindow& options, const Normalization& normalization) {
    return error_of([&] { SlidingSegmenter<Pixels, Policy>(weights, normalization, options); });
  };
  CHECK(error({.zoom = 0.5}, half) == "mae: zoom: found 0.500000, expected a number from 1 to 64");
  CHECK(error({.stride = 0}, half) == "mae: stride: found 0.000000, expected a share above 0 and at most 1");
  CHECK(error({.stride = double(NAN)}, half).starts_with("mae: stride: found "));
  CHECK(error({.batch = 0}, half) == "mae: batch: found 0, expected a whole number from 1");
  CHECK(error({}, {{0, 0, 0}, {1, 1, 1}}) ==
        "mae: normalization: found statistics of 3 channels, expected the model's 1");
  const Image colour = blank_image(3, 9, 9);
  CHECK(error_of([&] { segmenter.logits(view(colour)); }) == "mae: image: found 3 channels, expected the model's 1");
}
