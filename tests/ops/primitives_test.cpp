// Primitive operations: values against plain formulas, gradients against differences, and attention made of them.
#include <mae/ops/primitives.hpp>

#include <doctest/doctest.h>

#include "support/operation.hpp"

using namespace test;

namespace {

using S = Shape<dyn, 2, 3, 4>;  // [B, 2, 3, 4]
using One = mae::Inputs<Input<S, void, true>>;
template <class X, class Y>
using Two = mae::Inputs<Input<X, void, true>, Input<Y, void, true>>;

struct Half {
  static constexpr double value = 0.5;
};

/// The body of a model is a function of its inputs.
template <class In, class Body>
struct Of : NoParameters {
  using Inputs = In;
  constexpr auto operator()(const Expression auto&... x) const { return Body{}(x...); }
};
#define BODY(name, value)                                            \
  struct name {                                                      \
    constexpr auto operator()(const auto& x) const { return value; } \
  }
#define BODY_OF_TWO(name, value)                                                    \
  struct name {                                                                     \
    constexpr auto operator()(const auto& x, const auto& y) const { return value; } \
  }
BODY(SumOfRows, sum<-1>(x));
BODY(SumOfMiddle, (sum<1, keep_axis>(x)));
BODY(MeanOfRows, (mean<3, keep_axis>(x)));
BODY(MeanOfMiddle, mean<-2>(x));
BODY(Softmax, softmax(x));
BODY(LastTwo, transpose(x));
BODY(FirstTwo, (transpose<1, 2>(x)));
BODY(FarApart, (transpose<3, 1>(x)));
BODY(Columns, (slice<-1, 1, 2>(x)));
BODY(MiddleRow, (slice<2, 1, 1>(x)));
BODY(Rearranged, (concat<-1>(slice<-1, 2, 2>(x), slice<-1, 0, 1>(x), x)));
BODY(Reshaped, softmax(reshape<Shape<dyn, 4, 6>>(x)));
BODY(Centred, ((x - mean<-1, keep_axis>(x)) * sum<1, keep_axis>(x)));
BODY(Gated, silu(x) * rsqrt<Half>(x * x));
BODY(Cut, relu(x) - x);
BODY_OF_TWO(Joined, (concat<1>(x, y)));
BODY_OF_TWO(Spread, (y + x * y) - y);

struct WithParameters {
  Parameter<Shape<4>, Uniform> gamma;
  Parameter<Shape<3, 4>, Uniform> bias;
  MAE_MODULE(gamma, bias)
  using Inputs = One;
  constexpr auto operator()(const Expression auto& x) const { return gamma * x + bias - gamma; }
};

template <Transpose How>
struct Multiplied : NoParameters {
  static constexpr bool left = How == Transpose::left || How == Transpose::both,
                        right = How == Transpose::right || How == Transpose::both;
  using X = std::conditional_t<left, Shape<dyn, 2, 5, 3>, Shape<dyn, 2, 3, 5>>;
  using Y = std::conditional_t<right, Shape<dyn, 2, 4, 5>, Shape<dyn, 2, 5, 4>>;
  using Inputs = Two<X, Y>;
  constexpr auto operator()(const Expression auto& x, const Expression auto& y) const { return matmul<How>(x, y); }
};

/// A model's result on inputs of one size each, after its backward was compared with differences.
template <class Model, class Policy, class... X>
auto checked(const X&... x) {
  const Weights<Model, Policy> weights(1);
  check_backward(weights, x...);
  return evaluate(weights, x...);
}
template <class Body, class Policy>
auto of_one() {
  return checked<Of<One, Body>, Policy>(random_tensor<double, S>(2, 1));
}

/// Element i of the result is expected(i).
template <class Result, class Expected>
void check_values(const Result& found, const Expected& expected) {
  for (Index i = 0; i < found.size(); ++i) {
    INFO("element ", i);
    CHECK(found.data()[i] == doctest::Approx(expected(i)).epsilon(1e-12));
  }
}

}  // namespace

