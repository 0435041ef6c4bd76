// Feature maps: the tokens of chosen blocks in their places, from any weights that have an encoder.
#include <mae/model/feature_maps.hpp>

#include <doctest/doctest.h>

#include <mae/model/classifier.hpp>
#include <mae/model/masked_autoencoder.hpp>

#include "support/operation.hpp"

using namespace test;

namespace {
using Photo = ImageShape<2, 6, 9, 3>;  // 2 × 3 patches
using Size = Transformer<12, 4, 3, 2>;
using Model = Encoder<Photo, Size>;
using Policy = Cpu<float>;

/// The encoder's blocks run one by one, and its norm.
struct AsEncoder : Model {
  constexpr auto operator()(const Expression auto& images) const {
    return norm(trunk.template features<0, 3>(images)[1]);
  }
};
template <class Other>
void take_encoder(Weights<Other, Policy>& to, const Weights<Model, Policy>& from) {
  for (const ParameterInfo& p : from.parameters())
    if (const ParameterInfo* same = to.find(p.name)) std::copy(from.at(p), from.at(p) + p.count, to.at(*same));
}
}  // namespace

TEST_CASE("maps are the tokens of the blocks asked for, whoever owns the encoder") {
  const Weights<Model, Policy> weights(1);
  const auto images = random_tensor<float, Photo::Pixels>(2, 1);
  const auto maps = feature_maps<0, 2, 3>(weights, images);
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(maps[0])>::Shape, Shape<dyn, 12, 2, 3>>);
  Weights<Classifier<Photo, Size, 3>, Policy> classifier(2);
  Weights<MaskedAutoencoder<Photo, Size, Transformer<12, 1, 3, 2>>, Policy> autoencoder(3);
  take_encoder(classifier, weights);
  take_encoder(autoencoder, weights);
  const auto again = feature_maps<0, 2, 3>(classifier, images);
  const auto [last] = feature_maps<3>(autoencoder, images);
  for (Index i = 0; i < last.size(); ++i) {
    for (std::size_t k = 0; k < 3; ++k) CHECK(again[k].data()[i] == maps[k].data()[i]);
    CHECK(last.data()[i] == maps[2].data()[i]);
    CHECK(maps[0].data()[i] != maps[1].data()[i]);
  }
}

TEST_CASE("the last block's tokens, normalised, are what the encoder gives") {
  const Weights<Model, Policy> weights(1);
  const auto images = random_tensor<float, Photo::Pixels>(2, 1);
  Session<Program<Model, Policy, Inference>> encoder(2);
  Session<Program<AsEncoder, Policy, Inference>> by_blocks(2);
  const auto a = encoder.forward(weights, images), b = by_blocks.forward(weights, images);
  for (Index i = 0; i < a.size(); ++i) CHECK(a.data()[i] == b.data()[i]);
}
