// Parameters and weights: names, places, first values.
#include <mae/autograd/run/weights.hpp>

#include <doctest/doctest.h>

#include "modules.hpp"

using namespace test;

namespace {
using Policy = Reference<float>;
struct Layer {
  Parameter<Shape<3, 5>, Uniform> weight;
  Parameter<Shape<3>, Uniform, Trainable::no> bias;
  MAE_MODULE(weight, bias)
};
struct Small {
  Layer a, b;
  MAE_MODULE(a, b)
};
struct Large {
  Parameter<Shape<100>, Uniform> front;
  Layer b, a;
  Repeat<2, Layer> layers;
  MAE_MODULE(front, b, a, layers)
};
template <bool First>
struct Renaming {
  Layer a, b;
  Repeat<2, Layer> layers;
  Parameter<Shape<7>, Uniform> end;
  MAE_MODULE(flat(a), as(First ? "first, of (two)" : "second", b), flat(layers), mae::as("x.y", end))
};
struct Nothing {
  MAE_MODULE()
};
struct Frozen {
  Parameter<Shape<3>, Uniform, Trainable::no> x;
  Nothing nothing;
  MAE_MODULE(x, nothing)
};
static_assert(weights_size<Small> == 64 && weights_size<Nothing> == 0);
static_assert(is_trained<Large> && is_trained<Repeat<2, Layer>> && !is_trained<Frozen> && !is_trained<Nothing>);
}  // namespace

TEST_CASE("parameters are named by their path, in order, each aligned") {
  const auto all = parameters<Large>();
  CHECK(all.size() == 9);
  CHECK(all[1].name == "b.weight");
  CHECK(all[8].name == "layers.1.bias");
  CHECK(all[1].shape == std::vector<Index>{3, 5});
  CHECK(all[1].trained);
  CHECK_FALSE(all[2].trained);
  CHECK(parameter_count<Large>() == 100 + 4 * 18);
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(all[i].offset * 4 % alignment == 0);
    if (i > 0) CHECK(all[i].offset >= all[i - 1].offset + all[i - 1].count);
  }
}

TEST_CASE("members are renamed, or named as the module's own, in files alone") {
  std::string names;
  for (const ParameterInfo& parameter : parameters<Renaming<true>>()) names += parameter.name + ' ';
  CHECK(names == "weight bias first, of (two).weight first, of (two).bias 0.weight 0.bias 1.weight 1.bias x.y ");
  CHECK(parameters<Renaming<false>>()[2].name == "second.weight");
  CHECK(bound<Renaming<true>>().b.weight.offset == bound<Small>().b.weight.offset);
}

TEST_CASE("a first value depends on seed and name, not on the rest of the model") {
  const Weights<Small, Policy> small(3), other(4);
  const Weights<Large, Policy> large(3);
  const auto *s = small.find("a.weight"), *l = large.find("a.weight");
  int equal = 0, same_in_b = 0;
  for (Index i = 0; i < s->count; ++i) {
    CHECK(small.at(*s)[i] == large.at(*l)[i]);
    equal += small.at(*s)[i] == other.at(*s)[i];
    same_in_b += small.at(*s)[i] == small.at(*small.find("b.weight"))[i];
  }
  CHECK(equal < 3);
  CHECK(same_in_b < 3);
  CHECK(small.find("c") == nullptr);
}

TEST_CASE("weights are zero until initialised, and zero again when asked") {
  Weights<Small, Policy> weights;
  for (Index i = 0; i < weights.size(); ++i) REQUIRE(weights.data()[i] == 0);
  weights.initialise(1);
  CHECK(weights.at(*weights.find("b.bias"))[2] != 0);
  weights.zero();
  for (Index i = 0; i < weights.size(); ++i) REQUIRE(weights.data()[i] == 0);
}
