#include <mae/model/feature_pyramid.hpp>

#include <doctest/doctest.h>

#include <cstring>

#include <mae/backend/cpu/kernels.hpp>
#include <mae/backend/reference.hpp>

#include "support/allocations.hpp"
#include "support/golden.hpp"
#include "support/team.hpp"

using namespace test;

namespace {

template <class Map, Index D, class ScalesType, Index F>
struct NeckOf : FeaturePyramid<Map, D, ScalesType, F> {
  using Inputs = mae::Inputs<Input<Shape<dyn, Map::places, D>, void, true>>;
};
using Neck = NeckOf<Grid<5, 4, 16>, 8, Scales<2, 0, -1, -2>, 4>;

template <class Model>
double operations() {
  return 1e-9 * double(Program<Model, Cpu<float>, Inference>::flops);
}

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

TEST_CASE("the same bits for any number of threads, and no memory is asked for in a step") {
  std::vector<float> first;
  for (const int threads : {1, 2, 7}) {
    Team::number = threads;
    const Weights<Neck, Cpu<float, isa::Best, Team>> weights(4);
    Weights<Neck, Cpu<float, isa::Best, Team>> gradients;
    Tensor<float, Shape<dyn, 20, 8>> x(3);
    for (Index i = 0; i < x.size(); ++i) x.data()[i] = float(i * 37 % 101) / 50 - 1;
    Session<Program<Neck, Cpu<float, isa::Best, Team>>> session(3);
    long before = 0;
    std::vector<float> all;
    for (const bool again : {false, true}) {
      before = allocations;
      const auto y = session.forward(weights, x);
      auto seed = session.seed_gradient();
      for (Index i = 0; i < seed.size(); ++i) seed.data()[i] = float(i % 7) - 3;
      session.backward(gradients);
      if (again) CHECK(allocations == before);
      else all.assign(y.data(), y.data() + y.size());
    }
    const auto dx = session.input_gradient_of<0>();
    all.insert(all.end(), dx.data(), dx.data() + dx.size());
    all.insert(all.end(), gradients.data(), gradients.data() + gradients.size());
    if (threads == 1) first = all;
    CHECK(std::memcmp(all.data(), first.data(), first.size() * sizeof(float)) == 0);
  }
}

TEST_CASE("parameters and operations of the necks of common sizes, by hand") {
  CHECK(operations<NeckOf<Grid<12, 12, 4>, 96, Scales<1, 0, -1>, 64>>() == doctest::Approx(0.0676).epsilon(0.002));
  CHECK(operations<NeckOf<Grid<16, 16, 8>, 192, Scales<1, 0, -1>, 96>>() == doctest::Approx(0.293).epsilon(0.002));
  using Photos = NeckOf<Grid<32, 32, 16>, 768, Scales<1, 0, -1, -2>, 256>;
  CHECK(operations<Photos>() == doctest::Approx(10.2).epsilon(0.002));
  CHECK(operations<NeckOf<Grid<64, 64, 16>, 768, Scales<1, 0, -1, -2>, 256>>() == doctest::Approx(40.8).epsilon(0.002));
  CHECK(operations<NeckOf<Grid<64, 64, 16>, 1024, Scales<1, 0, -1, -2>, 256>>() ==
        doctest::Approx(50.1).epsilon(0.002));
  CHECK(parameter_count<FeaturePyramid<Grid<12, 12, 4>, 96, Scales<1, 0, -1>, 64>>() == 145'728);
  CHECK(parameter_count<FeaturePyramid<Grid<16, 16, 8>, 192, Scales<1, 0, -1>, 96>>() == 370'752);
  CHECK(parameter_count<FeaturePyramid<Grid<32, 32, 16>, 768, Scales<1, 0, -1, -2>, 256>>() == 4'234'752);
  CHECK(parameter_count<FeaturePyramid<Grid<64, 64, 16>, 1024, Scales<1, 0, -1, -2>, 256>>() == 5'382'144);
  CHECK(parameter_count<FeaturePyramid<Grid<32, 32, 16>, 768, Scales<2, 1, 0, -1>, 256>>() == 5'564'928);
}
