#include <mae/model/feature_pyramid.hpp>

#include <doctest/doctest.h>

#include <mae/backend/cpu/kernels.hpp>
#include <mae/backend/reference.hpp>

#include "support/golden.hpp"

using namespace test;

namespace {

struct Neck : FeaturePyramid<Grid<5, 4, 16>, 8, Scales<2, 0, -1, -2>, 4> {
  using Inputs = mae::Inputs<Input<Shape<dyn, 20, 8>, void, true>>;
};

}  // namespace

TEST_CASE_TEMPLATE("the pyramid is that of PyTorch's layers, forward and backward", Policy, Reference<double>,
                   Cpu<double>, Cpu<float>) {
  using T = typename Policy::Accumulator;
  const SafetensorsFile file = golden_file("pyramid_neck");
  INFO("torch ", file.metadata("torch"));
  Weights<Neck, Policy> weights, gradients;
  load(file, weights);
  Session<Program<Neck, Policy>> session(1);
  const auto x = tensor<T, Shape<dyn, 20, 8>>(file, "x");
  const auto y = session.forward(weights, x);
  CHECK(distance(y, file.values<double>("y")) < tolerance<T>.value);
  const auto dy = file.values<T>("dy");
  auto seed = session.seed_gradient();
  for (Index i = 0; i < seed.size(); ++i) seed.data()[i] = dy[static_cast<std::size_t>(i)];
  session.backward(gradients);
  CHECK(distance(session.template input_gradient_of<0>(), file.values<double>("dx")) < 10 * tolerance<T>.value);
  const auto worst = worst_gradient(file, gradients);
  INFO(worst.parameter);
  CHECK(worst.size < tolerance<T>.gradient);
}

TEST_CASE("levels: grids, strides and first places; odd maps are rounded down where they are pooled") {
  using Maps = Neck::Levels;
  static_assert(std::is_same_v<Maps, Levels<Grid<20, 16, 4>, Grid<5, 4, 16>, Grid<2, 2, 32>, Grid<1, 1, 64>>>);
  using Photos = FeaturePyramid<Grid<32, 32, 16>, 768, Scales<1, 0, -1, -2>, 256>;
  static_assert(Photos::Levels::places == 5440 && Photos::Levels::all[0].stride == 8);
  static_assert(FeaturePyramid<Grid<64, 64, 16>, 768, Scales<1, 0, -1, -2>, 256>::Levels::places == 21760);
  static_assert(FeaturePyramid<Grid<12, 12, 4>, 96, Scales<1, 0, -1>, 64>::Levels::places == 756);
  static_assert(FeaturePyramid<Grid<16, 16, 8>, 192, Scales<1, 0, -1>, 96>::Levels::places == 1344);
  CHECK(Maps::places == 320 + 20 + 4 + 1);
}

TEST_CASE("parameters of the necks of common sizes, by hand") {
  CHECK(parameter_count<FeaturePyramid<Grid<12, 12, 4>, 96, Scales<1, 0, -1>, 64>>() == 145'728);
  CHECK(parameter_count<FeaturePyramid<Grid<16, 16, 8>, 192, Scales<1, 0, -1>, 96>>() == 370'752);
  CHECK(parameter_count<FeaturePyramid<Grid<32, 32, 16>, 768, Scales<1, 0, -1, -2>, 256>>() == 4'234'752);
  CHECK(parameter_count<FeaturePyramid<Grid<64, 64, 16>, 1024, Scales<1, 0, -1, -2>, 256>>() == 5'382'144);
  CHECK(parameter_count<FeaturePyramid<Grid<32, 32, 16>, 768, Scales<2, 1, 0, -1>, 256>>() == 5'564'928);
}
