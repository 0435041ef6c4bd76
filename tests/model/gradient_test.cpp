// Whole models against finite differences, in double: the masked autoencoder under both targets, the classifier with
// branches dropped, the linear probe.
#include <cmath>

#include <doctest/doctest.h>

#include <mae/autograd/run/gradient_check.hpp>
#include <mae/model/classifier.hpp>
#include <mae/model/masked_autoencoder.hpp>

#include "support/operation.hpp"

using namespace test;

namespace {

/// A few numbers of every parameter.
template <class Program, class... X>
void check_model(const GradientCheckOptions& options,
                 const Weights<typename Program::Model, typename Program::Policy>& weights, const X&... x) {
  const GradientReport report = check_gradients<Program>(options, weights, x...);
  INFO(report.where, "[", report.index, "]: ", report.derivative, " by backward, ", report.difference,
       " by differences");
  CHECK(report.checked > 0);
  CHECK(report.worst <= 1e-6);
}

template <class Model, class Policy>
void check_pretraining() {
  using P = Program<PretrainingLoss<Model>, Policy>;
  const auto images = random_tensor<double, typename Model::ImageShape::Pixels>(2, 1);
  typename Model::Masks masks(2);
  masks.resize(2);
  for (Index b = 0; b < 2; ++b) masks.random(b, 1, 0, static_cast<std::uint64_t>(b));
  check_model<P>({3, 1e-3, {}}, Weights<PretrainingLoss<Model>, Policy>(1), images, masks.keep(), masks.hidden(),
                 masks.restore());
}

using Five = ImageShape<5, 4, 6, 2>;
using OneRow = ImageShape<1, 3, 15, 3>;
using Size = Transformer<12, 2, 3, 2>;

Tensor<double, Shape<dyn, 4>> targets(Index batch) {
  Tensor<double, Shape<dyn, 4>> result(batch);
  for (Index b = 0; b < batch; ++b)
    for (Index k = 0; k < 4; ++k) result(b, k) = k == b % 4 ? 0.925 : 0.025;
  return result;
}
template <class Model, class Policy>
Weights<ClassificationLoss<Model>, Policy> weights_with_a_head() {
  Weights<ClassificationLoss<Model>, Policy> weights(1);
  for (const ParameterInfo& p : weights.parameters())  // its first values are too small to check much
    if (p.name.find("head") == 0 && p.trained)
      for (Index i = 0; i < p.count; ++i) weights.at(p)[i] = 0.3 * std::sin(static_cast<double>(i));
  return weights;
}

}  // namespace

TEST_CASE("masked autoencoder: normalised targets, five channels") {
  check_pretraining<MaskedAutoencoder<Five, Size, Transformer<8, 1, 2>>, Reference<double>>();
}
TEST_CASE("masked autoencoder: pixels as targets, one row of patches") {
  using Model = MaskedAutoencoder<OneRow, Size, Transformer<8, 2, 1>, MaskRatio<40>, Target::pixels>;
  check_pretraining<Model, Cpu<double>>();
}

TEST_CASE_TEMPLATE("classifier, with branches dropped", Policy, Reference<double>, Cpu<double>) {
  using Model = Classifier<Five, Size, 4>;
  // The gradient of the images too: through patchify.
  using P = Program<ClassificationLoss<Model>, Policy, KeepAll,
                    Inputs<Input<Five::Pixels, void, true>, Input<Shape<dyn, 4>>>>;
  const std::uint64_t keys[] = {3, 1, 4, 1, 5, 9};
  const auto images = random_tensor<double, Five::Pixels>(6, 1);
  GradientCheckOptions options{3, 1e-3, {keys, 0.5, 0, 1}};
  const auto weights = weights_with_a_head<Model, Policy>();
  check_model<P>(options, weights, images, targets(6));

  Session<P> session(6);
  Weights<ClassificationLoss<Model>, Policy> gradients;
  const auto wanted = targets(6);
  const double whole = session.step(weights, gradients, images, wanted);
  session.context() = options.context;
  CHECK(session.step(weights, gradients, images, wanted) != whole);
}
TEST_CASE("classifier with the class token") {
  using Model = Classifier<OneRow, Size, 4, Pool::class_token>;
  check_model<Program<ClassificationLoss<Model>, Reference<double>>>(
      {3, 1e-3, {}}, weights_with_a_head<Model, Reference<double>>(), random_tensor<double, OneRow::Pixels>(2, 1),
      targets(2));
}

TEST_CASE("a linear probe trains its head and runs no backward of the encoder") {
  using Model = LinearProbe<OneRow, Size, 4>;
  using P = Program<ClassificationLoss<Model>, Reference<double>>;
  static_assert([] {
    int backward = 0;
    for (int i = 0; i < P::graph.node_count; ++i) {
      const Node& node = P::graph.nodes[i];
      backward += node.runs_backward;
      if (node.name == "repeat" && (node.runs_backward || node.saved_state_bytes > 0)) return false;
    }
    return backward == 2;  // the linear layer and the loss
  }());
  static_assert(P::graph.step_count == 2);
  static_assert(P::saved_bytes <= align_up(12 * 8) + align_up(4 * 8));  // features and logits of one sample
  const auto images = random_tensor<double, OneRow::Pixels>(2, 1);
  const auto wanted = targets(2);
  const auto weights = weights_with_a_head<Model, Reference<double>>();
  Weights<ClassificationLoss<Model>, Reference<double>> gradients;
  Session<P> session(2);
  session.step(weights, gradients, images, wanted);
  for (const ParameterInfo& p : gradients.parameters()) {
    double sum = 0;
    for (Index i = 0; i < p.count; ++i) sum += std::fabs(gradients.at(p)[i]);
    INFO(p.name);
    CHECK((sum > 0) == (p.name == "head.1.weight" || p.name == "head.1.bias"));
  }
  // Differences of the head alone, for the encoder has no gradient by design.
  Session<Program<ClassificationLoss<Model>, Reference<double>, Inference>> forward(2);
  for (const char* name : {"head.1.weight", "head.1.bias"}) {
    const ParameterInfo& p = *weights.find(name);
    for (Index i = 0; i < p.count; i += 5) {
      auto loss_at = [&](double shift) {
        auto moved = weights_with_a_head<Model, Reference<double>>();
        moved.at(p)[i] += shift;
        const auto losses = forward.forward(moved, images, wanted);
        return (losses(0) + losses(1)) / 2;
      };
      CHECK(gradients.at(p)[i] == doctest::Approx((loss_at(1e-5) - loss_at(-1e-5)) / 2e-5).epsilon(1e-6).scale(0.01));
    }
  }
}
