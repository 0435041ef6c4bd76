#include <mae/model/encoder_parameters.hpp>

#include <algorithm>

#include <doctest/doctest.h>

#include <mae/model/classifier.hpp>
#include <mae/model/masked_autoencoder.hpp>

using namespace mae;

namespace {

using Geometry = ImageShape<1, 4, 4, 2>;
using Size = Transformer<8, 2, 1>;
using Alone = Encoder<Geometry, Size>;
using Names = std::vector<std::string>;

/// A head whose names nobody knows, in front of the encoder.
struct Mine : EncoderWithHead<Geometry, Size> {
  Linear<8, 3> classifier;
  MAE_MODULE(classifier, encoder)
};

Names names(const std::vector<ParameterInfo>& parameters, const std::string& but = "nothing") {
  Names result;
  for (const ParameterInfo& p : parameters)
    if (!p.name.starts_with(but)) result.push_back(p.name);
  return result;
}

/// The model's parameters that are not the encoder's; those that are must have their shape, and names that end alike.
template <class Model>
Names new_ones() {
  const auto encoder = encoder_parameters<Model>();
  Names fresh;
  for (const ParameterInfo& p : parameters<Model>()) {
    const std::string name = name_in_encoder(encoder, p);
    if (name.empty()) {
      fresh.push_back(p.name);
      continue;
    }
    CHECK(p.name.ends_with(name));
    const auto same = [&](const ParameterInfo& known) { return known.name == name && known.shape == p.shape; };
    CHECK(std::count_if(encoder.begin(), encoder.end(), same) == 1);
  }
  return fresh;
}

}  // namespace

TEST_CASE("of an encoder, of what has one and of what lists its parts, the encoder's parameters have its own names") {
  const Names all = names(parameters<Alone>()), trunk = names(parameters<Alone>(), "norm.");
  CHECK(all.size() == trunk.size() + 2);
  CHECK(names(encoder_parameters<Alone>()) == all);
  CHECK(names(encoder_parameters<MaskedAutoencoder<Geometry, Size, Size>>()) == all);
  CHECK(names(encoder_parameters<LinearProbe<Geometry, Size, 3>>()) == all);
  CHECK(names(encoder_parameters<Classifier<Geometry, Size, 3, Pool::class_token>>()) == all);
  CHECK(names(encoder_parameters<Classifier<Geometry, Size, 3, Pool::mean>>()) == trunk);
  CHECK(names(encoder_parameters<Mine>()) == all);
}

TEST_CASE("what is new is told by its place, whatever it is called") {
  CHECK(new_ones<Alone>() == Names{});
  CHECK(new_ones<Mine>() == Names{"classifier.weight", "classifier.bias"});
  CHECK(new_ones<Classifier<Geometry, Size, 3>>() ==
        Names{"fc_norm.weight", "fc_norm.bias", "head.weight", "head.bias"});
  CHECK(new_ones<Classifier<Geometry, Size, 3, Pool::class_token>>() == Names{"head.weight", "head.bias"});
  CHECK(new_ones<LinearProbe<Geometry, Size, 3>>() ==
        Names{"head.0.running_mean", "head.0.running_var", "head.1.weight", "head.1.bias"});
}
