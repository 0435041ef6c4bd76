#include <mae/ops/pixel_cross_entropy.hpp>

#include <doctest/doctest.h>

#include "support/golden.hpp"
#include "support/operation.hpp"

using namespace test;

namespace {

using Logits = Shape<dyn, 6, 5>;
struct Loss : NoParameters {
  using Inputs = mae::Inputs<Input<Logits, void, true>, Indices<Shape<dyn, 6>>>;
  constexpr auto operator()(const Expression auto& x, const Expression auto& labels) const {
    return pixel_cross_entropy(x, labels);
  }
};

const SafetensorsFile file = golden_file("segmentation");

}  // namespace

TEST_CASE_TEMPLATE("the loss of labelled pixels and its gradient are PyTorch's; without any both are zero", Policy,
                   Reference<double>, Cpu<double>, Cpu<float>) {
  using T = typename Policy::Accumulator;
  INFO("torch ", file.metadata("torch"));
  const std::vector<double> logits = file.values<double>("pixels.logits");
  const auto labels = tensor<std::int32_t, Shape<dyn, 6>>(file, "pixels.labels");
  Tensor<T, Logits> x(3);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = T(logits[static_cast<std::size_t>(i)]);
  const Weights<Loss, Policy> weights;
  Weights<Loss, Policy> gradients;
  Session<Program<Loss, Policy>> session(3);
  session.poison_before_forward();
  const auto loss = session.forward(weights, x, labels);
  const double tolerance = sizeof(T) == 8 ? 1e-14 : 1e-6;
  CHECK(distance(loss, file.values<double>("pixels.loss")) < 4 * tolerance);
  for (auto& seed : session.seed_gradient()) seed = 1;
  session.backward(gradients);
  CHECK(distance(session.template input_gradient_of<0>(), file.values<double>("pixels.dlogits")) < tolerance);
}

TEST_CASE("the gradient agrees with differences; logits of a thousand stay finite") {
  const Weights<Loss, Reference<double>> weights;
  Tensor<std::int32_t, Shape<dyn, 6>> labels(2);
  const std::int32_t some[] = {0, 255, 4, -1, 5, 2, 3, 3, 3, 3, 3, 3};
  for (Index i = 0; i < labels.size(); ++i) labels.data()[i] = some[i];
  auto x = random_tensor<double, Logits>(2, 1);
  const GradientReport report = check_gradients<Program<Loss, Reference<double>>>(weights, x, labels);
  INFO(report.where, "[", report.index, "]: ", report.derivative, " by backward, ", report.difference);
  CHECK(report.worst <= 1e-6);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] *= 1000;
  for (const double loss : evaluate(weights, x, labels)) CHECK((loss >= 0 && loss < 1e5));
}
