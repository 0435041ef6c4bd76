// What every optimizer must do, whatever its rule: threads do not change bits, updates in parts are updates, mistakes
// are told, and one's own is one of them. SGD and LARS follow PyTorch and the stated formula over twenty updates.
#include <mae/optim/optimizer.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>

#include <doctest/doctest.h>

#include <mae/backend/cpu/kernels.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/linear.hpp>
#include <mae/optim/in_backward.hpp>
#include <mae/optim/lars.hpp>
#include <mae/optim/sgd.hpp>

#include "support/error_of.hpp"
#include "support/golden.hpp"
#include "support/team.hpp"

using namespace mae;
using test::error_of, test::Team;

namespace {

using Policy = Cpu<float, isa::Best, Team>;

struct Model {
  Parameter<Shape<250, 210>, init::Normal<1, 1>> weight;  // enough for three threads
  Parameter<Shape<1, 1, 5>, init::Normal<1, 1>> cls_token;
  Parameter<Shape<7>, init::Normal<1, 1>> scale;
  Parameter<Shape<4, 5>, init::Normal<1, 1>, Trainable::no> table;
  Parameter<Shape<3, 3>, init::Zeros> zeros;
  MAE_MODULE(weight, cls_token, scale, table, zeros)
};
template <class P>
Weights<Model, P> some_gradients(std::uint64_t seed) {
  Weights<Model, P> gradients(seed);
  auto* const table = gradients.at(*gradients.find("table"));
  for (int i = 0; i < 20; ++i) table[i] = 0;  // frozen
  return gradients;
}
template <class W>
bool same_bits(const W& a, const W& b) {
  return std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(*a.data())) == 0;
}
/// One's own: Adagrad (Duchi et al., 2011), s ← s + g², w ← w - η g / (sqrt(s) + 10⁻⁸).
struct AdagradOptions {
  double weight_decay = 0, clip = 0;
  static void each(auto& options, const auto& visit) {
    visit("weight_decay", options.weight_decay), visit("clip", options.clip);
  }
};
template <class T>
struct AdagradFactors {
  static constexpr int states = 1;
  T rate, decay, epsilon;
  template <class Root, class Numbers>
  [[gnu::always_inline]] void update(Numbers& weight, const Numbers& gradient, Numbers (&squares)[states]) const {
    Numbers root;
    const Numbers direction = gradient + decay * weight;
    squares[0] = squares[0] + direction * direction;
    Root::square_root(root, squares[0]);
    weight = weight - rate * direction / (root + epsilon);
  }
};
struct AdagradRule {
  using Options = AdagradOptions;
  template <class T>
  using Factors = AdagradFactors<T>;
  static constexpr const char* name = "Adagrad";
  static constexpr const char* state_names[] = {"sum"};
  AdagradRule(const AdagradOptions&, Index) {}
  AdagradFactors<double> factors(double rate, double decay) const { return {rate, decay, 1e-8}; }
};

/// Options that use all that a rule has.
template <class Rule>
typename Rule::Options some_options() {
  typename Rule::Options options{};
  options.weight_decay = 0.1;
  if constexpr (requires { options.nesterov; }) options.nesterov = true;
  return options;
}
template <class Rule, class P>
struct Trained {
  Weights<Model, P> weights{1};
  Optimizer<Rule, Model, P> optimizer;
  explicit Trained(const typename Rule::Options& options) : optimizer(options) {
    optimizer.set_scale([](const ParameterInfo& p) { return p.name == "scale" ? 0.5 : 1.0; });
  }
  bool operator==(const Trained& other) const {
    for (int k = 0; k < optimizer.states; ++k)
      if (!same_bits(optimizer.state(k), other.optimizer.state(k))) return false;
    return same_bits(weights, other.weights) && optimizer.steps() == other.optimizer.steps();
  }
};
template <class Rule, class P = Policy>
Trained<Rule, P> train(double clip) {
  auto options = some_options<Rule>();
  options.clip = clip;
  Trained<Rule, P> run(options);
  for (std::uint64_t t = 1; t <= 3; ++t) {
    auto gradients = some_gradients<P>(10 + t);
    run.optimizer.step(run.weights, gradients, 0.01 * static_cast<double>(t));
  }
  return run;
}

