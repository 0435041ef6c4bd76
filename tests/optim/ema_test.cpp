#include <mae/optim/ema.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include <mae/backend/cpu/kernels.hpp>
#include <mae/backend/reference.hpp>
#include <mae/nn/linear.hpp>
#include <mae/optim/adamw.hpp>
#include <mae/optim/lars.hpp>
#include <mae/optim/sgd.hpp>

#include "support/error_of.hpp"

using namespace mae;
using test::error_of;

namespace {

struct Model {
  Parameter<Shape<7, 5>, init::Normal<1, 1>> weight;
  Parameter<Shape<19>, init::Normal<1, 1>> scale;
  Parameter<Shape<4>, init::Normal<1, 1>, Trainable::no> table;
  MAE_MODULE(weight, scale, table)
};

/// What `averaged` asks of a run.
template <class Rule, class Policy>
struct Run {
  Weights<Model, Policy> weights_{1};
  Optimizer<Rule, Model, Policy> optimizer_;
  explicit Run(const typename Rule::Options& options) : optimizer_(options) {}
  const auto& weights() const { return weights_; }
  const auto& optimizer() const { return optimizer_; }
  void step(std::uint64_t t) {
    Weights<Model, Policy> gradients(10 + t);
    auto* const table = gradients.at(*gradients.find("table"));
    for (int i = 0; i < 4; ++i) table[i] = 0;  // frozen
    optimizer_.step(weights_, gradients, 0.02 / static_cast<double>(t));
  }
};

/// Twenty updates: weights are those of the rule alone, the average is that of the formula.
template <class Rule, class Policy>
void follows_formula(bool warmup, double tolerance) {
  INFO(Rule::name, warmup ? ", warm-up" : "");
  typename Averaged<Rule>::Options options;
  options.ema_decay = 0.7, options.ema_warmup = warmup, options.weight_decay = 0.1, options.clip = 3;
  Run<Averaged<Rule>, Policy> run(options);
  Run<Rule, Policy> alone(options);
  const auto count = static_cast<std::size_t>(run.weights_.size());
  std::vector<double> expected(run.weights_.data(), run.weights_.data() + count);
  const auto worst = [&] {
    const auto average = averaged(run);
    double largest = 0;
    for (const ParameterInfo& p : average.parameters())
      for (Index i = 0; i < p.count; ++i)
        largest =
            std::fmax(largest, std::fabs(double(average.at(p)[i]) - expected[static_cast<std::size_t>(p.offset + i)]));
    return largest;
  };
  CHECK(worst() == 0);  // begins as a copy
  for (std::uint64_t t = 1; t <= 20; ++t) {
    run.step(t), alone.step(t);
    const double d = warmup ? std::fmin(0.7, 1 - std::pow(1 + double(t), -2. / 3)) : 0.7;
    for (std::size_t i = 0; i < count; ++i) {
      expected[i] = d * expected[i] + (1 - d) * double(run.weights_.data()[i]);
      CHECK(std::fabs(double(run.weights_.data()[i]) - double(alone.weights_.data()[i])) <= tolerance);
    }
    CHECK(worst() < tolerance);
  }
  CHECK(std::fabs(expected[0] - double(run.weights_.data()[0])) > 2 * tolerance);  // it lags behind
}

}  // namespace

TEST_CASE("over twenty updates the average is the formula's, whatever the rule, and the rule does not notice") {
  for (const bool warmup : {false, true}) {
    follows_formula<AdamwRule, Reference<double>>(warmup, 1e-14);
    follows_formula<AdamwRule, Cpu<float>>(warmup, 1e-6);
    follows_formula<SgdRule, Cpu<float>>(warmup, 1e-6);
    follows_formula<LarsRule, Cpu<float>>(warmup, 1e-6);
  }
}

TEST_CASE("a state among the rule's, with a name, and options among its options") {
  using Rule = Averaged<AdamwRule>;
  CHECK(std::string(Rule::name) == "AdamW, averaged");
  CHECK(std::string(Rule::state_names[0]) == "exp_avg");
  CHECK(std::string(Rule::state_names[2]) == "ema");
  CHECK(Optimizer<Rule, Model, Cpu<float>>::states == 3);
  Rule::Options options;
  std::string names;
  Rule::Options::each(options, [&](const char* name, auto&, const OptionRange&) { names += std::string(name) + " "; });
  CHECK(names == "beta1 beta2 epsilon weight_decay clip ema_decay ema_warmup ");
  for (const double wrong : {-0.1, 1.0, double(NAN)}) {
    options.ema_decay = wrong;
    CHECK(error_of([&] { validate(options); }).starts_with("mae: ema_decay: found "));
  }
  options.ema_decay = 0.5, options.beta1 = 1;
  CHECK(error_of([&] { validate(options); }).starts_with("mae: beta1: found "));
}
