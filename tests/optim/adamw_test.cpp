#include <mae/optim/adamw.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>

#include <doctest/doctest.h>

#include <mae/backend/cpu/kernels.hpp>
#include <mae/nn/init.hpp>

#include "support/team.hpp"

using namespace mae;

namespace {

using test::Team;
using Policy = Cpu<float, isa::Best, Team>;

struct Odd {
  Parameter<Shape<2, 3>, init::Normal<1, 1>> bias;  // a matrix in name only
  MAE_MODULE(bias)
};
struct Model {
  Parameter<Shape<250, 210>, init::Normal<1, 1>> weight;  // enough for three threads
  Parameter<Shape<1, 1, 5>, init::Normal<1, 1>> cls_token;
  Parameter<Shape<7>, init::Normal<1, 1>> scale;
  Odd odd;
  Parameter<Shape<4, 5>, init::Normal<1, 1>, Trainable::no> table;
  MAE_MODULE(weight, cls_token, scale, odd, table)
};
using W = Weights<Model, Policy>;

W some_gradients(std::uint64_t seed) {
  W gradients(seed);
  float* const table = gradients.at(*gradients.find("table"));
  for (int i = 0; i < 20; ++i) table[i] = 0;  // frozen
  return gradients;
}

/// One weight by the formula, in double.
struct Weight {
  double w, m = 0, v = 0;
  void step(double g, int t, double rate, double decay, const AdamwOptions& o) {
    m = o.beta1 * m + (1 - o.beta1) * g;
    v = o.beta2 * v + (1 - o.beta2) * g * g;
    w *= 1 - rate * decay;
    w -= rate * (m / (1 - std::pow(o.beta1, t))) / (std::sqrt(v / (1 - std::pow(o.beta2, t))) + o.epsilon);
  }
};

template <class Scale>
void check_formula(const AdamwOptions& options, const Scale& scale) {
  const W start(1);
  W weights(1);
  AdamW<Model, Policy> optimizer(options);
  optimizer.set_scale(scale);
  std::vector<Weight> expected;
  for (Index i = 0; i < start.size(); ++i) expected.push_back({double(start.data()[i])});
  for (int t = 1; t <= 3; ++t) {
    const W gradients = some_gradients(std::uint64_t(10 + t));
    W given = some_gradients(std::uint64_t(10 + t));
    const double rate = 0.01 * t;
    optimizer.step(weights, given, rate);
    CHECK(optimizer.steps() == t);
    CHECK(std::count(given.data(), given.data() + given.size(), 0.f) == given.size());
    for (const ParameterInfo& p : start.parameters()) {
      const double decay = p.name == "weight" || p.name == "cls_token" ? options.weight_decay : 0;
      double worst = 0;
      for (Index i = p.offset; i < p.offset + p.count && p.trained; ++i) {
        Weight& e = expected[static_cast<std::size_t>(i)];
        e.step(double(gradients.data()[i]), t, rate * scale(p), decay, options);
        worst = std::fmax(worst, std::fabs(e.w - double(weights.data()[i])));
      }
      INFO(p.name, ", step ", t);
      CHECK(worst < 2e-6);
    }
  }
  const ParameterInfo& table = *start.find("table");
  CHECK(std::memcmp(weights.at(table), start.at(table), 80) == 0);
}

const auto same = [](const ParameterInfo&) { return 1.0; };

}  // namespace

TEST_CASE("the formula: matrices and tokens decay, vectors and biases do not, frozen parameters stay") {
  check_formula({}, same);
  check_formula({.beta1 = 0.8, .beta2 = 0.999, .epsilon = 1e-3, .weight_decay = 2}, same);
}

TEST_CASE("each parameter has a rate of its own, decay included; rate zero changes no bit") {
  check_formula({.weight_decay = 1}, [](const ParameterInfo& p) { return p.name == "weight" ? 0.25 : 3.0; });
  const W start(1);
  W weights(1), gradients = some_gradients(2);
  AdamW<Model, Policy> optimizer({.weight_decay = 1});
  optimizer.set_scale([](const ParameterInfo& p) { return p.name == "scale" ? 1.0 : 0.0; });
  optimizer.step(weights, gradients, 0.1);
  for (const ParameterInfo& p : start.parameters()) {
    INFO(p.name);
    const bool kept = std::memcmp(weights.at(p), start.at(p), static_cast<std::size_t>(p.count) * 4) == 0;
    CHECK(kept == (p.name != "scale"));
  }
}

