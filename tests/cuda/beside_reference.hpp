// A model on a GPU beside the plain loops: its result, the gradient of its input, and those of all parameters.
#pragma once
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <mae/backend/reference.hpp>

namespace test {

using namespace mae;

/// Of three samples x [3, ...] between -1 and 1.
template <class Model, class X, class Policy>
std::vector<double> result_and_gradients() {
  constexpr Index batch = 3;
  const Weights<Model, Policy> weights(3);
  Weights<Model, Policy> gradients;
  Tensor<float, X> x(batch);
  const RandomStream random(1, Purpose::probe);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = random.uniform(static_cast<std::uint32_t>(i), -1.f, 1.f);
  Session<Program<Model, Policy>> session(batch);
  std::vector<double> all;
  auto note = [&](const auto& view) {
    for (Index i = 0; i < view.size(); ++i) all.push_back(static_cast<double>(view.data()[i]));
  };
  note(session.forward(weights, x));
  auto slopes = session.seed_gradient();
  using E = std::remove_cvref_t<decltype(slopes.data()[0])>;
  for (Index i = 0; i < slopes.size(); ++i) slopes.data()[i] = E(0.25f * static_cast<float>(i % 5) - 0.5f);
  session.backward(gradients);
  note(session.template input_gradient_of<0>());
  const float* const of_parameters = std::as_const(gradients).data();
  all.insert(all.end(), of_parameters, of_parameters + gradients.size());
  return all;
}
inline void check_close(const std::vector<double>& found, const std::vector<double>& expected, double tolerance) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    CHECK(std::fabs(found[i] - expected[i]) <= tolerance * std::fmax(1, std::fabs(expected[i])));
  }
}

}  // namespace test
