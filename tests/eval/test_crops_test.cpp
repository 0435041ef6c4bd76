#include <mae/eval/test_crops.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include <mae/eval/nearest_neighbours.hpp>
#include <mae/model/classifier.hpp>

#include "train/toy.hpp"

using namespace test;

namespace {

/// Class k's logit is the mean of image row k.
struct Rows {
  using ImageShape = mae::ImageShape<1, 4, 4, 4>;
  static constexpr Index classes = 4;
  using Inputs = mae::Inputs<Input<ImageShape::Pixels>>;
  Parameter<Shape<4, 16>, init::Zeros> weight;
  Parameter<Shape<4>, init::Zeros> bias;
  MAE_MODULE(weight, bias)
  constexpr auto operator()(const Expression auto& images) const {
    return linear(pool<Pool::class_token>(patchify<4>(images)), weight, bias);
  }
};
const Normalization plain{{0}, {1}};

/// One image of 8 x 8, bright in its rows from `first` to `last` and dark elsewhere.
Dataset band(int first, int last, std::int32_t label) {
  Dataset set{1, 8, 8, {}, {label}, 4};
  for (int at = 0; at < 64; ++at) set.pixels.push_back(at / 8 >= first && at / 8 <= last ? 255 : 0);
  return set;
}
Weights<Rows, Policy> row_weights() {
  Weights<Rows, Policy> weights;
  for (int k = 0; k < 4; ++k)
    for (int at = 0; at < 16; ++at) weights.data()[16 * k + at] = at / 4 == k ? 2.f : 0.f;
  return weights;
}

}  // namespace

TEST_CASE("accuracy of one crop, and of several: the mean of their probabilities") {
  const auto weights = row_weights();
  const Dataset set = band(2, 2, 0);  // row 2 of 8: row 0 of the middle four, row 2 of the upper four
  CHECK(accuracy(weights, set, plain, 64, test_crops(1, 0.5)[0]) == 1);
  CHECK(accuracy_of_crops(weights, set, plain, test_crops(1, 0.5)) == 1);
  CHECK(accuracy_of_crops(weights, set, plain, test_crops(5, 0.5)) == 0);  // twice row 2, once row 0, twice nothing
  const double bright = std::exp(8.), sum = bright + 3;
  const auto mean = mean_probabilities(weights, set, plain, test_crops(5, 0.5)).of;
  CHECK(mean[0] == doctest::Approx((bright / sum + 2 / sum + 2 * 0.25) / 5).epsilon(1e-6));
  CHECK(mean[2] == doctest::Approx((1 / sum + 2 * bright / sum + 2 * 0.25) / 5).epsilon(1e-6));
  const auto ten = mean_probabilities(weights, set, plain, test_crops(10, 0.5)).of;  // rows are the same mirrored
  for (std::size_t k = 0; k < 4; ++k) CHECK(ten[k] == doctest::Approx(mean[k]).epsilon(1e-12));
  CHECK(error_of([&] { accuracy_of_crops(weights, set, plain, {}); }) ==
        "mae: crops: found none, expected at least one");
}

TEST_CASE("many images in batches, each its own answer; neighbours see the same crop") {
  const auto weights = row_weights();
  Dataset set{1, 8, 8, {}, {}, 4};
  for (int i = 0; i < 30; ++i) {
    const Dataset one = band(2 + i % 4, 2 + i % 4, i % 4);
    set.pixels.insert(set.pixels.end(), one.pixels.begin(), one.pixels.end());
    set.labels.push_back(i < 27 ? i % 4 : (i + 1) % 4);
  }
  for (const Index batch : {1, 7, 64})
    CHECK(accuracy_of_crops(weights, set, plain, test_crops(1, 0.5), batch) == doctest::Approx(0.9));
}

TEST_CASE("nearest neighbours look at the crop") {
  using Model = Encoder<ImageShape<1, 8, 8, 4>, Transformer<16, 1, 2>>;
  const Weights<Model, Policy> weights(3);
  // Large images of which the middle 8 x 8 are bars and the rest is noise.
  const auto framed = [](const Dataset& bars, std::uint64_t seed) {
    Dataset set{1, 16, 16, {}, bars.labels, 4};
    for (Index i = 0; i < bars.size(); ++i)
      for (int y = 0; y < 16; ++y)
        for (int x = 0; x < 16; ++x)
          set.pixels.push_back(
              y >= 4 && y < 12 && x >= 4 && x < 12
                  ? bars.image(i)[static_cast<std::size_t>(8 * (y - 4) + x - 4)]
                  : static_cast<std::uint8_t>(
                        RandomStream(seed, Purpose::probe, 1, std::uint64_t(i)).below(std::uint32_t(16 * y + x), 256)));
    return set;
  };
  const Dataset known = bars(90, 1), asked = bars(50, 2);
  const Normalization normalization{{0.5}, {0.3}};
  const double middle = nearest_neighbour_accuracy(weights, framed(known, 3), framed(asked, 4), normalization,
                                                   {.view = test_crops(1, 0.5)[0]});
  CHECK(middle == nearest_neighbour_accuracy(weights, known, asked, normalization));
  CHECK(middle > nearest_neighbour_accuracy(weights, framed(known, 3), framed(asked, 4), normalization));
}
