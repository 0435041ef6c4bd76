// Operations under test: run one alone, and check its backward by differences, also where two gradients meet.
//
// An operation is written as a small model: its inputs, perhaps parameters, and `operator()`.
#pragma once
#include <mae/autograd/run/gradient_check.hpp>
#include <mae/backend/cpu/kernels.hpp>

#include "autograd/modules.hpp"

namespace test {

/// What a model without parameters inherits.
struct NoParameters {
  MAE_MODULE()
};

/// The model followed by a loss.
template <class Model>
struct Scored : Model {
  constexpr auto operator()(const Expression auto&... x) const { return weighted_squares(Model::operator()(x...)); }
};
/// The model twice on the same operands: gradients meet.
template <class Model>
struct Twice : Model {
  constexpr auto operator()(const Expression auto&... x) const {
    auto a = Model::operator()(x...);
    auto b = Model::operator()(x...);
    return weighted_squares(a * b + a);
  }
};

/// The result of a model.
template <class Model, class Policy, class... X>
auto evaluate(const Weights<Model, Policy>& weights, const X&... x) {
  using P = Program<Model, Policy, Inference>;
  Session<P> session(std::get<0>(std::tie(x...)).batch());
  const auto y = session.forward(weights, x...);
  Tensor<typename P::ResultElement, typename P::Result> copy(y.batch());
  for (Index i = 0; i < y.size(); ++i) copy.data()[i] = y.data()[i];
  return copy;
}

/// Backward agrees with differences.
template <class Model, class Policy, class... X>
void check_backward(const Weights<Model, Policy>& weights, const X&... x) {
  auto check = [](const GradientReport& report) {
    INFO(report.where, "[", report.index, "]: ", report.derivative, " by backward, ", report.difference,
         " by differences");
    CHECK(report.checked > 0);
    CHECK(report.worst <= 1e-6);
  };
  auto copy = [&]<class Other>(Weights<Other, Policy> other) {
    for (Index i = 0; i < weights.size(); ++i) other.data()[i] = weights.data()[i];
    return other;
  };
  check(check_gradients<Program<Scored<Model>, Policy>>(copy(Weights<Scored<Model>, Policy>()), x...));
  check(check_gradients<Program<Twice<Model>, Policy, RecomputeCheap>>(copy(Weights<Twice<Model>, Policy>()), x...));
}

}  // namespace test