TEST_CASE_TEMPLATE("sums and means along an axis", Policy, Reference<double>, Cpu<double>) {
  const auto x = random_tensor<double, S>(2, 1);
  const double* const at = x.data();
  auto row = [&](Index r) { return at[4 * r] + at[4 * r + 1] + at[4 * r + 2] + at[4 * r + 3]; };
  auto middle = [&](Index i) {  // [B, 2, 4] of the axis of 3
    const Index from = i / 4 * 12 + i % 4;
    return at[from] + at[from + 4] + at[from + 8];
  };
  check_values(of_one<SumOfRows, Policy>(), row);
  check_values(of_one<MeanOfRows, Policy>(), [&](Index r) { return row(r) / 4; });
  check_values(of_one<SumOfMiddle, Policy>(), [&](Index i) {
    const Index from = i / 12 * 24 + i % 12;
    return at[from] + at[from + 12];
  });
  check_values(of_one<MeanOfMiddle, Policy>(), [&](Index i) { return middle(i) / 3; });
  static_assert(std::is_same_v<typename Program<Of<One, SumOfRows>, Policy, Inference>::Result, Shape<dyn, 2, 3>>);
  static_assert(std::is_same_v<typename Program<Of<One, SumOfMiddle>, Policy, Inference>::Result, Shape<dyn, 1, 3, 4>>);
}

TEST_CASE_TEMPLATE("rows become shares of one", Policy, Reference<double>, Cpu<double>) {
  const auto x = random_tensor<double, S>(2, 1);
  check_values(of_one<Softmax, Policy>(), [&](Index i) {
    double sum = 0;
    for (Index c = 0; c < 4; ++c) sum += std::exp(x.data()[i / 4 * 4 + c]);
    return std::exp(x.data()[i]) / sum;
  });
}

TEST_CASE_TEMPLATE("axes change places, pieces are taken and joined", Policy, Reference<double>, Cpu<double>) {
  const auto x = random_tensor<double, S>(2, 1);
  auto at = [&](Index b, Index i, Index j, Index k) { return x(b, i, j, k); };
  check_values(of_one<LastTwo, Policy>(), [&](Index i) { return at(i / 24, i / 12 % 2, i % 3, i / 3 % 4); });
  check_values(of_one<FirstTwo, Policy>(), [&](Index i) { return at(i / 24, i / 4 % 2, i / 8 % 3, i % 4); });
  check_values(of_one<FarApart, Policy>(), [&](Index i) { return at(i / 24, i % 2, i / 2 % 3, i / 6 % 4); });
  check_values(of_one<Columns, Policy>(), [&](Index i) { return at(i / 12, i / 6 % 2, i / 2 % 3, i % 2 + 1); });
  check_values(of_one<MiddleRow, Policy>(), [&](Index i) { return at(i / 8, i / 4 % 2, 1, i % 4); });
  check_values(of_one<Rearranged, Policy>(), [&](Index i) {
    const Index column = i % 7, from[] = {2, 3, 0, 0, 1, 2, 3};
    return at(i / 42, i / 21 % 2, i / 7 % 3, from[column]);
  });
  const auto y = random_tensor<double, Shape<dyn, 1, 3, 4>>(2, 2);
  check_values(checked<Of<Two<S, Shape<dyn, 1, 3, 4>>, Joined>, Policy>(x, y), [&](Index i) {
    return i / 12 % 3 < 2 ? at(i / 36, i / 12 % 3, i / 4 % 3, i % 4) : y(i / 36, 0, i / 4 % 3, i % 4);
  });
}

TEST_CASE_TEMPLATE("another shape is the same memory", Policy, Reference<double>, Cpu<double>) {
  const auto y = of_one<Reshaped, Policy>();
  for (Index r = 0; r < 8; ++r) {
    double sum = 0;
    for (Index c = 0; c < 6; ++c) sum += y(r / 4, r % 4, c);
    CHECK(sum == doctest::Approx(1).epsilon(1e-14));
  }
  static_assert(Program<Of<One, Reshaped>, Policy>::graph.node_count == 1);
}

