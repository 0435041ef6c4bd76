#include <cmath>

#include <mae/ops/cross_entropy.hpp>
#include <mae/ops/normalize_patches.hpp>
#include <mae/ops/patch_error.hpp>

#include <doctest/doctest.h>

#include "support/operation.hpp"

using namespace test;

namespace {

using Patches = Shape<dyn, 3, 8>;
using Logits = Shape<dyn, 6>;

struct PatchError : NoParameters {
  using Inputs = mae::Inputs<Input<Patches, void, true>, Input<Patches>>;
  constexpr auto operator()(const Expression auto& x, const Expression auto& y) const { return patch_error(x, y); }
};
struct NormalizePatches : NoParameters {
  using Inputs = mae::Inputs<Input<Patches>>;
  constexpr auto operator()(const Expression auto& x) const { return normalize_patches(x); }
};
struct CrossEntropy : NoParameters {
  using Inputs = mae::Inputs<Input<Logits, void, true>, Input<Logits>>;
  constexpr auto operator()(const Expression auto& x, const Expression auto& y) const { return cross_entropy(x, y); }
};
/// Both operands of the error come from one input: only the path through the prediction has a gradient.
struct ErrorToItself : NoParameters {
  using Inputs = mae::Inputs<Input<Patches, void, true>>;
  constexpr auto operator()(const Expression auto& x) const { return patch_error(x, normalize_patches(x)); }
};

/// Positive numbers, the last axis of which sums to one.
Tensor<double, Logits> probabilities(Index batch) {
  auto p = random_tensor<double, Logits>(batch, 2);
  for (Index b = 0; b < batch; ++b) {
    double sum = 0;
    for (Index k = 0; k < 6; ++k) sum += p(b, k) += 1;
    for (Index k = 0; k < 6; ++k) p(b, k) /= sum;
  }
  return p;
}

}  // namespace

TEST_CASE_TEMPLATE("patch error: the mean of squares of each sample", Policy, Reference<double>, Cpu<double>) {
  const Weights<PatchError, Policy> weights;
  const auto x = random_tensor<double, Patches>(2, 1), target = random_tensor<double, Patches>(2, 2);
  const auto y = evaluate(weights, x, target);
  for (Index b = 0; b < 2; ++b) {
    double sum = 0;
    for (Index m = 0; m < 3; ++m)
      for (Index i = 0; i < 8; ++i) sum += std::pow(x(b, m, i) - target(b, m, i), 2);
    CHECK(y(b) == doctest::Approx(sum / 24).epsilon(1e-14));
  }
  check_backward(weights, x, target);
}

TEST_CASE_TEMPLATE("targets: mean 0 and unbiased deviation 1 in each patch", Policy, Reference<double>, Cpu<double>) {
  auto x = random_tensor<double, Patches>(2, 1);
  for (Index i = 0; i < 8; ++i) {
    x(0, 1, i) = 7;           // a patch of one colour
    x(1, 2, i) += 1000;       // far from zero
    x(1, 0, i) *= 1e-3;       // so even that 1e-6 matters
  }
  const auto y = evaluate(Weights<NormalizePatches, Policy>(), x);
  for (Index b = 0; b < 2; ++b)
    for (Index m = 0; m < 3; ++m) {
      double mean = 0, squares = 0;
      for (Index i = 0; i < 8; ++i) mean += x(b, m, i) / 8;
      for (Index i = 0; i < 8; ++i) squares += std::pow(x(b, m, i) - mean, 2) / 7;
      for (Index i = 0; i < 8; ++i)
        CHECK(y(b, m, i) == doctest::Approx((x(b, m, i) - mean) / std::sqrt(squares + 1e-6)).epsilon(1e-9));
    }
  for (Index i = 0; i < 8; ++i) CHECK(y(0, 1, i) == 0);
}

TEST_CASE("no gradient flows to a target") {
  using P = Program<ErrorToItself, Reference<double>>;
  const auto x = random_tensor<double, Patches>(2, 1);
  const Weights<ErrorToItself, Reference<double>> weights;
  Weights<ErrorToItself, Reference<double>> gradients;
  Session<P> session(2);
  session.step(weights, gradients, x);
  const auto target = evaluate(Weights<NormalizePatches, Reference<double>>(), x);
  const auto dx = session.input_gradient_of<0>();
  for (Index i = 0; i < dx.size(); ++i)
    CHECK(dx.data()[i] == doctest::Approx((x.data()[i] - target.data()[i]) / 24).epsilon(1e-13));  // 2 / 24, 2 samples
}

TEST_CASE_TEMPLATE("cross-entropy with probabilities as targets", Policy, Reference<double>, Cpu<double>) {
  const Weights<CrossEntropy, Policy> weights;
  const auto x = random_tensor<double, Logits>(2, 1);
  const auto target = probabilities(2);
  const auto y = evaluate(weights, x, target);
  for (Index b = 0; b < 2; ++b) {
    double sum = 0, expected = 0;
    for (Index k = 0; k < 6; ++k) sum += std::exp(x(b, k));
    for (Index k = 0; k < 6; ++k) expected -= target(b, k) * std::log(std::exp(x(b, k)) / sum);
    CHECK(y(b) == doctest::Approx(expected).epsilon(1e-13));
  }
  check_backward(weights, x, target);
}

TEST_CASE("cross-entropy of large logits is finite") {
  Tensor<float, Logits> x(2), target(2);
  for (Index k = 0; k < 6; ++k) x(0, k) = k == 2 ? 1e4f : -1e4f, x(1, k) = -3e4f;
  target(0, 2) = target(1, 0) = 1;
  const auto y = evaluate(Weights<CrossEntropy, Reference<float>>(), x, target);
  CHECK(y(0) == 0);
  CHECK(y(1) == doctest::Approx(std::log(6)));
}