// ---- golden files
// ----------------------------------------------------------------------------------------------------

using Layer = Linear<5, 7>;

/// The largest error of weights and buffers after the twenty updates of `name`.
template <class Rule, class P>
double golden_error(const std::string& name, const typename Rule::Options& options) {
  const SafetensorsFile file = test::golden_file("optimizers");
  INFO("torch ", file.metadata("torch"));
  const auto rates = file.values<double>("rates");
  REQUIRE(rates.size() == 20);
  Weights<Layer, P> weights, gradients;
  Optimizer<Rule, Layer, P> optimizer(options);
  test::load(file, weights);
  for (std::size_t i = 0; i < rates.size(); ++i) {
    for (const ParameterInfo& p : gradients.parameters()) {
      const auto values = file.values<typename P::Parameter>("gradient." + std::to_string(i) + "." + p.name);
      for (Index j = 0; j < p.count; ++j) gradients.at(p)[j] = values[static_cast<std::size_t>(p.file_position(j))];
    }
    optimizer.step(weights, gradients, rates[i]);
  }
  double worst = 0;
  auto compare = [&](const Weights<Layer, P>& found, const std::string& prefix) {
    for (const ParameterInfo& p : found.parameters()) {
      const auto expected = file.values<double>(prefix + p.name);
      for (Index j = 0; j < p.count; ++j)
        worst = std::fmax(worst, std::fabs(static_cast<double>(found.at(p)[j]) -
                                           expected[static_cast<std::size_t>(p.file_position(j))]));
    }
  };
  compare(weights, name + ".");
  if (name != "plain") compare(optimizer.state(0), name + ".buffer.");
  return worst;
}
template <class P>
void check_golden(double tolerance) {
  auto check = [&](const char* name, double error) {
    INFO(name);
    MESSAGE(name, " within ", error);
    CHECK(error < tolerance);
  };
  check("sgd", golden_error<SgdRule, P>("sgd", {.momentum = 0.9, .weight_decay = 0.05}));
  check("nesterov", golden_error<SgdRule, P>("nesterov", {.momentum = 0.8, .nesterov = true, .weight_decay = 0.05}));
  check("plain", golden_error<SgdRule, P>("plain", {.momentum = 0, .weight_decay = 0.05}));
  check("lars", golden_error<LarsRule, P>("lars", {}));
  check("lars_decay", golden_error<LarsRule, P>("lars_decay", {.weight_decay = 0.05}));
}

}  // namespace

TEST_CASE("twenty updates: SGD as PyTorch's, LARS by the formula of the paper's probe") {
  check_golden<Reference<double>>(1e-12);
  check_golden<Cpu<double>>(1e-12);
  check_golden<Cpu<float>>(3e-6);
}
TEST_CASE_TEMPLATE("one, two and three threads compute the same bits", Rule, AdamwRule, SgdRule, LarsRule,
                   AdagradRule) {
  for (const double clip : {0.0, 100.0}) {
    Team::number = 1;
    const auto one = train<Rule>(clip);
    CHECK_FALSE(same_bits(one.weights, Weights<Model, Policy>(1)));
    for (const int threads : {2, 3}) {
      Team::number = threads;
      CHECK(train<Rule>(clip) == one);
    }
    Team::number = 1;
  }
}

