#include <mae/ops/spread.hpp>

#include <doctest/doctest.h>

#include <mae/nn/transposed_conv.hpp>

#include "support/golden.hpp"
#include "support/operation.hpp"

using namespace test;

namespace {

using Map = Grid<2, 3, 8>;
struct Spread : NoParameters {
  using Inputs = mae::Inputs<Input<Shape<dyn, 6, 8>, void, true>>;
  constexpr auto operator()(const Expression auto& x) const { return spread<2, Map>(x); }
};
struct Merge : NoParameters {
  using Inputs = mae::Inputs<Input<Shape<dyn, 24, 2>, void, true>>;
  constexpr auto operator()(const Expression auto& x) const { return merge<2, Grid<4, 6, 4>>(x); }
};
struct ThereAndBack : NoParameters {
  using Inputs = mae::Inputs<Input<Shape<dyn, 6, 18>>>;
  constexpr auto operator()(const Expression auto& x) const { return merge<3, Grid<6, 9, 4>>(spread<3, Map>(x)); }
};

template <Index Rows, Index Columns>
struct Up {
  using Inputs = mae::Inputs<Input<Shape<dyn, Rows * Columns, 4>, void, true>>;
  TransposedConv<2, Grid<Rows, Columns, 8>, 4, 3> conv;
  MAE_MODULE(flat(conv))
  constexpr auto operator()(const Expression auto& x) const { return conv(x); }
};

const SafetensorsFile file = golden_file("pyramid");

template <class Policy, Index Rows, Index Columns>
void check(Index batch) {
  using Model = Up<Rows, Columns>;
  using T = typename Policy::Accumulator;
  const std::string name =
      "up." + std::to_string(Rows) + "x" + std::to_string(Columns) + "." + std::to_string(batch) + ".";
  INFO(name, " of torch ", file.metadata("torch"));
  Weights<Model, Policy> weights, gradients;
  const auto parameters = weights.parameters();
  CHECK(parameters[0].shape == std::vector<Index>{4, 3, 2, 2});
  const auto w = file.values<T>(name + "w"), b = file.values<T>(name + "b");
  const auto in_file = [&](Index i) { return static_cast<std::size_t>(parameters[0].file_position(i)); };
  for (Index i = 0; i < 48; ++i) weights.at(parameters[0])[i] = w[in_file(i)];
  for (Index i = 0; i < 12; ++i) weights.at(parameters[1])[i] = b[static_cast<std::size_t>(i % 3)];
  const auto x = tensor<T, Shape<dyn, Rows * Columns, 4>>(file, name + "x");
  Session<Program<Model, Policy>> session(batch);
  const double tolerance = sizeof(T) == 8 ? 1e-12 : 1e-5;
  CHECK(distance(session.forward(weights, x), file.values<double>(name + "y")) < tolerance);
  const auto dy = file.values<T>(name + "dy");
  auto seed = session.seed_gradient();
  for (Index i = 0; i < seed.size(); ++i) seed.data()[i] = dy[static_cast<std::size_t>(i)];
  session.backward(gradients);
  CHECK(distance(session.template input_gradient_of<0>(), file.values<double>(name + "dx")) < tolerance);
  const auto dw = file.values<double>(name + "dw"), db = file.values<double>(name + "db");
  for (Index i = 0; i < 48; ++i)
    CHECK(double(gradients.at(parameters[0])[i]) == doctest::Approx(dw[in_file(i)]).epsilon(tolerance));
  for (std::size_t o = 0; o < 3; ++o) {  // one bias for all places
    double sum = 0;
    for (Index place = 0; place < 4; ++place) sum += double(gradients.at(parameters[1])[place * 3 + Index(o)]);
    CHECK(sum == doctest::Approx(db[o]).epsilon(tolerance));
  }
}

}  // namespace

TEST_CASE_TEMPLATE("a token becomes a square, row by row", Policy, Reference<double>, Cpu<double>) {
  const Weights<Spread, Policy> weights;
  const auto x = random_tensor<double, Shape<dyn, 6, 8>>(2, 1);
  const auto y = evaluate(weights, x);
  static_assert(std::is_same_v<typename decltype(y)::Shape, Shape<dyn, 24, 2>>);
  for (Index b = 0; b < 2; ++b)
    for (Index i = 0; i < 4; ++i)
      for (Index j = 0; j < 6; ++j)
        for (Index o = 0; o < 2; ++o) CHECK(y(b, i * 6 + j, o) == x(b, i / 2 * 3 + j / 2, (i % 2 * 2 + j % 2) * 2 + o));
  check_backward(weights, x);
}

TEST_CASE_TEMPLATE("a square becomes a token: the other way round", Policy, Reference<double>, Cpu<double>) {
  const Weights<Merge, Policy> weights;
  const auto x = random_tensor<double, Shape<dyn, 24, 2>>(2, 1);
  const auto y = evaluate(weights, x);
  static_assert(std::is_same_v<typename decltype(y)::Shape, Shape<dyn, 6, 8>>);
  for (Index b = 0; b < 2; ++b)
    for (Index i = 0; i < 4; ++i)
      for (Index j = 0; j < 6; ++j)
        for (Index o = 0; o < 2; ++o) CHECK(x(b, i * 6 + j, o) == y(b, i / 2 * 3 + j / 2, (i % 2 * 2 + j % 2) * 2 + o));
  check_backward(weights, x);

  const auto z = random_tensor<double, Shape<dyn, 6, 18>>(2, 1);
  const auto same = evaluate(Weights<ThereAndBack, Policy>(), z);
  for (Index i = 0; i < z.size(); ++i) CHECK(same.data()[i] == z.data()[i]);
}

TEST_CASE_TEMPLATE("the transposed convolution is PyTorch's, forward and backward, in its files' order", Policy,
                   Reference<double>, Cpu<double>, Cpu<float>) {
  check<Policy, 1, 1>(1);
  check<Policy, 1, 7>(3);
  check<Policy, 5, 3>(3);
}
