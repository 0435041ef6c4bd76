#include <mae/ops/focal_loss.hpp>

#include <doctest/doctest.h>

#include "support/golden.hpp"
#include "support/operation.hpp"

using namespace test;

namespace {

using Logits = Shape<dyn, 7, 4>;
struct Loss : NoParameters {
  using Inputs = mae::Inputs<Input<Logits, void, true>, Indices<Shape<dyn, 7>>>;
  constexpr auto operator()(const Expression auto& x, const Expression auto& classes) const {
    return focal_loss(x, classes);
  }
};

const SafetensorsFile file = golden_file("detection");

}  // namespace

TEST_CASE_TEMPLATE("the focal loss and its gradient are torchvision's", Policy, Reference<double>, Cpu<double>,
                   Cpu<float>) {
  using T = typename Policy::Accumulator;
  INFO("torch ", file.metadata("torch"), ", torchvision ", file.metadata("torchvision"));
  const auto x = tensor<T, Logits>(file, "focal.logits");
  const auto classes = tensor<std::int32_t, Shape<dyn, 7>>(file, "focal.classes");
  const Weights<Loss, Policy> weights;
  Weights<Loss, Policy> gradients;
  Session<Program<Loss, Policy>> session(3);
  session.poison_before_forward();
  const auto loss = session.forward(weights, x, classes);
  const double tolerance = sizeof(T) == 8 ? 1e-14 : 1e-6;
  CHECK(distance(loss, file.values<double>("focal.loss")) < 40 * tolerance);  // of up to 30
  for (auto& seed : session.seed_gradient()) seed = 1;
  session.backward(gradients);
  CHECK(distance(session.template input_gradient_of<0>(), file.values<double>("focal.dlogits")) < 4 * tolerance);
}

TEST_CASE("the gradient agrees with differences; an ignored place has none") {
  const Weights<Loss, Reference<double>> weights;
  Tensor<std::int32_t, Shape<dyn, 7>> classes(2);
  const std::int32_t some[] = {0, -1, 3, -2, -1, 4, 1, -1, -1, -1, -1, -1, -1, -2};
  for (Index i = 0; i < classes.size(); ++i) classes.data()[i] = some[i];
  const auto x = random_tensor<double, Logits>(2, 1);
  const GradientReport report = check_gradients<Program<Loss, Reference<double>>>(weights, x, classes);
  INFO(report.where, "[", report.index, "]: ", report.derivative, " by backward, ", report.difference);
  CHECK(report.checked == 56);
  CHECK(report.worst <= 1e-6);

  Weights<Loss, Reference<double>> gradients;
  Session<Program<Loss, Reference<double>>> session(2);
  session.forward(weights, x, classes);
  for (auto& seed : session.seed_gradient()) seed = 1;
  session.backward(gradients);
  const auto slopes = session.input_gradient_of<0>();
  for (const Index place : {3, 5, 13})  // -2, and a class that is none of four
    for (Index k = 0; k < 4; ++k) CHECK(slopes.data()[4 * place + k] == 0);
  CHECK(slopes.data()[4 * 6] != 0);
}

TEST_CASE("what an untrained model loses, and logits of a hundred") {
  const Weights<Loss, Cpu<float>> weights;
  Tensor<std::int32_t, Shape<dyn, 7>> classes(1);
  Tensor<float, Logits> x(1);
  const auto loss_of = [&](std::int32_t label, float logit) {
    for (Index i = 0; i < 7; ++i) classes.data()[i] = i == 0 ? label : -2;
    for (float& value : x) value = logit;
    return double(evaluate(weights, x, classes).data()[0]);
  };
  // A prior of 0.01 (Lin et al., section 4.1): almost nothing for background, 1.13 for an object.
  const float prior = -4.59511985f;
  CHECK(loss_of(-1, prior) == doctest::Approx(4 * 0.75 * 1e-4 * 0.010050336).epsilon(1e-5));
  CHECK(loss_of(2, prior) ==
        doctest::Approx(0.25 * 0.99 * 0.99 * 4.60517019 + 3 * 0.75 * 1e-4 * 0.010050336).epsilon(1e-5));
  CHECK(loss_of(-1, 0) == doctest::Approx(4 * 0.75 * 0.25 * 0.69314718).epsilon(1e-6));
  for (const float logit : {-1e3f, -100.f, 100.f, 1e3f})
    for (const int label : {-2, -1, 2}) {
      const double loss = loss_of(label, logit), wrong = label == 2 && logit < 0 ? 0.25 : 0;
      const double background = label == -2 || logit < 0 ? 0 : label == 2 ? 3 * 0.75 : 4 * 0.75;
      CHECK(loss == doctest::Approx((wrong + background) * std::fabs(logit)).epsilon(1e-6));
    }
}
