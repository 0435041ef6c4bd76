#include <mae/nn/conv3x3.hpp>

#include <doctest/doctest.h>

#include <cstring>

#include "support/golden.hpp"
#include "support/operation.hpp"
#include "support/team.hpp"

using namespace test;

namespace {

template <class Maps, Index In, Index Out>
struct Convolution {
  using Inputs = mae::Inputs<Input<Shape<dyn, Maps::places, In>, void, true>>;
  Conv3x3<Maps, In, Out, Uniform, Uniform> conv;
  MAE_MODULE(flat(conv))
  constexpr auto operator()(const Expression auto& x) const { return conv(x); }
};

using One = Levels<Grid<1, 1, 8>>;
using Row = Levels<Grid<1, 7, 8>>;
using Small = Levels<Grid<5, 3, 8>>;
using Three = Levels<Grid<5, 3, 8>, Grid<1, 7, 16>, Grid<1, 1, 32>>;

const SafetensorsFile file = golden_file("pyramid");

template <class Policy, class Maps>
void check(const std::string& maps, Index batch) {
  using Model = Convolution<Maps, 4, 3>;
  using T = typename Policy::Accumulator;
  const std::string name = "conv." + maps + "." + std::to_string(batch) + ".";
  INFO(name, " of torch ", file.metadata("torch"));
  Weights<Model, Policy> weights, gradients;
  const auto place = [&](const ParameterInfo& parameter, Index i) {
    return static_cast<std::size_t>(parameter.file_position(i));
  };
  for (const ParameterInfo& parameter : weights.parameters()) {
    const auto values = file.values<T>(name + parameter.name[0]);
    for (Index i = 0; i < parameter.count; ++i) weights.at(parameter)[i] = values[place(parameter, i)];
  }
  const auto x = tensor<T, Shape<dyn, Maps::places, 4>>(file, name + "x");
  Session<Program<Model, Policy>> session(batch);
  const double tolerance = sizeof(T) == 8 ? 1e-12 : 1e-5;
  CHECK(distance(session.forward(weights, x), file.values<double>(name + "y")) < tolerance);
  const auto dy = file.values<T>(name + "dy");
  auto seed = session.seed_gradient();
  for (Index i = 0; i < seed.size(); ++i) seed.data()[i] = dy[static_cast<std::size_t>(i)];
  session.backward(gradients);
  CHECK(distance(session.template input_gradient_of<0>(), file.values<double>(name + "dx")) < tolerance);
  for (const ParameterInfo& parameter : gradients.parameters()) {
    const auto expected = file.values<double>(name + "d" + parameter.name[0]);
    for (Index i = 0; i < parameter.count; ++i)
      CHECK(double(gradients.at(parameter)[i]) == doctest::Approx(expected[place(parameter, i)]).epsilon(tolerance));
  }
}

/// The convolution by its formula, in double.
template <class Maps, Index In, Index Out, class X>
std::vector<double> by_formula(const X& x, const Weights<Convolution<Maps, In, Out>, Reference<double>>& weights) {
  const auto parameters = weights.parameters();
  const double *const w = weights.at(parameters[0]), *const b = weights.at(parameters[1]);
  std::vector<double> y;
  for (Index s = 0; s < x.batch(); ++s)
    for (const Level& map : Maps::all)
      for (Index i = 0; i < map.rows; ++i)
        for (Index j = 0; j < map.columns; ++j)
          for (Index o = 0; o < Out; ++o) {
            double sum = b[o];
            for (Index u = i - 1; u <= i + 1; ++u)
              for (Index v = j - 1; v <= j + 1; ++v)
                for (Index c = 0; c < In; ++c)
                  if (u >= 0 && u < map.rows && v >= 0 && v < map.columns)
                    sum += w[((o * 3 + u - i + 1) * 3 + v - j + 1) * In + c] * x(s, map.first + u * map.columns + v, c);
            y.push_back(sum);
          }
  return y;
}

}  // namespace

TEST_CASE_TEMPLATE("the convolution is PyTorch's, forward and backward", Policy, Reference<double>, Cpu<double>,
                   Cpu<float>) {
  check<Policy, One>("1x1", 1);
  check<Policy, Row>("1x7", 3);
  check<Policy, Small>("5x3", 1);
  check<Policy, Small>("5x3", 3);
  check<Policy, Three>("5x3+1x7+1x1", 1);
  check<Policy, Three>("5x3+1x7+1x1", 3);
}

TEST_CASE("gradients agree with differences, also where two meet") {
  Weights<Convolution<Three, 3, 2>, Reference<double>> weights;
  weights.initialise(3);
  check_backward(weights, random_tensor<double, Shape<dyn, 23, 3>>(2, 1));
}

TEST_CASE("several strips, channels that are no multiple of a run: the formula, and the same bits for any threads") {
  using Maps = Levels<Grid<19, 17, 4>, Grid<9, 8, 8>>;  // 395 places a sample: 5 samples are two strips
  using Model = Convolution<Maps, 70, 9>;
  Weights<Model, Reference<double>> exact;
  exact.initialise(5);
  const auto x = random_tensor<double, Shape<dyn, Maps::places, 70>>(5, 2);
  const auto expected = by_formula(x, exact);
  const auto run = [&]<class Policy>(Policy) {
    using T = typename Policy::Accumulator;
    Weights<Model, Policy> weights, gradients;
    for (Index i = 0; i < weights.size(); ++i) weights.data()[i] = T(exact.data()[i]);
    Tensor<T, Shape<dyn, Maps::places, 70>> input(5);
    for (Index i = 0; i < input.size(); ++i) input.data()[i] = T(x.data()[i]);
    Session<Program<Model, Policy>> session(5);
    const auto y = session.forward(weights, input);
    CHECK(distance(y, expected) < (sizeof(T) == 8 ? 1e-11 : 1e-4));
    std::vector<T> all(y.data(), y.data() + y.size());
    auto seed = session.seed_gradient();
    for (Index i = 0; i < seed.size(); ++i) seed.data()[i] = T(i % 7) - 3;
    session.backward(gradients);
    const auto dx = session.template input_gradient_of<0>();
    all.insert(all.end(), dx.data(), dx.data() + dx.size());
    all.insert(all.end(), gradients.data(), gradients.data() + gradients.size());
    return all;
  };
  const auto plain = run(Reference<double>());
  const auto fast = run(Cpu<double, isa::Best, Serial>());
  REQUIRE(plain.size() == fast.size());
  double worst = 0;
  for (std::size_t i = 0; i < plain.size(); ++i) worst = std::max(worst, std::fabs(plain[i] - fast[i]));
  CHECK(worst < 1e-10);
  const auto once = run(Cpu<float, isa::Best, Serial>());
  for (const int threads : {1, 2, 7}) {
    Team::number = threads;
    const auto again = run(Cpu<float, isa::Best, Team>());
    CHECK(std::memcmp(again.data(), once.data(), once.size() * sizeof(float)) == 0);
  }
}

TEST_CASE("places, operations and parameters") {
  using Maps = Levels<Grid<64, 64, 8>, Grid<32, 32, 16>, Grid<16, 16, 32>, Grid<8, 8, 64>>;
  using P = Program<Convolution<Maps, 256, 256>, Cpu<float>, Inference>;
  static_assert(Maps::places == 5440 && P::flops == Index{2} * 5440 * 9 * 256 * 256);
  CHECK(parameter_count<Conv3x3<Maps, 256, 80>>() == 9 * 256 * 80 + 80);
}