TEST_CASE_TEMPLATE("smaller operands are spread", Policy, Reference<double>, Cpu<double>) {
  const auto x = random_tensor<double, S>(2, 1);
  const Weights<WithParameters, Policy> weights(3);
  const double *const gamma = weights.at(*weights.find("gamma")), *const bias = weights.at(*weights.find("bias"));
  check_backward(weights, x);
  check_values(evaluate(weights, x), [&](Index i) { return x.data()[i] * gamma[i % 4] + bias[i % 12] - gamma[i % 4]; });

  check_values(of_one<Centred, Policy>(), [&](Index i) {
    const double* const row = x.data() + i / 4 * 4;
    const Index j = i / 24 * 24 + i % 12;
    return (x.data()[i] - (row[0] + row[1] + row[2] + row[3]) / 4) * (x.data()[j] + x.data()[j + 12]);
  });
  using Column = Shape<dyn, 2, 1, 4>;
  const auto y = random_tensor<double, Column>(2, 2);
  check_values(checked<Of<Two<S, Column>, Spread>, Policy>(x, y), [&](Index i) {
    const double spread = y.data()[i / 12 * 4 + i % 4];
    return (spread + x.data()[i] * spread) - spread;
  });
}

TEST_CASE_TEMPLATE("silu and the reciprocal root", Policy, Reference<double>, Cpu<double>) {
  const auto x = random_tensor<double, S>(2, 1);
  check_values(of_one<Gated, Policy>(), [&](Index i) {
    const double value = x.data()[i];
    return value / (1 + std::exp(-value)) / std::sqrt(value * value + 0.5);
  });
  check_values(of_one<Cut, Policy>(), [&](Index i) { return std::fmax(0, -x.data()[i]); });
}

// An activation of a linear layer without a name is one operation with it, whichever activation it is.
template <class Activation>
struct Bent {
  Affine<4, 5> layer;
  MAE_MODULE(layer)
  using Inputs = One;
  constexpr auto operator()(const Expression auto& x) const { return activate<Activation>(layer(x)); }
};
template <class Activation, class Policy, class Expected>
void check_joined(std::string_view name, const Expected& expected) {
  using Model = Bent<Activation>;
  const auto& graph = Program<Model, Policy>::graph;
  CHECK(graph.node_count == 1);
  CHECK(graph.nodes[0].name == name);
  const Weights<Model, Policy> weights(2);
  const double *const w = weights.at(*weights.find("layer.weight")), *const b = weights.at(*weights.find("layer.bias"));
  const auto x = random_tensor<double, S>(2, 1);
  check_backward(weights, x);
  check_values(evaluate(weights, x), [&](Index i) {
    double h = b[i % 5];
    for (Index k = 0; k < 4; ++k) h += w[i % 5 * 4 + k] * x.data()[i / 5 * 4 + k];
    return expected(h);
  });
}
TEST_CASE_TEMPLATE("any activation joins a linear layer", Policy, Reference<double>, Cpu<double>) {
  check_joined<Gelu, Policy>("linear + gelu", [](double h) { return h / 2 * (1 + std::erf(h / std::sqrt(2.0))); });
  check_joined<Silu, Policy>("linear + silu", [](double h) { return h / (1 + std::exp(-h)); });
  check_joined<Relu, Policy>("linear + relu", [](double h) { return std::fmax(h, 0); });
}

TEST_CASE_TEMPLATE("products of activations, with each operand as it is and transposed", Policy, Reference<double>,
                   Cpu<double>) {
  auto one = []<Transpose How>(std::integral_constant<Transpose, How>) {
    using Model = Multiplied<How>;
    const auto x = random_tensor<double, typename Model::X>(2, 1);
    const auto y = random_tensor<double, typename Model::Y>(2, 2);
    check_values(checked<Model, Policy>(x, y), [&](Index i) {
      double sum = 0;
      const Index b = i / 24, g = i / 12 % 2, m = i / 4 % 3, n = i % 4;
      for (Index k = 0; k < 5; ++k)
        sum += (Model::left ? x(b, g, k, m) : x(b, g, m, k)) * (Model::right ? y(b, g, n, k) : y(b, g, k, n));
      return sum;
    });
  };
  one(std::integral_constant<Transpose, Transpose::none>{});
  one(std::integral_constant<Transpose, Transpose::left>{});
  one(std::integral_constant<Transpose, Transpose::right>{});
  one(std::integral_constant<Transpose, Transpose::both>{});
}
