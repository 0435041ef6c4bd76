#include <mae/optim/layer_decay.hpp>

#include <doctest/doctest.h>

#include <mae/autograd/trace/parameter.hpp>
#include <mae/model/classifier.hpp>

using namespace mae;

namespace {

using Geometry = ImageShape<3, 8, 8, 4>;
constexpr int depth = 12;
using Size = Transformer<8, depth, 2>;

/// Every parameter's layer, counted from how often each occurs.
template <class Model>
void check_layers(int before, int in_block, int behind) {
  std::vector<int> count(depth + 2);
  for (const ParameterInfo& p : parameters<Model>()) {
    INFO(p.name);
    const int layer = layer_of(p.name, depth);
    REQUIRE(layer >= 0);
    REQUIRE(layer <= depth + 1);
    ++count[static_cast<std::size_t>(layer)];
    if (layer > 0 && layer <= depth) CHECK(p.name.starts_with("blocks." + std::to_string(layer - 1) + "."));
  }
  CHECK(count.front() == before);
  for (int layer = 1; layer <= depth; ++layer) CHECK(count[static_cast<std::size_t>(layer)] == in_block);
  CHECK(count.back() == behind);
}

}  // namespace

TEST_CASE("all names of a classifier and of a probe") {
  // Class token, positions, projection and its bias; two normalisations and four layers; normalisation and head.
  check_layers<Classifier<Geometry, Size, 5, Pool::mean>>(4, 12, 4);
  check_layers<Classifier<Geometry, Size, 5, Pool::class_token>>(4, 12, 4);
  check_layers<LinearProbe<Geometry, Size, 5>>(4, 12, 6);  // with the statistics of the features
}

TEST_CASE("layers and scales") {
  CHECK(layer_of("cls_token", depth) == 0);
  CHECK(layer_of("pos_embed", depth) == 0);
  CHECK(layer_of("patch_embed.proj.weight", depth) == 0);
  CHECK(layer_of("blocks.0.norm1.weight", depth) == 1);
  CHECK(layer_of("blocks.1.norm1.weight", depth) == 2);
  CHECK(layer_of("blocks.11.mlp.fc2.bias", depth) == 12);
  CHECK(layer_of("fc_norm.weight", depth) == 13);
  CHECK(layer_of("norm.bias", depth) == 13);
  CHECK(layer_of("head.weight", depth) == 13);
  CHECK(layer_scale("head.weight", depth, 0.75) == 1);
  CHECK(layer_scale("blocks.11.mlp.fc2.bias", depth, 0.75) == doctest::Approx(0.75));
  CHECK(layer_scale("blocks.10.mlp.fc2.bias", depth, 0.75) == doctest::Approx(0.5625));
  CHECK(layer_scale("cls_token", depth, 0.75) == doctest::Approx(0.0237571));
  CHECK(layer_scale("blocks.3.norm2.weight", depth, 1) == 1);
}
