// The encoder by itself and in a probe: features of an image are its own, and the probe's are the encoder's.
#include <cmath>

#include <doctest/doctest.h>

#include <mae/autograd/run/gradient_check.hpp>
#include <mae/model/classifier.hpp>
#include <mae/model/encode.hpp>

#include "support/operation.hpp"

using namespace test;

namespace {

using Shape3 = ImageShape<2, 6, 9, 3>;
using Size = Transformer<12, 2, 3, 2>;
using Model = Encoder<Shape3, Size>;
using FeatureShape = Shape<dyn, 7, 12>;

}  // namespace

TEST_CASE("features of an image do not depend on its batch") {
  const Weights<Model, Cpu<double>> weights(1);
  const auto images = random_tensor<double, Shape3::Pixels>(3, 1);
  const auto together = encode(weights, images);
  for (Index b = 0; b < 3; ++b) {
    const auto alone = encode(weights, images.view().slice(b, 1));
    for (Index i = 0; i < FeatureShape::count; ++i) CHECK(alone.data()[i] == together.data()[b * FeatureShape::count + i]);
  }
}

TEST_CASE("every token sees every pixel, and every feature differs from image to image") {
  const Weights<Model, Cpu<double>> weights(1);
  auto images = random_tensor<double, Shape3::Pixels>(1, 1);
  const auto before = encode(weights, images);
  images(0, 1, 5, 8) += 1;  // the last value of the last patch
  const auto after = encode(weights, images);
  for (Index i = 0; i < FeatureShape::count; ++i) CHECK(before.data()[i] != after.data()[i]);
}

TEST_CASE("the last thing is a norm: each token has mean 0 and deviation 1 with first weights") {
  const auto features = encode(Weights<Model, Cpu<double>>(1), random_tensor<double, Shape3::Pixels>(2, 1));
  for (Index b = 0; b < 2; ++b)
    for (Index n = 0; n < 7; ++n) {
      double mean = 0, squares = 0;
      for (Index d = 0; d < 12; ++d) {
        mean += features(b, n, d) / 12;
        squares += features(b, n, d) * features(b, n, d) / 12;
      }
      CHECK(std::fabs(mean) < 1e-12);
      CHECK(squares == doctest::Approx(1).epsilon(1e-4));
    }
}

TEST_CASE_TEMPLATE("a loss on features trains the encoder", Recompute, KeepAll, CheckpointBlocks) {
  using Loss = Scored<Model>;
  const auto report = check_gradients<Program<Loss, Cpu<double>, Recompute>>(
      {3, 1e-3, {}}, Weights<Loss, Cpu<double>>(1), random_tensor<double, Shape3::Pixels>(2, 1));
  INFO(report.where, "[", report.index, "]");
  CHECK(report.worst <= 1e-6);
}

TEST_CASE("a probe's features are the encoder's class token or mean patch token") {
  using Token = LinearProbe<Shape3, Size, 4>;
  using Mean = LinearProbe<Shape3, Size, 4, Pool::mean>;
  const auto images = random_tensor<double, Shape3::Pixels>(2, 1);
  const auto features = encode(Weights<Model, Cpu<double>>(1), images);
  // The same seed gives parameters of the same name the same values.
  const auto token = evaluate(Weights<ProbeFeatures<Token>, Cpu<double>>(1), images);
  const auto average = evaluate(Weights<ProbeFeatures<Mean>, Cpu<double>>(1), images);
  for (Index b = 0; b < 2; ++b)
    for (Index d = 0; d < 12; ++d) {
      double sum = 0;
      for (Index n = 1; n < 7; ++n) sum += features(b, n, d);
      CHECK(token(b, d) == features(b, 0, d));
      CHECK(average(b, d) == doctest::Approx(sum / 6).epsilon(1e-12).scale(1));
    }
}

TEST_CASE("the encoder of a masked autoencoder encodes as the encoder alone") {
  using Whole = MaskedAutoencoder<Shape3, Size, Transformer<8, 1, 2>, MaskRatio<50>>;
  const Weights<Whole, Cpu<double>> whole(1);
  const Weights<Model, Cpu<double>> alone(1);  // first values follow from seed and name, so both agree
  const auto images = random_tensor<double, Shape3::Pixels>(2, 1);
  const auto expected = encode(alone, images), found = encode(whole, images);
  for (Index i = 0; i < found.size(); ++i) CHECK(found.data()[i] == expected.data()[i]);
}