TEST_CASE("which parameters decay can be chosen") {
  const W start(1);
  W weights(1), gradients;
  AdamW<Model, Policy> optimizer({.weight_decay = 0.5});
  optimizer.set_decay([](const ParameterInfo& p) { return p.name == "scale"; });
  optimizer.step(weights, gradients, 0.1);
  for (const ParameterInfo& p : start.parameters()) {
    const double factor = p.name == "scale" ? 0.95 : 1;
    INFO(p.name);
    CHECK(weights.at(p)[0] == doctest::Approx(factor * double(start.at(p)[0])).epsilon(1e-6));
  }
}

TEST_CASE("clipping: the norm over all parameters, and a gradient scaled to it") {
  const W gradients = some_gradients(11);
  double squares = 0;
  for (const ParameterInfo& p : gradients.parameters())
    for (Index i = 0; i < p.count; ++i) squares += double(gradients.at(p)[i]) * double(gradients.at(p)[i]);
  AdamW<Model, Policy> optimizer;
  CHECK(optimizer.norm(gradients) == doctest::Approx(std::sqrt(squares)).epsilon(1e-12));

  // After one step the first moment is (1 - β1) times the clipped gradient.
  for (const double limit : {0.5 * std::sqrt(squares), 2 * std::sqrt(squares)}) {
    W weights(1), given = some_gradients(11);
    AdamW<Model, Policy> clipping({.clip = limit});
    clipping.step(weights, given, 0.01);
    CHECK(clipping.norm(clipping.first_moment()) ==
          doctest::Approx(0.1 * std::fmin(limit, std::sqrt(squares))).epsilon(1e-6));
  }
}

TEST_CASE("a gradient that is not finite is told, with clipping and without, and nothing changes") {
  const W start(1);
  for (const double clip : {0., 1.})
    for (const float bad : {HUGE_VALF, -HUGE_VALF, NAN}) {
      W weights(1), gradients = some_gradients(11);
      gradients.at(*gradients.find("scale"))[3] = bad;
      gradients.at(*gradients.find("odd.bias"))[1] = bad;  // the second
      AdamW<Model, Policy> optimizer({.clip = clip});
      CHECK_THROWS_WITH_AS(optimizer.step(weights, gradients, 0.01),
                           "mae: gradient: found a norm that is not finite, first in scale, expected finite numbers; "
                           "lower the learning rate",
                           Error);
      CHECK(std::memcmp(weights.data(), start.data(), static_cast<std::size_t>(start.size()) * 4) == 0);
      CHECK(optimizer.norm(optimizer.first_moment()) == 0);
      CHECK(optimizer.norm(optimizer.second_moment()) == 0);
      CHECK(optimizer.steps() == 0);
    }
}

TEST_CASE("options that make no sense are named") {
  auto check = [](const AdamwOptions& options, const std::string& message) {
    CHECK_THROWS_WITH_AS((AdamW<Model, Policy>(options)), ("mae: " + message).c_str(), Error);
  };
  CHECK_NOTHROW(validate(AdamwOptions{.beta1 = 0, .beta2 = 0, .epsilon = 1e-300, .weight_decay = 0, .clip = 0}));
  check({.beta1 = 1}, "beta1: found 1.000000, expected a number in [0, 1)");
  check({.beta1 = NAN}, "beta1: found nan, expected a number in [0, 1)");
  check({.beta2 = -0.5}, "beta2: found -0.500000, expected a number in [0, 1)");
  check({.epsilon = 0}, "epsilon: found 0.000000, expected a finite number above 0");
  check({.epsilon = HUGE_VAL}, "epsilon: found inf, expected a finite number above 0");
  check({.weight_decay = -1}, "weight_decay: found -1.000000, expected a finite number from 0");
  check({.weight_decay = HUGE_VAL}, "weight_decay: found inf, expected a finite number from 0");
  check({.clip = -1}, "clip: found -1.000000, expected a finite number from 0");
  check({.clip = NAN}, "clip: found nan, expected a finite number from 0");
}

TEST_CASE("one, two and three threads compute the same bits") {
  auto run = [](int threads) {
    Team::number = threads;
    W weights(1);
    AdamW<Model, Policy> optimizer({.clip = 100});
    for (std::uint64_t t = 1; t <= 3; ++t) {
      W gradients = some_gradients(10 + t);
      optimizer.step(weights, gradients, 0.01);
    }
    Team::number = 1;
    return weights;
  };
  const W one = run(1);
  for (const int threads : {2, 3}) {
    const W many = run(threads);
    CHECK(std::memcmp(many.data(), one.data(), static_cast<std::size_t>(one.size()) * 4) == 0);
  }
}