TEST_CASE_TEMPLATE("parameter after parameter, as during backward: the bits of one update", Rule, AdamwRule, SgdRule,
                   LarsRule, AdagradRule) {
  Trained<Rule, Policy> apart(some_options<Rule>()), in_backward(some_options<Rule>());
  OptimizerInBackward<Model, Policy, Rule> update(in_backward.optimizer, in_backward.weights, 250 * 210);
  for (std::uint64_t t = 1; t <= 3; ++t) {
    auto gradients = some_gradients<Policy>(t);
    const auto from = some_gradients<Policy>(t);
    float* const untouched = gradients.at(*gradients.find("cls_token"));  // no gradient reaches it
    for (int i = 0; i < 5; ++i) untouched[i] = 0;
    apart.optimizer.step(apart.weights, gradients, 0.01);
    update.begin(0.01);
    for (const char* name : {"zeros", "scale", "weight"}) {
      const ParameterInfo& p = *from.find(name);
      auto* const memory = static_cast<float*>(update.memory);
      std::copy(from.at(p), from.at(p) + p.count, memory);
      update.take(in_backward.weights.at(p), p.count, memory);
      CHECK(std::count(memory, memory + p.count, 0.f) == p.count);
    }
    update.finish();
    CHECK(in_backward == apart);
  }
}

TEST_CASE("LARS does not update a part of a parameter, whose norm it must know; the others do") {
  auto told = [](auto rule) {
    using Rule = decltype(rule);
    Trained<Rule, Policy> run(some_options<Rule>());
    OptimizerInBackward<Model, Policy, Rule> update(run.optimizer, run.weights, 250 * 210);
    update.begin(0.01);
    return error_of([&] { update.take(run.weights.at(*run.weights.find("weight")), 210, update.memory); });
  };
  CHECK(told(SgdRule({}, 1)) == "");
  CHECK(told(AdamwRule({}, 1)) == "");
  CHECK(told(LarsRule({}, 1)) ==
        "mae: LARS: found the gradient of a part of weight, expected that of the whole parameter; update after the "
        "backward pass");
}

TEST_CASE_TEMPLATE("a gradient that is not finite changes nothing, nor does the update begun after it", Rule, AdamwRule,
                   SgdRule, LarsRule, AdagradRule) {
  auto run = train<Rule>(1), same = train<Rule>(1);
  auto bad = some_gradients<Policy>(1), good = some_gradients<Policy>(2);
  bad.at(*bad.find("scale"))[2] = NAN;
  run.optimizer.start(run.weights, bad, 0.1);
  run.optimizer.start(run.weights, good, 0.1);
  CHECK(error_of([&] { run.optimizer.start(run.weights, good, 0.1); }) ==
        "mae: optimizer: found another update, expected at most 2 that are not finished");
  CHECK(error_of([&] { run.optimizer.finish(); }) ==
        "mae: gradient: found a norm that is not finite, first in scale, expected finite numbers; lower the learning "
        "rate");
  CHECK(run == same);
  auto next = some_gradients<Policy>(2);
  run.optimizer.step(run.weights, good, 0.1), same.optimizer.step(same.weights, next, 0.1);
  CHECK(run == same);
}

TEST_CASE("options that make no sense are named, and all have a name") {
  CHECK(error_of([] { validate(SgdOptions{.momentum = 1}); }) ==
        "mae: momentum: found 1.000000, expected a number in [0, 1)");
  CHECK(error_of([] { validate(SgdOptions{.momentum = 0, .nesterov = true}); }) ==
        "mae: momentum: found 0.000000, expected a number in (0, 1), for Nesterov");
  CHECK(error_of([] { validate(LarsOptions{.trust = 0}); }) ==
        "mae: trust: found 0.000000, expected a finite number above 0");
  CHECK(error_of([] { validate(LarsOptions{.momentum = NAN}); }) ==
        "mae: momentum: found nan, expected a number in [0, 1)");
  CHECK(error_of([] { validate(LarsOptions{.weight_decay = -1}); }) ==
        "mae: weight_decay: found -1.000000, expected a finite number from 0");
  CHECK(error_of([] { validate(SgdOptions{.clip = HUGE_VAL}); }) ==
        "mae: clip: found inf, expected a finite number from 0");
  auto names = [](auto options) {
    std::string all;
    options.each(options, [&](const char* name, auto&, const auto&) { all += std::string(name) + " "; });
    return all;
  };
  CHECK(names(SgdOptions{}) == "momentum nesterov weight_decay clip ");
  CHECK(names(LarsOptions{}) == "momentum trust weight_decay clip ");
  CHECK(names(AdamwOptions{}) == "beta1 beta2 epsilon weight_decay clip ");
}
