// Every optimizer on a GPU, updates recorded and repeated: what `Reference` makes of the same gradients, the same bits
// in another order of threads' work, and the check of the gradient.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include <mae/backend/reference.hpp>
#include <mae/mae.cuh>
#include <mae/optim/ema.hpp>
#include <mae/optim/in_backward.hpp>
#include <mae/optim/lars.hpp>
#include <mae/optim/sgd.hpp>

#include "support/error_of.hpp"

namespace {
using namespace mae;

struct Model {
  Parameter<Shape<70, 33>, init::Normal<1, 1>> weight;
  Parameter<Shape<7>, init::Normal<1, 1>> scale;
  Parameter<Shape<3, 5>, init::Zeros> zeros;
  MAE_MODULE(weight, scale, zeros)
};
template <class Rule, class Policy>
struct Run {
  static typename Rule::Options options(double clip) {
    typename Rule::Options o{};
    o.weight_decay = 0.1, o.clip = clip;
    if constexpr (requires { o.nesterov; }) o.nesterov = true;
    return o;
  }
  explicit Run(double clip) : optimizer(options(clip)) {}
  void fill(Weights<Model, Policy>& g, std::uint64_t t) {
    const Weights<Model, Policy> random(10 + t);
    std::memcpy(g.data(), random.data(), static_cast<std::size_t>(g.size()) * sizeof(float));
  }
  void steps(int count) {
    for (int t = 0; t < count; ++t) {
      fill(gradients, static_cast<std::uint64_t>(t));
      optimizer.step(weights, gradients, 0.01 * (t + 1));
    }
  }
  void steps_in_parts(int count) {
    OptimizerInBackward<Model, Policy, Rule> update(optimizer, weights, 70 * 33);
    for (int t = 0; t < count; ++t) {
      fill(gradients, static_cast<std::uint64_t>(t));
      update.begin(0.01 * (t + 1));
      for (const char* name : {"zeros", "weight", "scale"}) {
        const ParameterInfo& p = *weights.find(name);
        Policy::MemorySpace::copy_to_device(update.memory, gradients.at(p), p.count * Index{sizeof(float)});
        update.take(std::as_const(weights).kernel_data() + p.offset, p.count, update.memory);
      }
      update.finish();
    }
  }
  Weights<Model, Policy> weights{1}, gradients;
  Optimizer<Rule, Model, Policy> optimizer;
};
template <class A, class B>
double difference(const A& a, const B& b) {
  double worst = 0;
  for (Index i = 0; i < a.size(); ++i) worst = std::fmax(worst, std::fabs(double(a.data()[i]) - double(b.data()[i])));
  return worst;
}
template <class R>
bool same_bits(const R& a, const R& b) {
  const auto bytes = static_cast<std::size_t>(a.weights.size()) * sizeof(float);
  for (int k = 0; k < a.optimizer.states; ++k)
    if (std::memcmp(a.optimizer.state(k).data(), b.optimizer.state(k).data(), bytes) != 0) return false;
  return std::memcmp(a.weights.data(), b.weights.data(), bytes) == 0;
}

TEST_CASE_TEMPLATE("ten updates of which eight are repeated", Rule, AdamwRule, SgdRule, LarsRule,
                   Averaged<AdamwRule>, Averaged<LarsRule>) {
  for (const double clip : {0.0, 1.0}) {
    Run<Rule, Cuda<float>> found(clip), again(clip);
    Run<Rule, Reference<float>> expected(clip);
    found.steps(10), expected.steps(10), again.steps(10);
    CHECK(difference(std::as_const(found).weights, expected.weights) < 2e-6);
    CHECK(difference(std::as_const(found).optimizer.state(0), expected.optimizer.state(0)) < 2e-5);
    constexpr int last = Optimizer<Rule, Model, Cuda<float>>::states - 1;  // the average, where there is one
    CHECK(difference(std::as_const(found).optimizer.state(last), expected.optimizer.state(last)) < 2e-5);
    CHECK(difference(std::as_const(found).weights, Weights<Model, Reference<float>>(1)) > 1e-3);
    CHECK(same_bits(std::as_const(found), std::as_const(again)));
  }
}
TEST_CASE_TEMPLATE("parameter after parameter: the bits of one update", Rule, AdamwRule, SgdRule, LarsRule) {
  Run<Rule, Cuda<float>> apart(0), parts(0);
  apart.steps(4), parts.steps_in_parts(4);
  CHECK(same_bits(std::as_const(apart), std::as_const(parts)));
}
TEST_CASE_TEMPLATE("a gradient that is not finite changes nothing", Rule, AdamwRule, SgdRule, LarsRule) {
  Run<Rule, Cuda<float>> run(1), same(1);
  run.steps(3), same.steps(3);
  run.gradients.at(*run.weights.find("scale"))[2] = NAN;
  CHECK(test::error_of([&] { run.optimizer.step(run.weights, run.gradients, 0.1); }) ==
        "mae: gradient: found a norm that is not finite, first in scale, expected finite numbers; lower the learning "
        "rate");
  CHECK(same_bits(std::as_const(run), std::as_const(same)));
  CHECK(run.optimizer.steps() == 3);
}

}  // namespace
