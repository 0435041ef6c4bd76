// Golden files, made by PyTorch (tests/golden/generate.py), and how tests read them and measure the distance to them.
#pragma once
#include <cmath>

#include <doctest/doctest.h>

#include <mae/autograd/run/session.hpp>
#include <mae/io/tensors/safetensors.hpp>

#include "source_folder.hpp"

namespace test {

using namespace mae;

/// tests/golden/<name>.safetensors.
inline SafetensorsFile golden_file(const std::string& name) {
  return SafetensorsFile::read(source_folder() + "/tests/golden/" + name + ".safetensors");
}
/// What made the file, for messages of failed checks.
inline std::string oracle_of(const SafetensorsFile& file) {
  return file.path() + ": torch " + file.metadata("torch") + ", transformers " + file.metadata("transformers") +
         ", timm " + file.metadata("timm");
}

/// All parameters of the model from the file, by their published names.
template <class Model, class Policy>
void load(const SafetensorsFile& file, Weights<Model, Policy>& weights) {
  for (const ParameterInfo& parameter : weights.parameters()) {
    file.at(parameter.name, parameter.shape);
    const auto values = file.values<typename Policy::Parameter>(parameter.name);
    for (Index i = 0; i < parameter.count; ++i)
      weights.at(parameter)[i] = values[static_cast<std::size_t>(parameter.file_position(i))];
  }
}

/// Tensor `name` of the file as S, batch first.
template <class T, class S>
Tensor<T, S> tensor(const SafetensorsFile& file, const std::string& name) {
  const auto values = file.values<T>(name);
  Tensor<T, S> result(static_cast<Index>(values.size()) / S::count);
  REQUIRE(result.size() == static_cast<Index>(values.size()));
  for (Index i = 0; i < result.size(); ++i) result.data()[i] = values[static_cast<std::size_t>(i)];
  return result;
}

/// Largest |found - expected|; infinite if sizes differ or a number is not finite.
template <class Found>
double distance(const Found& found, const std::vector<double>& expected) {
  const auto count = static_cast<Index>(found.size());
  if (count != static_cast<Index>(expected.size())) return HUGE_VAL;
  double worst = 0;
  for (Index i = 0; i < count; ++i) {
    const double error = std::fabs(static_cast<double>(found.data()[i]) - expected[static_cast<std::size_t>(i)]);
    worst = error <= worst ? worst : std::isnan(error) ? HUGE_VAL : error;
  }
  return worst;
}

struct GradientError {
  std::string parameter;
  double size;
};
/// The parameter whose gradient is furthest from the file's, and its |found - expected| / |expected| in the Euclidean
/// norm. Frozen parameters have no gradient: any number but zero there is an infinite error.
template <class Model, class Policy>
GradientError worst_gradient(const SafetensorsFile& file, const Weights<Model, Policy>& gradients) {
  GradientError worst{"none", -1};
  for (const ParameterInfo& parameter : gradients.parameters()) {
    const auto expected = parameter.trained ? file.values<double>("grad." + parameter.name)
                                            : std::vector<double>(static_cast<std::size_t>(parameter.count));
    double error = 0, size = 0;
    for (Index i = 0; i < parameter.count; ++i) {
      const double target = expected[static_cast<std::size_t>(parameter.file_position(i))];
      const double found = static_cast<double>(gradients.at(parameter)[i]);
      error += (found - target) * (found - target);
      size += target * target;
    }
    double relative = error == 0 ? 0 : std::sqrt(error / size);
    if (std::isnan(relative)) relative = HUGE_VAL;
    if (relative > worst.size) worst = {parameter.name, relative};
  }
  return worst;
}

/// How far from the oracle, which computes in double, a result may be.
struct Tolerance {
  double loss, value, gradient;
};
template <class T>
inline constexpr Tolerance tolerance = {1e-10, 1e-10, 1e-10};
template <>
inline constexpr Tolerance tolerance<float> = {1e-6, 2e-5, 1e-4};

}  // namespace test
