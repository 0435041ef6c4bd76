#include <mae/eval/extract_features.hpp>

#include <doctest/doctest.h>

#include <mae/data/to_tensor.hpp>

#include "train/toy.hpp"

using namespace test;

namespace {
using Geometry = ImageShape<1, 8, 8, 4>;
using Model = Encoder<Geometry, Transformer<16, 1, 2>>;
}  // namespace

TEST_CASE("a row for each image: the mean of its patch tokens, or its class token, whatever the batch") {
  const Dataset images = bars(13, 1);
  const Pretrained<Model, Policy> encoder{Weights<Model, Policy>(3), Normalization::of(images)};
  const auto tokens = encode(encoder.weights, to_tensor<Geometry>(images, encoder.normalization));  // [13, 5, 16]
  for (const Index batch : {1, 5, 100}) {
    const auto means = extract_features(encoder, images, batch);
    const auto tokens_of_class = extract_features<Pool::class_token>(encoder, images, batch);
    static_assert(std::is_same_v<decltype(means), const Tensor<float, Shape<dyn, 16>>>);
    REQUIRE(means.batch() == 13);
    for (Index i = 0; i < 13; ++i)
      for (Index d = 0; d < 16; ++d) {
        double sum = 0;
        for (Index l = 1; l < 5; ++l) sum += double(tokens(i, l, d)) / 4;
        REQUIRE(double(means(i, d)) == doctest::Approx(sum).epsilon(1e-5));
        REQUIRE(tokens_of_class(i, d) == doctest::Approx(tokens(i, 0, d)).epsilon(1e-5));
      }
  }
  CHECK(error_of([&] {
          extract_features(encoder, Dataset{1, 8, 8, {}, {}, 0});
        }) == "mae: images: found no images, expected at least one");
  const Dataset colour{3, 8, 8, std::vector<std::uint8_t>(192), {}, 0};
  CHECK(error_of([&] { extract_features(encoder, colour); }) ==
        "mae: images: found 3 channels, expected the model's 1");
}
