#include <mae/model/segmentation_head.hpp>

#include <doctest/doctest.h>

#include <mae/autograd/run/session.hpp>
#include <mae/backend/reference.hpp>

using namespace mae;

namespace {
using Geometry = ImageShape<1, 4, 6, 2>;
using Size = Transformer<8, 1, 2>;
using Model = Segmenter<Geometry, Size, 3, StochasticDepth::off>;
}  // namespace

TEST_CASE("the trunk has the encoder's names; the head is a linear layer on each normalised patch token") {
  const Weights<Encoder<Geometry, Size>, Reference<double>> encoder(5);
  Weights<Model, Reference<double>> weights(5);
  CHECK(weights.parameters().size() == encoder.parameters().size() + 2);
  for (const ParameterInfo &p : encoder.parameters()) {
    REQUIRE(weights.find(p.name) != nullptr);
    for (Index i = 0; i < p.count; ++i) weights.at(*weights.find(p.name))[i] = encoder.at(p)[i];
  }
  Tensor<double, Geometry::Pixels> images(2);
  const RandomStream stream(4, Purpose::probe);
  for (Index i = 0; i < images.size(); ++i) images.data()[i] = stream.normal(static_cast<std::uint32_t>(i));
  Session<Program<Encoder<Geometry, Size>, Reference<double>, Inference>> features(2);
  Session<Program<Model, Reference<double>, Inference>> session(2);
  const auto x = features.forward(encoder, images);  // [B, 1 + 6, 8]
  const auto y = session.forward(weights, images);   // [B, 24, 3]
  const double *const weight = weights.at(*weights.find("head.weight")), *const bias =
                                                                             weights.at(*weights.find("head.bias"));
  for (Index b = 0; b < 2; ++b)
    for (Index k = 0; k < 3; ++k) {
      const auto logit = [&](Index l) {
        double sum = bias[k];
        for (Index c = 0; c < 8; ++c) sum += weight[8 * k + c] * x(b, 1 + l, c);
        return sum;
      };
      // A corner is its token's; pixel (1, 1) lies a quarter of the way to the tokens below, right, and beyond both.
      CHECK(y(b, 0, k) == doctest::Approx(logit(0)).epsilon(1e-12));
      CHECK(y(b, 23, k) == doctest::Approx(logit(5)).epsilon(1e-12));
      const double between = 9 * logit(0) + 3 * logit(1) + 3 * logit(3) + logit(4);
      CHECK(y(b, 7, k) == doctest::Approx(between / 16).epsilon(1e-12));
    }
}
